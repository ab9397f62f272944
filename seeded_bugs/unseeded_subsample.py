"""The training rows are thinned out at random, without a seed."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.shapes import find_split
from seeded_bugs.syntax.tree import call_name, statements, tree_of

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
    """One site: below a random split into rows and labels, where order means nothing."""
    tree = tree_of(module)
    split = find_split(tree)
    if split is None or call_name(split.call) != "train_test_split" or len(split.targets) != 4:
        return
    rows, _, labels, _ = split.targets
    thinned = statements(
        f"{rows} = {rows}.sample(frac=0.8)\n{labels} = {labels}.loc[{rows}.index]\n"
    )
    following = tree.after(split.line)
    if not any(_thins(tree.names(line)) for line in following):
        yield Site((Edit(split.line, [split.line, *thinned]),))


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

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
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
    ),
)
