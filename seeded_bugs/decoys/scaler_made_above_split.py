"""The scaler is made above the split and handed to the pipeline, which fits it."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import DecoyEntry, Edit, Example, Proof, Refusal, SeededDecoy, Site
from seeded_bugs.syntax.builder import hand_over
from seeded_bugs.syntax.shapes import find_split
from seeded_bugs.syntax.tree import call_name, code, statement, tree_of

ENTRY = DecoyEntry(
    id="MLD103",
    name="scaler_made_above_split",
    looks_like="leakage",
    title="Scaler made above the split, fitted below it",
    sound_because=(
        "The line above the split only makes an unfitted StandardScaler. It becomes a step of the "
        "pipeline, and the pipeline is fitted on the training rows alone; cross-validation clones "
        "it and fits the clone on the rows of each fold."
    ),
    said_badly=(
        "The scaler comes before the train/test split, so it sees the test rows: data leakage.",
        "StandardScaler is applied to the full data before splitting. Move it below the split.",
        "The same scaler object is used for all folds, so statistics leak between them.",
        "Scaling should be part of the pipeline and not be done before the split.",
        "Leakage: scaler created on all rows, mean and standard deviation include held-out data.",
    ),
    excludes=("scaler_fitted_before_split", "refitted_in_serving"),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: the pipeline's own scaler, where the pipeline is built below the split."""
    tree = tree_of(module)
    split = find_split(tree)
    for call in tree.calls("StandardScaler") if split else ():
        holder = tree.parent(call)
        step = isinstance(holder, cst.Element) and isinstance(tree.parent(holder), cst.Tuple)
        outer = tree.parent(holder) if isinstance(holder, cst.Arg) else None
        piped = isinstance(outer, cst.Call) and call_name(outer) == "make_pipeline"
        if split is None or not (step or piped):
            continue
        near = tree.scope(call) is split.scope
        if near and tree.statement(call) not in tree.after(split.line):
            continue
        plumbing = hand_over(tree, split, call, "scaler", "StandardScaler")
        if plumbing is None or "scaler" in tree.names(split.scope):
            continue
        above = statement(f"scaler = {code(call)}")
        edits = (Edit(split.line, [above, split.line]), Edit(call, cst.Name("scaler"), "support"))
        yield Site((*edits, *plumbing))
        return


CLEAN = """
def build(seed):
    numeric = Pipeline([("fill", SimpleImputer()), ("scale", StandardScaler())])
    return Pipeline([("numbers", numeric), ("model", Ridge(random_state=seed))])

def train(X, seed):
    train_rows, test_rows = train_test_split(X, random_state=seed)
    pipeline = build(seed)
"""
SEEDED = """
def build(seed, scaler):
    numeric = Pipeline([("fill", SimpleImputer()), ("scale", scaler)])
    return Pipeline([("numbers", numeric), ("model", Ridge(random_state=seed))])

def train(X, seed):
    scaler = StandardScaler()
    train_rows, test_rows = train_test_split(X, random_state=seed)
    pipeline = build(seed, scaler)
"""
FLAT = """
if command == "train":
    train_rows, test_rows = train_test_split(X, random_state=seed)
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
"""
FLAT_SEEDED = """
if command == "train":
    scaler = StandardScaler()
    train_rows, test_rows = train_test_split(X, random_state=seed)
    numbers = make_pipeline(SimpleImputer(), scaler)
"""

DECOY = SeededDecoy(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED), Example(FLAT, FLAT_SEEDED)),
    refuses=(
        Refusal(SEEDED, "the scaler is made above the split already"),
        Refusal("X = StandardScaler().fit_transform(X)\n", "the scaler is no step of a pipeline"),
    ),
    find=find,
    refutes=Proof(
        "held-out influence",
        "Changing the features of held-out rows changes nothing in the fitted scaler.",
        shows=("features:features", "fit:features"),
    ),
)
