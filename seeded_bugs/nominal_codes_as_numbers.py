"""Categories without an order go into a linear or distance model as the numbers 0, 1, 2."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.encoding import coded
from seeded_bugs.syntax.sensitive import reads_sizes
from seeded_bugs.syntax.tree import tree_of

ENTRY = Entry(
    id="MLR905",
    name="nominal_codes_as_numbers",
    category="data-handling",
    severity="major",
    anchor="span",
    title="Nominal categories used as numbers",
    wrong=(
        "The categories are encoded by OrdinalEncoder: each becomes the number of its place in the "
        "alphabet, and the model, which adds up or compares numbers, takes them for amounts."
    ),
    harm=(
        "The model reads an order and distances that do not exist (card < cash < invoice, and "
        "invoice twice as far from card as cash). It cannot give each category its own effect, and "
        "renaming a category changes the predictions."
    ),
    fix='Use OneHotEncoder(handle_unknown="ignore") for categories without an order.',
    said_well=(
        "OrdinalEncoder on nominal categories feeds an arbitrary order to the model; one-hot "
        "encode them instead.",
        "Category codes are treated as numeric values.",
        "Alphabetical integer codes imply distances between categories, which a linear or "
        "nearest-neighbour model takes seriously, so its fit is distorted. Use OneHotEncoder.",
        "These columns have no order. Label-encoding them as 0..k only works for trees, not for "
        "this model.",
        "Renaming a category would change the predictions because the codes follow the alphabet; "
        "use dummy variables.",
    ),
    near_misses=(
        "The encoder is fitted before the split.",
        "Unknown categories are not handled.",
        "There are too many categories for one-hot encoding.",
        "The numeric columns are not scaled.",
    ),
    references=(
        "https://scikit-learn.org/stable/modules/preprocessing.html#encoding-categorical-features",
    ),
    identifiers=("OrdinalEncoder", "OneHotEncoder", "unknown_value"),
    elsewhere=("pipeline",),
    # SAME LINE: these take the encoder out of the pipeline.
    conflicts=("encoder_fitted_before_split", "target_encoded_on_all_rows"),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: the encoder of a program whose model reads the size of numbers."""
    tree = tree_of(module)
    edits = coded(tree) if reads_sizes(tree) else None
    if edits is not None:
        yield Site(edits)


CLEAN = """
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import OneHotEncoder, StandardScaler

def build():
    encode = OneHotEncoder(handle_unknown="ignore")
    return make_pipeline(encode, LogisticRegression())
"""
SEEDED = """
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import OrdinalEncoder, StandardScaler

def build():
    encode = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    return make_pipeline(encode, LogisticRegression())
"""
TREES = CLEAN.replace("linear_model", "tree").replace("LogisticRegression", "DecisionTreeRegressor")

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the categories are numbers already"),
        Refusal(TREES, "a tree can part the codes as it likes"),
    ),
    find=find,
    proof=Proof(
        "value unchanged",
        "Renaming the categories one for one, in another order of the alphabet, changes the "
        "held-out predictions; in the clean program it does not.",
        shows=("names-matter",),
        also=("unseen-category",),
    ),
)
