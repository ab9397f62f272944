# %% [markdown]
# # Reading the digits of meter cards
# One row is one box of a card: 8 x 8 pixels and a few facts of the scan. Exported for the nightly
# job, which calls `program.py train|predict --data F --out D [--seed 7]`.

# %%
import argparse
import hashlib
import json
import logging
import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import sklearn
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.dummy import DummyClassifier
from sklearn.impute import SimpleImputer
from sklearn.metrics import accuracy_score, f1_score, recall_score
from sklearn.model_selection import (
    GroupShuffleSplit,
    StratifiedGroupKFold,
    cross_val_predict,
    cross_val_score,
)
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

# %%
logger = logging.getLogger("digits")
SCAN, WRITER, TARGET = "scan_id", "writer", "digit"
PIXELS = [f"p{place:02d}" for place in range(64)]
NUM_COLUMNS = ["ink_level", "slant_deg", "dpi"]
SHAPE_COLUMNS = ["ink_log", "ink_sum", "upper_share", "left_share"]
CAT_COLUMNS = ["scanner", "pen"]
LATER_COLUMNS = ["operator_corrections"]
COLUMNS = PIXELS + NUM_COLUMNS + SHAPE_COLUMNS + CAT_COLUMNS
RANGES = {"ink_level": (0, 100), "slant_deg": (-90, 90), "dpi": (50, 2400)}
FULL_INK = 16
DIGITS = range(10)

# components, neighbours, weights, facts: 5-fold accuracy by writer on the cards of last autumn,
# which are not in this file
HELD_SHARE = 0.25
FOLDS = 3
COMPONENTS = 24
NEIGHBOURS = 7
WEIGHTS = "distance"
FACTS = 0.75  # how much the facts of the scan count beside the pixels
MAX_ERROR = 0.02  # of the boxes that no operator looks at; agreed with billing
LEVELS = np.linspace(0.98, 0.20, 40).round(2)
MODEL = "digits.joblib"

# %% [markdown]
# ### The scans


# %%
class ScanError(Exception):
    """A file of scans that cannot be used; says why."""


def read_scans(path):
    """The table as delivered."""
    try:
        return pd.read_csv(path, dtype=dict.fromkeys([SCAN, WRITER, *CAT_COLUMNS], "str"))
    except OSError as error:
        raise ScanError(f"cannot open {path}: {error.strerror}") from error
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as error:
        raise ScanError(f"{path} is not a CSV table: {error}") from error


def check_scans(scans, training):
    """Name every fault of the table in one error."""
    needed = [SCAN, *PIXELS, *NUM_COLUMNS, *CAT_COLUMNS] + [WRITER, TARGET] * training
    absent = [name for name in needed if name not in scans.columns]
    if absent or scans.empty:
        raise ScanError(f"{len(scans)} rows; missing columns: {absent}")
    faults = []
    for name in PIXELS + NUM_COLUMNS:
        low, high = RANGES.get(name, (0, FULL_INK))
        if not pd.api.types.is_numeric_dtype(scans[name]):
            faults.append(f"{name} holds text")
        elif not (scans[name].isna() | scans[name].between(low, high)).all():
            faults.append(f"{name} outside {low} to {high}")
    if scans[PIXELS].isna().any(axis=None):
        faults.append("boxes with missing pixels")
    if scans[SCAN].isna().any() or (scans[SCAN].duplicated() & ~scans.duplicated()).any():
        faults.append(f"{SCAN} missing or on several different rows")
    if training:
        if scans[WRITER].isna().any() or scans[WRITER].nunique() < 2 * FOLDS:
            faults.append(f"{WRITER} missing, or fewer than {2 * FOLDS} of them")
        if not scans[TARGET].isin(DIGITS).all() or scans[TARGET].nunique() < len(DIGITS):
            faults.append(f"{TARGET} must be 0 to 9, and all of them there")
    if faults:
        raise ScanError("; ".join(faults))


