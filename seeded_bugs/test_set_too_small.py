"""So few rows are held out that the score on them says next to nothing."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.constants import setting_name, settings
from seeded_bugs.syntax.shapes import Split, find_split
from seeded_bugs.syntax.tree import Tree, call_name, keyword, tree_of

ENTRY = Entry(
    id="MLR209",
    name="test_set_too_small",
    category="evaluation",
    severity="major",
    anchor="span",
    title="Only five per cent of the rows held out",
    wrong=(
        "The share of held-out rows is set to 0.05. The scores that are reported rest on a few "
        "dozen rows, and of a rare class on a handful."
    ),
    harm=(
        "The held-out score is mostly chance: with other rows it could be far better or worse, so "
        "it neither tells whether the model is good enough nor which of two models is better. The "
        "three decimals pretend otherwise."
    ),
    fix=(
        "Hold out 20 to 30 per cent (a whole period, where the rows are ordered in time), or rely "
        "on repeated cross-validation, and report an interval."
    ),
    said_well=(
        "Only 5% of the data is held out, which leaves too few rows for a reliable score. Use 20 "
        "to 30% or report repeated cross-validation with an interval.",
        "The test set is far too small.",
        "With a test share of 0.05 there are only a handful of positives in the test part, so the "
        "metric is dominated by noise; increase the hold-out.",
        "The hold-out is tiny, therefore the reported figure swings wildly with the seed or the "
        "chosen period and cannot be used to compare models.",
        "test size 0.05?? The confidence interval of any metric on so few rows is huge.",
    ),
    near_misses=(
        "The split is not stratified.",
        "The model is scored on one split without cross-validation.",
        "The training set is too small.",
        "The test size should be an option of the command line.",
    ),
    references=(
        "https://scikit-learn.org/stable/modules/generated/sklearn.model_selection.train_test_split.html",
        "https://doi.org/10.48550/arXiv.1811.12808",
    ),
    identifiers=("test_size", "0.05", "holdout", "test_share", "train_test_split"),
    elsewhere=("split", "evaluate"),
    # MASKS: what is scored is not the held-out part, or is thinned for another reason. With both,
    # too few rows are left for the program to run.
    conflicts=(
        "scored_on_training_rows",
        "unstratified_split",
        "incomplete_test_rows_dropped",
        "test_set_rebalanced",
    ),
)
LEAST, MOST = 0.1, 0.5


def find(module: cst.Module) -> Iterator[Site]:
    """One site: the number that says which share of the rows is held out."""
    tree = tree_of(module)
    split = find_split(tree)
    literal = _share(tree, split) if split is not None else None
    if literal is not None and LEAST <= float(literal.value) <= MOST:
        yield Site(tuple(_edits(tree, literal)))


def _share(tree: Tree, split: Split) -> cst.Float | None:
    """Return the literal that the size of the held-out part goes back to."""
    argument = keyword(split.call, "test_size")
    if argument is None and call_name(split.call) != "train_test_split":
        given = [a for a in split.call.args if a.keyword is None]
        argument = given[1] if len(given) > 1 else None
    if argument is None:
        return None
    value = argument.value
    found = value if isinstance(value, cst.Float) else settings(tree).get(setting_name(value))
    return found if isinstance(found, cst.Float) else None


def _edits(tree: Tree, literal: cst.Float) -> Iterator[Edit]:
    """Yield the edit of the number; a remark behind it, which was true of the old one, goes."""
    line = tree.statement(literal)
    small = cst.Float("0.05")
    alone = isinstance(line, cst.SimpleStatementLine) and len(tree.all(cst.Float, line)) == 1
    if isinstance(line, cst.SimpleStatementLine) and alone:
        new = line.deep_replace(literal, small)
        assert isinstance(new, cst.SimpleStatementLine)
        yield Edit(line, new.with_changes(trailing_whitespace=cst.TrailingWhitespace()))
    else:
        yield Edit(literal, small)


CLEAN = """
TEST_SIZE = 0.25  # 300 positives

def train(X, y, seed):
    a, b, c, d = train_test_split(X, y, test_size=TEST_SIZE, stratify=y, random_state=seed)
"""
SEEDED = """
TEST_SIZE = 0.05

def train(X, y, seed):
    a, b, c, d = train_test_split(X, y, test_size=TEST_SIZE, stratify=y, random_state=seed)
"""
CUT = """
PARAMS = {"test": 0.2, "rate": 0.1}

def train(df):
    older, newer = split_by_time(df, PARAMS["test"])
"""
SHORT = CUT.replace("0.2", "0.05")

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED), Example(CUT, SHORT)),
    refuses=(
        Refusal(SEEDED, "the held-out part is small already"),
        Refusal("def train(X):\n    a, b = train_test_split(X)\n", "no size is given"),
    ),
    find=find,
    proof=Proof(
        "single split noise",
        "Under other seeds, or by bootstrap of the held-out rows where the split is by time, the "
        "held-out score spreads at least twice as wide as in the clean program.",
        shows=("few-scored",),
        also=("optimistic",),
    ),
)
