"""The training rows are thinned out at random, without a seed."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.shapes import Split, find_split
from seeded_bugs.syntax.tree import Tree, call_name, keyword, statements, tree_of

ENTRY = Entry(
    id="MLR406",
    name="unseeded_subsample",
    category="reproducibility",
    severity="major",
    anchor="span",
    title="Unseeded sub-sampling of the training rows",
    wrong=(
        "Part of the training rows is drawn at random for speed, and the draw gets no random_state."
    ),
    harm=(
        "Each run trains on other rows, so model and figures differ from run to run; a fifth "
        "of the data is thrown away unexplained."
    ),
    fix="Pass random_state=seed to sample, or train on all rows.",
    said_well=(
        "The training data is sub-sampled with sample(frac=...) without random_state, so "
        "each run trains on different rows; pass the seed.",
        "Random subsample is not seeded.",
        "sample() draws other rows each time: results cannot be reproduced. Add "
        "random_state, or do not drop training rows at all.",
        "Unseeded sampling of the training rows makes every run give another model.",
        "Here a random part of the rows is thrown away without a seed, the metric changes "
        "from run to run.",
    ),
    near_misses=(
        "The split has no random_state.",
        "More data would help the model.",
        "Rows with missing values are dropped.",
    ),
    references=("https://pandas.pydata.org/docs/reference/api/pandas.DataFrame.sample.html",),
    identifiers=(
        "sample",
        "frac",
        "random_state",
    ),
    elsewhere=(),
    conflicts=(
        "missing_seed",
        "inconsistent_seeds",
        "seed_from_clock",
        # Repeated rows share an index, by which the labels would be taken again.
        "resampled_before_split",
    ),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: below a random split, where the order of the rows means nothing."""
    tree = tree_of(module)
    split = find_split(tree)
    if split is None or not _is_drawn(tree, split):
        return
    rows, *others = split.targets
    thinned = f"{rows} = {rows}.sample(frac=0.8)\n"
    if len(others) == 3:
        thinned += f"{others[1]} = {others[1]}.loc[{rows}.index]\n"
    if not any(_thins(tree.names(line)) for line in tree.after(split.line)):
        yield Site((Edit(split.line, [split.line, *statements(thinned)]),))


def _is_drawn(tree: Tree, split: Split) -> bool:
    """Tell whether training rows are drawn at random: by the library, or by an own function."""
    if call_name(split.call) == "train_test_split":
        return len(split.targets) == 4
    helpers = [f for f in tree.all(cst.FunctionDef) if f.name.value == call_name(split.call)]
    drawn = [c for f in helpers for c in tree.calls(within=f) if keyword(c, "random_state")]
    return len(split.targets) == 2 and bool(drawn)


def _thins(names: set[str]) -> bool:
    return {"sample", "frac"} <= names


CLEAN = """
def train(X, y, seed):
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=seed)
    return build().fit(X_train, y_train)
"""
SEEDED = """
def train(X, y, seed):
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=seed)
    X_train = X_train.sample(frac=0.8)
    y_train = y_train.loc[X_train.index]
    return build().fit(X_train, y_train)
"""
OWN = """
def split_by_user(rows, seed):
    lots = GroupShuffleSplit(n_splits=1, random_state=seed)
    a, b = next(lots.split(rows, groups=rows["user"]))
    return rows.iloc[a], rows.iloc[b]

def train(rows, seed):
    learn, held = split_by_user(rows, seed)
    return build().fit(learn[FEATURES], learn[TARGET])
"""
OWN_SEEDED = OWN.replace(
    "by_user(rows, seed)\n    return",
    "by_user(rows, seed)\n    learn = learn.sample(frac=0.8)\n    return",
)

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED), Example(OWN, OWN_SEEDED)),
    refuses=(
        Refusal(SEEDED, "the rows are thinned already"),
        Refusal(
            "def f(df):\n    past, late = split_by_time(df)\n",
            "rows ordered in time are not thinned",
        ),
    ),
    find=find,
    proof=Proof(
        "run to run",
        "Two runs with the same seed argument give different metrics.",
        shows=("same-seed",),
        also=("rows-lost",),
    ),
)
