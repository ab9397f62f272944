"""Categories are numbered for a model of trees, which can part the numbers wherever it likes."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import DecoyEntry, Example, Proof, Refusal, SeededDecoy, Site
from seeded_bugs.syntax.encoding import coded
from seeded_bugs.syntax.sensitive import grows_trees
from seeded_bugs.syntax.tree import tree_of

ENTRY = DecoyEntry(
    id="MLD901",
    name="codes_for_trees",
    looks_like="data-handling",
    title="Ordinal codes for categories in a tree model",
    sound_because=(
        "Trees compare a code with a limit and never add codes up. With a few splits any group of "
        "categories can be set apart, so no order has to be true; a category that is unknown gets "
        "a code of its own."
    ),
    said_badly=(
        "OrdinalEncoder implies an order between the categories, use one-hot encoding.",
        "Nominal columns must be one-hot encoded before they go into the model.",
        "The integer codes introduce artificial distances that mislead the model.",
        "An unknown category crashes because there is no one-hot encoder that ignores it.",
    ),
    excludes=("nominal_codes_as_numbers", "encoder_fitted_before_split"),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: the encoder of a program whose models are all made of trees."""
    tree = tree_of(module)
    edits = coded(tree) if grows_trees(tree) else None
    if edits is not None:
        yield Site(edits)


CLEAN = """
from sklearn.ensemble import RandomForestClassifier
from sklearn.preprocessing import OneHotEncoder, StandardScaler

def build():
    encode = OneHotEncoder(handle_unknown="ignore")
    return make_pipeline(encode, RandomForestClassifier())
"""
SEEDED = """
from sklearn.ensemble import RandomForestClassifier
from sklearn.preprocessing import OrdinalEncoder, StandardScaler

def build():
    encode = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    return make_pipeline(encode, RandomForestClassifier())
"""
LINEAR = CLEAN.replace("ensemble", "linear_model").replace("RandomForestClassifier", "Ridge")

DECOY = SeededDecoy(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the categories are numbers already"),
        Refusal(LINEAR, "a linear model takes the codes for amounts"),
    ),
    find=find,
    refutes=Proof(
        "garbage in",
        "A category that training has not seen is served with exit code 0.",
        shows=("unseen-category",),
    ),
)
