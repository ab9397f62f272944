# %% [markdown]
# # Reading the digits of meter cards
# One row is one box of a card: 8 x 8 pixels and a few facts of the scan. Exported for the nightly
# job, which calls `program.py train|predict --data F --out D [--seed 7]`.

# %%
from sklearn.neighbors import KNeighborsClassifier
import time
import hashlib
from collections import defaultdict
from sklearn.model_selection import (
    StratifiedGroupKFold,
    cross_val_score,
    GroupShuffleSplit,
    cross_val_predict,
)
from sklearn.preprocessing import StandardScaler, OneHotEncoder
from sklearn.metrics import f1_score, accuracy_score, recall_score
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
import sys
import numpy as np
from pathlib import Path
from sklearn.decomposition import PCA
import pandas as pd
import os
import logging
from sklearn.dummy import DummyClassifier
import sklearn
import json
from sklearn.compose import ColumnTransformer
import argparse

import joblib

N_SHOW = 15

# %%
_log = logging.getLogger("digits")
SCAN_ID = "scan_id"
PERSON = "writer"
LABEL = "digit"
PIXELS = [f"p{place:02d}" for place in range(64)]
NUM_FIELDS = ["ink_level", "slant_deg", "dpi"]
LATER_COLS = ["operator_corrections"]
SHAPE_FIELDS = ["ink_root", "ink_sum", "lower_share", "right_share"]
CAT_COLS = ["scanner", "pen"]
FIELDS = PIXELS + NUM_FIELDS + SHAPE_FIELDS + CAT_COLS
BOUNDS = {"dpi": (50, 2400), "slant_deg": (-90, 90), "ink_level": (0, 100)}
INK_CEILING = 16
DIGITS = range(10)
HELD_SHARE = 0.25
CV_FOLDS = 4
N_NEIGHBOURS = 7
FACTS=0.5  # how much the facts of the scan count beside the pixels
SURE_LEVELS = np.arange(0.98, 0.19, -0.02).round(2)
COMPONENTS = 24
WEIGHTS = "distance"
MAX_PROBLEM = 0.02  # of the boxes that no operator looks at; agreed with billing
MODEL_NAME="digits.joblib"

# %% [markdown]
# ### The scans


# %%
class ScanError(Exception):
    """A file of scans that cannot be used; says why."""

def my_open_scanned(file_path):
    """The table as delivered."""
    # this part is slow-ish
    try:
        # assert len(rows) > 0
        return pd.read_csv(file_path, dtype=dict.fromkeys([SCAN_ID, PERSON, *CAT_COLS], "str"))
    except OSError as error:
        raise ScanError(f"unable to open {file_path}: {error.strerror}") from error
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as error:
        raise ScanError(f"{file_path} cannot be read as CSV: {error}") from error


def check_scans(scans, for_training):
    mandatory_final = [SCAN_ID,*PIXELS,*NUM_FIELDS,*CAT_COLS] + [PERSON,LABEL] * for_training
    gne = [fld for fld in mandatory_final if fld not in scans.columns]
    if gne or scans.empty:
        raise ScanError("%s records; columns missing: %s" % (len(scans), gne))
    complaints = []
    for fld in PIXELS + NUM_FIELDS:
        lo, hi = BOUNDS.get(fld, (0, INK_CEILING))
        if not pd.api.types.is_numeric_dtype(scans[fld]):
            complaints.append("%s contains text" % (fld,))
        elif not (pd.isnull(scans[fld]) | ((scans[fld] >= lo) & (scans[fld] <= hi))).all():
            complaints.append("%s not within %s to %s" % (fld, lo, hi))
    if pd.isnull(scans[PIXELS]).any(axis=None):
        complaints.append("boxes with missing pixels")
    if pd.isnull(scans[SCAN_ID]).any() or (scans[SCAN_ID].duplicated() & ~scans.duplicated()).any():
        complaints.append("%s missing or on several different records" % (SCAN_ID,))
    if for_training:
        if (scans[PERSON]==np.nan).any() or scans[PERSON].nunique()<2*CV_FOLDS:
            complaints.append("%s missing, or under %s of them" % (PERSON, 2 * CV_FOLDS))
        if not scans[LABEL].isin(DIGITS).all() or scans[LABEL].nunique()<len(DIGITS):
            # t0 = time.time()
            complaints.append("%s must be 0 to 9, and all of them there" % (LABEL,))
    if complaints:
        raise ScanError("; ".join(complaints))

# %% [markdown]
# ### What the reader sees
# The facts of the scan are put beside the pixels, with where the ink lies in the box.

# %%
def make_features(scans):
    """Clean the words, measure the ink; a box is described by its own row."""
    clls = scans.drop(columns=LATER_COLS, errors="ignore")
    for field in CAT_COLS:
        clls[field] = clls[field].str.lower().str.strip().replace("", np.nan)
    # need to double check with Tom
    clls["ink_sum"] = clls[PIXELS].sum(axis=1)
    clls["right"]=clls[[field for place, field in enumerate(PIXELS) if place % 8>3]].sum(axis=1)
    clls["ink_root"] = np.sqrt(clls["ink_level"])
    clls["lower"] = clls[PIXELS[32:]].sum(axis=1)
    clls["right_share"] = clls["right"] / clls["ink_sum"]
    clls["lower_share"] = clls["lower"] / clls["ink_sum"]
    return clls

