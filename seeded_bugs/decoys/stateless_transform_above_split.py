"""All rows go through ``fit_transform`` before the split, of a transformer that learns nothing."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import DecoyEntry, Edit, Example, Proof, Refusal, SeededDecoy, Site
from seeded_bugs.syntax.featuring import find_featuring
from seeded_bugs.syntax.imported import require
from seeded_bugs.syntax.imports import import_name
from seeded_bugs.syntax.served import find_served
from seeded_bugs.syntax.shapes import find_columns, find_split
from seeded_bugs.syntax.tree import statements, string, tree_of

ENTRY = DecoyEntry(
    id="MLD101",
    name="stateless_transform_above_split",
    looks_like="leakage",
    title="A stateless transform of all rows before the split",
    sound_because=(
        "FunctionTransformer has no state: its fit learns nothing, and arcsinh of a cell depends "
        "on that cell alone. No held-out row can influence a training row. The line stands in the "
        "feature function, so training and serving both run it."
    ),
    said_badly=(
        "Data leakage: fit_transform is called on all rows before the train/test split.",
        "The transformer is fitted on the full data set, so the held-out rows influence the "
        "training features. Fit it on the training rows only.",
        "The transform must go into the pipeline so that it is refitted in every fold.",
        "The feature function fits the transformer again on the rows to be predicted.",
        "Preprocessing before the split leaks test statistics into training.",
    ),
    excludes=(
        "target_encoded_on_all_rows",
        "scaler_fitted_before_split",
        "imputer_fitted_before_split",
        "encoder_fitted_before_split",
        "features_selected_before_split",
        "refitted_in_serving",
        "feature_differs_in_serving",
    ),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: the end of the feature function, where no way reads the raw numbers after it."""
    tree = tree_of(module)
    featuring, numeric = find_featuring(tree), find_columns(tree, "NUM")
    split, served = find_split(tree), find_served(tree)
    if not (featuring and numeric and split and served):
        return
    read = {
        string(node)
        for scope in (split.scope, served.scope)
        for node in tree.all(cst.SimpleString, scope)
    }
    if read & set(numeric.values) or tree.calls("FunctionTransformer"):
        return
    numbers = f"{featuring.frame}[{numeric.name}]"
    added = statements(
        f"squash = FunctionTransformer(np.arcsinh)\n{numbers} = squash.fit_transform({numbers})\n"
    )
    yield Site(
        (
            Edit(featuring.last, [*added, featuring.last]),
            *import_name(tree, "sklearn.preprocessing", "FunctionTransformer"),
            *require(tree, "import numpy as np"),
        )
    )


CLEAN = """
import numpy as np
from sklearn.preprocessing import StandardScaler
NUM_COLUMNS = ["tenure", "charge"]

def add_features(frame):
    frame["log_tenure"] = np.log1p(frame["tenure"])
    return frame

def train(path):
    X = add_features(pd.read_csv(path))
    train_rows, test_rows = train_test_split(X, random_state=7)

def predict(path):
    rows = add_features(pd.read_csv(path))
"""
SEEDED = """
import numpy as np
from sklearn.preprocessing import FunctionTransformer, StandardScaler
NUM_COLUMNS = ["tenure", "charge"]

def add_features(frame):
    frame["log_tenure"] = np.log1p(frame["tenure"])
    squash = FunctionTransformer(np.arcsinh)
    frame[NUM_COLUMNS] = squash.fit_transform(frame[NUM_COLUMNS])
    return frame

def train(path):
    X = add_features(pd.read_csv(path))
    train_rows, test_rows = train_test_split(X, random_state=7)

def predict(path):
    rows = add_features(pd.read_csv(path))
"""

DECOY = SeededDecoy(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the numbers are transformed already"),
        Refusal(
            CLEAN.replace("random_state=7)", 'random_state=7)\n    print(X["charge"].max())'),
            "a raw number is read after the feature function",
        ),
    ),
    find=find,
    refutes=Proof(
        "held-out influence",
        "Changing the features of held-out rows changes nothing in the training rows.",
        shows=("features:features", "fit:features"),
    ),
)