# %% [markdown]
# ### What the reader sees
# The facts of the scan are put beside the pixels, with where the ink lies in the box.


# %%
def make_features(scans):
    """Clean the words, measure the ink; a box is described by its own row."""
    boxes = scans.drop(columns=LATER_COLUMNS, errors="ignore")
    for name in CAT_COLUMNS:
        boxes[name] = boxes[name].str.strip().str.lower().replace("", np.nan)
    boxes["ink_log"] = np.log1p(boxes["ink_level"])
    boxes["ink_sum"] = boxes[PIXELS].sum(axis=1)
    boxes["upper"] = boxes[PIXELS[:32]].sum(axis=1)
    boxes["left"] = boxes[[name for place, name in enumerate(PIXELS) if place % 8 < 4]].sum(axis=1)
    boxes["upper_share"] = boxes["upper"] / boxes["ink_sum"]
    boxes["left_share"] = boxes["left"] / boxes["ink_sum"]
    return boxes


# %%
def build_reader():
    """Components of the pixels beside the facts and words, then the nearest known boxes."""
    facts = Pipeline([("fill", SimpleImputer(strategy="median")), ("scale", StandardScaler())])
    pixels = PCA(COMPONENTS, whiten=True)
    unknown = SimpleImputer(strategy="constant", fill_value="unknown")
    words = Pipeline([("fill", unknown), ("encode", OneHotEncoder(handle_unknown="ignore"))])
    numbers = NUM_COLUMNS + SHAPE_COLUMNS
    beside = ColumnTransformer(
        [("facts", facts, numbers), ("pixels", pixels, PIXELS), ("words", words, CAT_COLUMNS)],
        transformer_weights={"facts": FACTS},
    )
    nearest = KNeighborsClassifier(n_neighbors=NEIGHBOURS, weights=WEIGHTS)
    return Pipeline([("beside", beside), ("nearest", nearest)])


def split_writers(boxes, share, seed):
    """Rows of some writers, rows of the others."""
    lots = GroupShuffleSplit(n_splits=1, test_size=share, random_state=seed)
    some, others = next(lots.split(boxes, groups=boxes[WRITER]))
    return boxes.iloc[some], boxes.iloc[others]


def lowest_level(truth, chances, digits):
    """The lowest confidence down to which at most MAX_ERROR of the readings are wrong."""
    wrong, sure = digits[chances.argmax(axis=1)] != truth.to_numpy(), chances.max(axis=1)
    lowest = 1.0
    for level in LEVELS:
        if wrong[sure >= level].sum() > MAX_ERROR * (sure >= level).sum():
            break
        lowest = float(level)
    return lowest


# %% [markdown]
# ### Command line

# %%
parser = argparse.ArgumentParser(description="Read the digits of meter cards.")
parser.add_argument("command", choices=["train", "predict"])
parser.add_argument("--data", required=True, help="CSV of scanned boxes")
parser.add_argument("--out", required=True, help="folder for model and readings")
parser.add_argument("--seed", type=int, default=7, help="for everything that is drawn")
args = parser.parse_args()
logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
out = Path(args.out)

# %%
try:
    scans = read_scans(Path(args.data))
    check_scans(scans, args.command == "train")
except ScanError as error:
    logger.error("%s", error)
    sys.exit(2)
logger.info("%d boxes in %s", len(scans), args.data)

# %% [markdown]
# How the boxes look on average, to see at a glance if a scanner went wrong.

# %%
mean_box = scans[PIXELS].mean().to_numpy().reshape(8, 8)
for row in mean_box:
    logger.info("%s", " ".join(f"{ink:4.1f}" for ink in row))
logger.info("facts missing: %s", scans[NUM_COLUMNS].isna().sum().to_dict())

# %% [markdown]
# ### Training