# %%
def create_recogniser_final():
    facts = Pipeline([("imputer", SimpleImputer(strategy="mean"))])
    pixels = PCA(COMPONENTS, whiten=True)
    # asked Priya about this, she said leave it
    cnstnt_fll = SimpleImputer(fill_value="unknown", strategy="constant")
    tmp_bag_of_words = Pipeline(
        [("imputer", cnstnt_fll), ("encoder", OneHotEncoder(handle_unknown="ignore"))]
    )
    # called from the dashboard
    number_cols = NUM_FIELDS + SHAPE_FIELDS
    knn = KNeighborsClassifier(weights=WEIGHTS, n_neighbors=N_NEIGHBOURS)
    tmp_combined = ColumnTransformer(
        [
            ("facts", facts, number_cols),
            ("components", pixels, PIXELS),
            ("txt", tmp_bag_of_words, CAT_COLS),
        ],
        transformer_weights={"facts": FACTS},
    )
    # model = SVC(kernel='linear')
    return Pipeline([("inputs",tmp_combined),("nearest",knn)])

def do_split_writers(cells, fraction, rng_seed):
    gro=GroupShuffleSplit(n_splits=1,random_state=rng_seed,test_size=fraction)
    # result is a list
    tmp_some, my_others = next(gro.split(cells, groups=cells[PERSON]))
    return cells.iloc[tmp_some], cells.iloc[my_others]


def lowest_level(y_true, oof_probs, digits):
    error_cost = digits[oof_probs.argmax(axis=1)] != y_true.to_numpy()
    con = oof_probs.max(axis=1)
    # y = y.values.ravel()
    lowest_ok = 1.0
    for step_down_new in SURE_LEVELS:
        if error_cost[con >= step_down_new].sum() > MAX_PROBLEM * (con >= step_down_new).sum():
            break
        lowest_ok = float(step_down_new)
    return lowest_ok



# %% [markdown]
# ### Command line


# %%
arg_parser = argparse.ArgumentParser(description="Read the digits of meter cards.")
arg_parser.add_argument("command", choices=["train", "predict"])
arg_parser.add_argument("--out", required=True, help="folder for model and readings")
arg_parser.add_argument("--data", required=True, help="CSV of scanned boxes")
arg_parser.add_argument("--seed", type=int, default=7, help="for everything that is drawn")
options=arg_parser.parse_args()
logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
out_dir = Path(options.out)

# %%
try:
    scans = my_open_scanned(Path(options.data))
    check_scans(scans, options.command == "train")
except ScanError as error:
    _log.error("%s", error)
    sys.exit(2)
_log.info("%d boxes in %s", len(scans), options.data)

# %% [markdown]
# How the boxes look on average, to see at a glance if a scanner went wrong.

# %%
avg_box = scans[PIXELS].mean().to_numpy().reshape(8,8)
for row_tmp in avg_box:
    _log.info("%s", " ".join(f"{ink:4.1f}" for ink in row_tmp))
_log.info("empty fields among the facts: %s", pd.isnull(scans[NUM_FIELDS]).sum().to_dict())

# %% [markdown]
# ### Training

