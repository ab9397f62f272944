"""Every training row with a gap is dropped, and nobody counts how many."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.features import is_plain
from seeded_bugs.syntax.predicting import line_of, stacked
from seeded_bugs.syntax.shapes import Split, feature_lines, find_split
from seeded_bugs.syntax.tree import Tree, assignment, call_name, target_names, tree_of

ENTRY = Entry(
    id="MLR702",
    name="silently_dropped_rows",
    category="validation",
    severity="major",
    anchor="span",
    title="Rows with missing values dropped without a count",
    wrong=(
        "dropna() throws away every training row that has any missing value. Neither the number "
        "of lost rows nor a limit is recorded."
    ),
    harm=(
        "A large and not random part of the data is lost unseen, so the model learns from, and is "
        "measured on, complete rows only. Incomplete rows still have to be scored in production."
    ),
    fix=(
        "Leave the gaps to the imputer in the pipeline, or drop only where a value is required, "
        "log how many rows went and stop above a limit."
    ),
    said_well=(
        "dropna() silently discards all rows with any NaN; log how many are lost or impute "
        "instead.",
        "Rows with missing values are dropped without a count, so a broken column could remove "
        "half the table and nobody would notice.",
        "The training set shrinks to complete cases only. That biases the model and the test "
        "score, because rows with gaps occur at prediction time too; keep them and impute.",
        "Silent row loss here. How many rows does this remove?",
        "Why dropna on the whole frame when the pipeline has an imputer? It throws data away; "
        "let the imputer handle the missing values.",
    ),
    near_misses=(
        "Missing values are filled with zero.",
        "Duplicate rows are not removed.",
        "The imputer is fitted on all rows.",
    ),
    references=(
        "https://scikit-learn.org/stable/modules/impute.html",
        "https://pandas.pydata.org/docs/reference/api/pandas.DataFrame.dropna.html",
    ),
    identifiers=("dropna",),
    elsewhere=("load", "split"),
    # MASKS: where no gap is left, nothing is seen of how gaps are filled.
    conflicts=("imputer_fitted_before_split", "missing_filled_with_zero"),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site in training: behind the features, or behind the load if labels are apart by then."""
    tree = tree_of(module)
    split = find_split(tree)
    if split is None or tree.calls("dropna", within=split.scope):
        return
    line = _last_whole(tree, split)
    assign = assignment(line) if line is not None else None
    if line is not None and assign is not None:
        (frame,) = target_names(assign)
        dropped = line_of(f"{frame} = {frame}.dropna()")
        yield Site((Edit(line, stacked([line, dropped], line)),))


def _last_whole(tree: Tree, split: Split) -> cst.SimpleStatementLine | None:
    """Return the last line of training that makes the table with its labels still inside."""
    if len(split.targets) == 2:
        lines = [s for s in feature_lines(tree) if is_plain(s, split.frame)]
    else:
        loaders = _loaders(tree)
        calls = tree.calls(*loaders, within=split.scope) if loaders else []
        lines = [
            line
            for line in (tree.statement(call) for call in calls)
            if isinstance(line, cst.SimpleStatementLine) and _is_call(line, loaders)
        ]
    return next((s for s in lines if tree.scope(s) is split.scope), None)


def _loaders(tree: Tree) -> set[str]:
    """Return the names under which training may read its table."""
    inside = [tree.function(call) for call in tree.calls("read_csv")]
    return {"read_csv", *(function.name.value for function in inside if function is not None)}


def _is_call(line: cst.SimpleStatementLine, names: set[str]) -> bool:
    assign = assignment(line)
    if assign is None or len(target_names(assign)) != 1 or not isinstance(assign.value, cst.Call):
        return False
    return call_name(assign.value) in names


CLEAN = """
def load(path):
    return pd.read_csv(path)

def train(path):
    frame = load(path)
    y = frame["left"]
    X = add_features(frame)
    a, b, c, d = train_test_split(X, y, random_state=7)
"""
SEEDED = """
def load(path):
    return pd.read_csv(path)

def train(path):
    frame = load(path)
    frame = frame.dropna()
    y = frame["left"]
    X = add_features(frame)
    a, b, c, d = train_test_split(X, y, random_state=7)
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the rows are dropped already"),
        Refusal("frame = pd.read_csv(path)\n", "nothing is trained here"),
    ),
    find=find,
    proof=Proof(
        "row count",
        "Fewer rows reach the split than in the clean program, and no number of lost rows is "
        "logged.",
        shows=("rows-lost",),
        also=(
            "optimistic",
            "unserved",
            "test-rows-lost",
            "skew:batch-gaps",
            "skew:features",
        ),
    ),
)
