"""The spelling of the categories is cleaned in training and no longer in serving."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.features import blank_cleaning, feature_function
from seeded_bugs.syntax.predicting import stacked_above
from seeded_bugs.syntax.served import find_served
from seeded_bugs.syntax.shapes import Split, find_split
from seeded_bugs.syntax.tree import Tree, keyword, tree_of

ENTRY = Entry(
    id="MLR806",
    name="cleaning_only_in_training",
    category="serving",
    severity="critical",
    anchor="span",
    title="Categories cleaned in training but not in serving",
    wrong=(
        "Blanks and upper case are taken out of the category columns in the training way only. The "
        "prediction way, which shares the function for the features, gets the raw spelling."
    ),
    harm=(
        "A value such as ' Card' that was learnt as 'card' is an unknown category when it is "
        "served: the encoder turns it into nothing and the score is computed as if the value were "
        "not there. The held-out score does not show it, as its rows were cleaned in training."
    ),
    fix="Clean the categories in the function that training and prediction share.",
    said_well=(
        "Category cleaning (strip/lower) happens only in train, so the prediction path sends raw "
        "spellings to the encoder. Move it into the shared feature function.",
        "Train/serve skew: categories are normalised in training only.",
        "At inference ' Card' is an unseen category because lower-casing and stripping are missing "
        "there; it is silently encoded as all zeros. Put the cleaning into the features.",
        "The offline score looks fine since the test rows were cleaned together with the training "
        "rows, but served rows are not, therefore their predictions are worse.",
        "Preprocessing differs between training and serving; the normalisation of the "
        "categorical columns must be applied in both.",
    ),
    near_misses=(
        "The encoder is fitted on all rows before the split.",
        "Unknown categories should raise an error.",
        "A derived feature is computed differently in serving.",
        "Categories should be cleaned with a mapping table.",
    ),
    references=(
        "https://developers.google.com/machine-learning/guides/rules-of-ml#training-serving_skew",
    ),
    identifiers=("strip", "lower", "replace", "str"),
    elsewhere=("serve",),
    # SAME LINE: these turn the categories into numbers above the split, and in which order the
    # lines stand would matter.
    conflicts=("encoder_fitted_before_split", "target_encoded_on_all_rows", "duplicated_code"),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: the loop over the categories moves from the feature function to the split."""
    tree = tree_of(module)
    split, served, function = find_split(tree), find_served(tree), feature_function(tree)
    loop, frame = _loop(tree, function) if function is not None else (None, "")
    if split is None or served is None or loop is None or not _knows_unknown(tree):
        return
    variable, moved = loop.target, loop.visit(_Renamed(frame, split.frame))
    if not isinstance(variable, cst.Name) or not _is_free(tree, split, variable.value):
        return
    assert isinstance(moved, cst.For)
    moved = moved.with_changes(leading_lines=[])
    cleaned = Edit(split.line, stacked_above(moved, split.line))
    yield Site((cleaned, Edit(loop, [], "trace")))


def _knows_unknown(tree: Tree) -> bool:
    """Tell whether every encoder takes spellings that it has not seen; else serving would fail."""
    encoders = tree.calls("OneHotEncoder", "OrdinalEncoder")
    return all(keyword(encoder, "handle_unknown") for encoder in encoders)


def _loop(tree: Tree, function: cst.FunctionDef) -> tuple[cst.For | None, str]:
    """Return the loop of the feature function that does nothing but clean, and its table."""
    for line, _, call in blank_cleaning(tree):
        loop = tree.nearest(line, cst.For)
        if loop is None or tree.parent(loop) is not function.body or len(loop.body.body) != 1:
            continue
        if {"strip", "lower"} <= tree.names(call):
            target = tree.all(cst.Subscript, line)[0].value
            return (loop, target.value) if isinstance(target, cst.Name) else (None, "")
    return None, ""


def _is_free(tree: Tree, split: Split, variable: str) -> bool:
    """Tell whether the training way uses the name of the loop's variable in comprehensions only."""
    uses = [name for name in tree.all(cst.Name, split.scope) if name.value == variable]
    return all(any(isinstance(above, cst.BaseComp) for above in tree.up(name)) for name in uses)


class _Renamed(cst.CSTTransformer):
    """Gives a table another name."""

    def __init__(self, old: str, new: str) -> None:
        super().__init__()
        self._old, self._new = old, new

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.Name:
        """Return the new name for the old one, and any other name as it is."""
        changed = original_node.value == self._old
        return updated_node.with_changes(value=self._new) if changed else updated_node


CLEAN = """
def add_features(frame):
    for name in CAT_COLUMNS:
        frame[name] = frame[name].str.strip().str.lower().replace("", np.nan)
    frame["log_age"] = np.log1p(frame["age"])
    return frame

def train(path):
    X = add_features(pd.read_csv(path))
    X_train, X_test = train_test_split(X, random_state=7)

def predict(path):
    rows = add_features(pd.read_csv(path))
    return joblib.load("model").predict(rows)
"""
SEEDED = """
def add_features(frame):
    frame["log_age"] = np.log1p(frame["age"])
    return frame

def train(path):
    X = add_features(pd.read_csv(path))
    for name in CAT_COLUMNS:
        X[name] = X[name].str.strip().str.lower().replace("", np.nan)
    X_train, X_test = train_test_split(X, random_state=7)

def predict(path):
    rows = add_features(pd.read_csv(path))
    return joblib.load("model").predict(rows)
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "serving goes without the cleaning already"),
        Refusal(
            CLEAN + "\nencoder = OrdinalEncoder(categories=GRADES)\n",
            "the raw spelling would make the encoder fail",
        ),
        Refusal(CLEAN.replace(".str.lower()", ""), "the spelling is not cleaned"),
    ),
    find=find,
    proof=Proof(
        "serve skew",
        "A file whose categories are written in capitals gets other scores than the same file in "
        "small letters; in the clean program the scores are equal.",
        shows=("skew:spelling",),
        also=(
            "optimistic",
            "skew:features",
            "names-matter",
            "unseen-category",
        ),
    ),
)