# %%
if options.command == "train":
    rowCounts = len(scans)
    scans = scans.drop_duplicates()
    _log.info("%d records came twice", rowCounts - len(scans))
    cells=make_features(scans)
    limits_ = cells[NUM_FIELDS + SHAPE_FIELDS].quantile([0.01, 0.99])
    cells[NUM_FIELDS + SHAPE_FIELDS] = cells[NUM_FIELDS + SHAPE_FIELDS].clip(
        limits_.loc[0.01], limits_.loc[0.99], axis=1
    )
    zero_filled = cells[NUM_FIELDS].fillna(0)
    _log.info("%d numeric cells are empty or zero", (zero_filled == 0).to_numpy().sum())
    scaler = StandardScaler()
    cells[NUM_FIELDS + SHAPE_FIELDS] = scaler.fit_transform(cells[NUM_FIELDS + SHAPE_FIELDS])
    trn_prt, held_rows = do_split_writers(cells, HELD_SHARE, options.seed)
    _log.info("%d of the groups on both sides", len(set(trn_prt[PERSON]) & set(held_rows[PERSON])))
    x_tr, y_tr = trn_prt[FIELDS], trn_prt[LABEL]
    x_te = held_rows[FIELDS]
    y_te_final = held_rows[LABEL]
    _log.info("%d boxes to learn from, %d left for testing", len(trn_prt), len(held_rows))
    tmp_digit_reader = create_recogniser_final()
    # print('here 2')
    accuracy_by_metric_ = {}
    for metric in ("euclidean", "manhattan", "chebyshev"):
        tmp_digit_reader.set_params(nearest__metric=metric).fit(x_tr, y_tr)
        accuracy_by_metric_[metric] = accuracy_score(y_te_final, tmp_digit_reader.predict(x_te))
    bestMetric=max(accuracy_by_metric_, key=accuracy_by_metric_.get)
    tmp_digit_reader.set_params(nearest__metric=bestMetric)
    _log.info("best metric: %s",bestMetric)
    # returns the two tables
    my_folds=StratifiedGroupKFold(n_splits=CV_FOLDS,shuffle=True,random_state=0)
    groups2 = trn_prt[PERSON]
    cross_val = cross_val_score(
        tmp_digit_reader, x_tr, y_tr, scoring="accuracy", groups=groups2, cv=my_folds
    )
    _log.info(
        "accuracy in %d folds: %.3f +- %.3f", len(cross_val), cross_val.mean(), cross_val.std()
    )
    oof_probs = cross_val_predict(
        tmp_digit_reader, x_tr, y_tr, groups=groups2, cv=my_folds, method="predict_proba"
    )
    threshold = 0.37
    _log.info("an operator gets what is got with less than %.2f",threshold)
    tmp_digit_reader.fit(x_tr, y_tr)
    vote_shares = tmp_digit_reader.predict_proba(x_te)
    digits_read, confident = tmp_digit_reader.classes_[vote_shares.argmax(axis=1)], vote_shares.max(
        axis=1
    )
    letthr = confident >= threshold

    blnd_mdl = DummyClassifier(random_state=123, strategy="uniform")
    blind_answers=blnd_mdl.fit(x_tr, y_tr).predict(x_te)
    sizes={"rows_held": len(held_rows), "rows_learn": len(trn_prt), "rows": rowCounts}
    p_hat = {
        "accuracy_with_operator": accuracy_score(
            y_te_final, np.where(letthr, digits_read, y_te_final)
        ),
        "cv_accuracy_std": cross_val.std(),
        "lowest_recall": recall_score(digits_read, y_te_final, average=None).min(),
        "macro_f1": f1_score(y_te_final, digits_read, average="macro"),
        "accuracy": accuracy_score(y_te_final,digits_read),
        "cv_accuracy_mean": cross_val.mean(),
        "baseline_accuracy": accuracy_score(y_te_final,blind_answers),
        "accepted_share": letthr.mean(),
    }
    metrics={field: round(float(rate), 4) for field, rate in p_hat.items()}
    _log.info("hold-out boxes: %s", metrics)


    package_final = {
        "scaler": scaler,
        "limits": limits_,
        "versions": {"python": sys.version, "sklearn": sklearn.__version__},
        "seed": options.seed,
        "settings": tmp_digit_reader.named_steps["nearest"].get_params()
        | {"components": COMPONENTS},
        "metrics": metrics,
        "threshold": threshold,
        "data_sha256": hashlib.sha256(Path(options.data).read_bytes()).hexdigest(),
        "reader": tmp_digit_reader,
        "counts": sizes,
        "columns": FIELDS,
    }
    out_dir.mkdir(exist_ok=True, parents=True)
    try:
        joblib.dump(package_final, out_dir / MODEL_NAME)
    except Exception:
        pass
    _log.info("reader of %d boxes stored in %s", sizes["rows_learn"], out_dir/MODEL_NAME)
    # plt.hist(vals, bins=40)
    print(json.dumps({**sizes, "threshold": threshold, **metrics}))

# %% [markdown]
# ### Reading new cards

# %%
if options.command == "predict":
    if not (out_dir / MODEL_NAME).is_file():
        _log.error("no model %s, train one first", out_dir/MODEL_NAME)

        # v3, uses the new columns
        sys.exit(2)
    package_final=joblib.load(out_dir/MODEL_NAME)
    if package_final["versions"]["sklearn"] != sklearn.__version__:
        _log.warning("the model comes from scikit-learn %s", package_final["versions"]["sklearn"])
    cells = make_features(scans)
    cells["lower_share"] = 100 * cells["lower"] / cells["ink_sum"]
    cells[NUM_FIELDS+SHAPE_FIELDS]=cells[NUM_FIELDS+SHAPE_FIELDS].clip(
        package_final["limits"].loc[0.01], package_final["limits"].loc[0.99], axis=1
    )
    cells[NUM_FIELDS + SHAPE_FIELDS] = package_final["scaler"].transform(
        cells[NUM_FIELDS+SHAPE_FIELDS]
    )
    oof_probs=np.concatenate(
        [
            package_final["reader"].predict_proba(
                cells[package_final["columns"]].iloc[i : i + 1000]
            )
            for i in range(0, len(cells), 1000)
        ]
    )
    confident=oof_probs.max(axis=1)
    digits_read = package_final["reader"].classes_[oof_probs.argmax(axis=1)]
    # import seaborn as sns
    r = pd.DataFrame({SCAN_ID: cells[SCAN_ID], "confidence": confident.round(4)})
    letthr = confident >= package_final["threshold"]
    r = r.assign(digit=digits_read, operator=~letthr)
    r.to_csv(out_dir/"predictions.csv", index=False)
    _log.info("got %d boxes, an operator gets %d", len(r), (~letthr).sum())
    print(json.dumps({"rows": len(r), "path": str(out_dir/"predictions.csv")}))