# %%
if args.command == "train":
    rows = len(scans)
    scans = scans.drop_duplicates()
    logger.info("%d repeated rows left out", rows - len(scans))
    boxes = make_features(scans)
    learn, held = split_writers(boxes, HELD_SHARE, args.seed)
    X_learn, y_learn = learn[COLUMNS], learn[TARGET]
    X_held, y_held = held[COLUMNS], held[TARGET]
    logger.info("%d boxes to learn from, %d held out", len(learn), len(held))
    reader = build_reader()
    folds = StratifiedGroupKFold(n_splits=FOLDS, shuffle=True, random_state=args.seed)
    groups = learn[WRITER]
    cv = cross_val_score(reader, X_learn, y_learn, groups=groups, cv=folds, scoring="accuracy")
    logger.info("accuracy in %d folds: %.3f +- %.3f", len(cv), cv.mean(), cv.std())
    chances = cross_val_predict(
        reader, X_learn, y_learn, groups=groups, cv=folds, method="predict_proba"
    )
    threshold = lowest_level(y_learn, chances, np.unique(y_learn))
    logger.info("confidence below %.2f goes to an operator", threshold)
    reader.fit(X_learn, y_learn)
    answers = reader.predict_proba(X_held)
    reading, sure = reader.classes_[answers.argmax(axis=1)], answers.max(axis=1)
    accepted = sure >= threshold
    blind = DummyClassifier(strategy="stratified", random_state=args.seed)
    guess = blind.fit(X_learn, y_learn).predict(X_held)
    scores = {
        "accuracy": accuracy_score(y_held, reading),
        "macro_f1": f1_score(y_held, reading, average="macro"),
        "lowest_recall": recall_score(y_held, reading, average=None).min(),
        "accepted_share": accepted.mean(),
        "accuracy_with_operator": accuracy_score(y_held, np.where(accepted, reading, y_held)),
        "baseline_accuracy": accuracy_score(y_held, guess),
        "cv_accuracy_mean": cv.mean(),
        "cv_accuracy_std": cv.std(),
    }
    metrics = {name: round(float(score), 4) for name, score in scores.items()}
    logger.info("held-out boxes: %s", metrics)
    counts = {"rows": rows, "rows_learn": len(learn), "rows_held": len(held)}
    bundle = {
        "reader": reader,
        "columns": COLUMNS,
        "threshold": threshold,
        "settings": reader.named_steps["nearest"].get_params() | {"components": COMPONENTS},
        "seed": args.seed,
        "metrics": metrics,
        "counts": counts,
        "data_sha256": hashlib.sha256(Path(args.data).read_bytes()).hexdigest(),
        "versions": {"python": sys.version, "sklearn": sklearn.__version__},
    }
    out.mkdir(parents=True, exist_ok=True)
    joblib.dump(bundle, out / MODEL)
    logger.info("reader of %d boxes stored in %s", counts["rows_learn"], out / MODEL)
    print(json.dumps({**counts, "threshold": threshold, **metrics}))

# %% [markdown]
# ### Reading new cards

# %%
if args.command == "predict":
    if not (out / MODEL).is_file():
        logger.error("no model %s, train one first", out / MODEL)
        sys.exit(2)
    bundle = joblib.load(out / MODEL)
    if bundle["versions"]["sklearn"] != sklearn.__version__:
        logger.warning("the model comes from scikit-learn %s", bundle["versions"]["sklearn"])
    boxes = make_features(scans)
    chances = bundle["reader"].predict_proba(boxes[bundle["columns"]])
    sure = chances.max(axis=1)
    table = pd.DataFrame({SCAN: boxes[SCAN], "confidence": sure.round(4)})
    reading = bundle["reader"].classes_[chances.argmax(axis=1)]
    accepted = sure >= bundle["threshold"]
    table = table.assign(digit=reading, operator=~accepted)
    table.to_csv(out / "predictions.csv", index=False)
    logger.info("%d boxes read, %d for an operator", len(table), (~accepted).sum())
    print(json.dumps({"rows": len(table), "path": str(out / "predictions.csv")}))
