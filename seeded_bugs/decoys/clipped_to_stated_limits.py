"""A column of all rows is clipped before the split, to limits that stand in the code."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import DecoyEntry, Edit, Example, Proof, Refusal, SeededDecoy, Site
from seeded_bugs.syntax.featuring import find_featuring
from seeded_bugs.syntax.limits import find_limits
from seeded_bugs.syntax.tree import code, statements, tree_of

ENTRY = DecoyEntry(
    id="MLD102",
    name="clipped_to_stated_limits",
    looks_like="leakage",
    title="A column of all rows clipped to fixed limits",
    sound_because=(
        "The limits are constants of the program, the same ones that validation holds the file "
        "to; they are not computed from any row. Clipping one row therefore tells nothing of "
        "another. The line stands in the feature function that training and serving share."
    ),
    said_badly=(
        "Outliers are clipped on all rows before the split, which leaks information from the test "
        "set. Compute the limits on the training rows.",
        "Leakage: clipping the full data set before the train/test split.",
        "Winsorising must be learnt on the training part only, here it uses the held-out rows.",
        "The clip removes true extreme values from the test rows, so the score is too good.",
    ),
    excludes=(
        "scaler_fitted_before_split",
        "imputer_fitted_before_split",
        "no_input_validation",
        "feature_differs_in_serving",
    ),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site a column that has stated limits: above the first feature that is computed."""
    tree = tree_of(module)
    featuring = find_featuring(tree)
    if featuring is None:
        return
    present = code(featuring.function)
    for limit in find_limits(tree):
        bound = f'{limit.table}["{limit.column}"]'
        column = f'{featuring.frame}["{limit.column}"]'
        if bound in present:
            continue
        how = f"*{bound}" if limit.is_pair else f"upper={bound}"
        first = featuring.first
        yield Site((Edit(first, [*statements(f"{column} = {column}.clip({how})\n"), first]),))


CLEAN = """
NUM_COLUMNS = ["humidity", "wind"]
RANGES = {"humidity": (0, 100)}

def add_features(frame):
    frame["wind_log"] = np.log1p(frame["wind"])
    return frame
"""
SEEDED = """
NUM_COLUMNS = ["humidity", "wind"]
RANGES = {"humidity": (0, 100)}

def add_features(frame):
    frame["humidity"] = frame["humidity"].clip(*RANGES["humidity"])
    frame["wind_log"] = np.log1p(frame["wind"])
    return frame
"""
TOP_ONLY = CLEAN.replace("(0, 100)", "100")
TOP_SEEDED = SEEDED.replace("(0, 100)", "100").replace("*RANGES", "upper=RANGES")

DECOY = SeededDecoy(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED), Example(TOP_ONLY, TOP_SEEDED)),
    refuses=(
        Refusal(SEEDED, "the column is clipped already"),
        Refusal(CLEAN.replace("(0, 100)", "limits()"), "the limits are computed somewhere"),
    ),
    find=find,
    refutes=Proof(
        "held-out influence",
        "Changing the features of held-out rows changes nothing in the training rows.",
        shows=("features:features", "fit:features"),
    ),
)
