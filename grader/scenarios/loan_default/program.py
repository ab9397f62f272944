"""Rate loan applications: learn from a settled quarter (train), advise on new ones (predict)."""

import argparse
import hashlib
import json
import logging
import pickle
import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import sklearn
from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, precision_score, recall_score, roc_auc_score
from sklearn.model_selection import (
    StratifiedKFold,
    cross_val_predict,
    cross_val_score,
    train_test_split,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

log = logging.getLogger("loan_default")

# ---------------------------------------------------------------- the table
ID = "application_id"
TARGET = "defaulted"
NUM_COLS = [
    "amount",
    "term_months",
    "income",
    "debt",
    "years_at_address",
    "years_employed",
    "open_lines",
    "late_12m",
    "enquiries_6m",
]
CAT_COLS = ["purpose", "employment", "home", "channel"]
DERIVED_COLS = ["log_income", "log_debt", "instalment", "burden", "debt_years"]
MODEL_COLS = NUM_COLS + DERIVED_COLS + CAT_COLS
POST_PAYOUT_COLS = ["collection_calls", "recovered_eur"]  # the years after the payout fill these
# Lowest and highest value that the application form and the credit bureau let through.
LIMITS = {
    "amount": (500, 100_000),
    "term_months": (6, 120),
    "income": (100, 100_000),
    "debt": (0, 5_000_000),
    "years_at_address": (0, 90),
    "years_employed": (0, 70),
    "open_lines": (0, 200),
    "late_12m": (0, 200),
    "enquiries_6m": (0, 200),
}

# ---------------------------------------------------------------- the settings
TEST_SHARE = 0.3
FOLDS = 5
LEAST_DEFAULTS = 10 * FOLDS  # ten in each fold, or its score says little
# Strength and step limit: best mean ROC AUC by five folds on the quarter before this one.
INVERSE_PENALTY = 0.05
STEP_LIMIT = 400
# Of the amount, by the accounts of 2023: lost on a defaulted loan, earned on one paid back.
LOST_SHARE = 0.58
EARNED_SHARE = 0.085


class InputError(SystemExit):
    """The input is of no use: says why in the log and ends the run with exit code 2."""

    def __init__(self, reason):
        log.error("%s", reason)
        super().__init__(reason)
        self.code = 2


# ---------------------------------------------------------------- steps of both ways
def read_applications(path):
    """Read an export; the id and the groups stay text."""
    try:
        table = pd.read_csv(path, dtype=dict.fromkeys([ID, *CAT_COLS], "str"))
    except (OSError, UnicodeDecodeError, pd.errors.EmptyDataError, pd.errors.ParserError) as error:
        raise InputError(f"{path} cannot be read as a table: {error}") from error
    log.info("%s holds %d rows, %d columns", path, len(table), table.shape[1])
    return table


def check_applications(table, with_target):
    """Stop the run with a list of all faults if the export breaks its contract."""
    needed = [ID, *NUM_COLS, *CAT_COLS] + [TARGET] * with_target
    absent = [name for name in needed if name not in table.columns]
    if absent or table.empty:
        raise InputError(f"columns missing: {absent}" if absent else "no rows")
    faults = [f"{name} has gaps" for name in (ID, "amount") if table[name].isna().any()]
    faults += [f"{name} is empty" for name in needed if with_target and table[name].isna().all()]
    if table.drop_duplicates()[ID].duplicated().any():
        faults.append(f"{ID} stands on rows that differ")
    for name, (low, high) in LIMITS.items():
        if not pd.api.types.is_numeric_dtype(table[name]):
            faults.append(f"{name} holds text")
        elif not table[name].dropna().between(low, high).all():
            faults.append(f"{name} leaves {low} to {high}")
    if with_target and not table[TARGET].isin([0, 1]).all():
        faults.append(f"{TARGET} is not always 0 or 1")
    elif with_target and min((table[TARGET] == k).sum() for k in (0, 1)) < LEAST_DEFAULTS:
        faults.append(f"{TARGET} has fewer than {LEAST_DEFAULTS} rows of a kind")
    if faults:
        raise InputError("; ".join(faults))


def tidy(table):
    """Keep one of each repeated row, and only what is known when an application is decided."""
    table = table.drop_duplicates()
    table = table.drop(columns=POST_PAYOUT_COLS, errors="ignore")
    log.info("%d applications without the repeated rows", len(table))
    return table


def add_features(table):
    """Return a copy with clean groups and the burden of the loan; each row from itself alone."""
    loans = table.copy()
    for name in CAT_COLS:
        loans[name] = loans[name].str.strip().str.lower().replace("", np.nan)
    loans["log_income"] = np.log1p(loans["income"])
    loans["log_debt"] = np.log1p(loans["debt"])
    loans["instalment"] = loans["amount"] / loans["term_months"]
    loans["burden"] = loans["instalment"] / loans["income"]
    loans["debt_years"] = loans["debt"] / (12 * loans["income"])
    return loans


def cheapest_threshold(table, defaulted, risks):
    """Return the risk, in whole per cents, from which on refusing costs least.

    A granted loan that defaults costs part of its amount, a refused good one what it would earn.
    """
    amounts = table.loc[defaulted.index, "amount"]
    lost = (amounts * LOST_SHARE * defaulted).to_numpy()
    missed = (amounts * EARNED_SHARE * (1 - defaulted)).to_numpy()
    grid = np.arange(1, 100) / 100
    return float(min(grid, key=lambda cut: np.where(risks >= cut, missed, lost).sum()))


# ---------------------------------------------------------------- the command line
parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("command", choices=["train", "predict"])
parser.add_argument("--data", required=True, help="export of applications (CSV)")
parser.add_argument("--out", required=True, help="folder for the model and the advice")
parser.add_argument("--seed", type=int, default=7, help="of every random step in training")
args = parser.parse_args()
logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)

data, out = Path(args.data), Path(args.out)
versions = {"python": sys.version, "sklearn": sklearn.__version__, "pandas": pd.__version__}
try:
    out.mkdir(parents=True, exist_ok=True)
except OSError as error:
    raise InputError(f"{out} cannot be a folder: {error}") from error

# ---------------------------------------------------------------- learn
if args.command == "train":
    table = read_applications(data)
    check_applications(table, with_target=True)
    table = tidy(table)
    X = add_features(table)[MODEL_COLS]
    y = table[TARGET]
    X_fit, X_held, y_fit, y_held = train_test_split(
        X, y, test_size=TEST_SHARE, stratify=y, random_state=args.seed
    )
    log.info("%d rows to learn from, %d held out", len(X_fit), len(X_held))

    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    groups = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="unknown"),
        OneHotEncoder(handle_unknown="ignore"),
    )
    columns = make_column_transformer((numbers, NUM_COLS + DERIVED_COLS), (groups, CAT_COLS))
    scorecard = LogisticRegression(C=INVERSE_PENALTY, max_iter=STEP_LIMIT)
    model = make_pipeline(columns, scorecard)

    folds = StratifiedKFold(n_splits=FOLDS, shuffle=True, random_state=args.seed)
    cv_auc = cross_val_score(model, X_fit, y_fit, cv=folds, scoring="roc_auc")
    log.info("cross-validated ROC AUC %.3f, sd %.3f", cv_auc.mean(), cv_auc.std(ddof=1))
    risks = cross_val_predict(model, X_fit, y_fit, cv=folds, method="predict_proba")[:, 1]
    threshold = cheapest_threshold(table, y_fit, risks)
    log.info("threshold that costs least by out-of-fold risks: %.2f", threshold)

    model.fit(X_fit, y_fit)
    dummy = DummyClassifier(strategy="prior").fit(X_fit, y_fit)
    scores = model.predict_proba(X_held)[:, 1]
    refused = scores >= threshold
    base_scores = dummy.predict_proba(X_held)[:, 1]
    metrics = {
        "roc_auc": roc_auc_score(y_held, scores),
        "average_precision": average_precision_score(y_held, scores),
        "precision": precision_score(y_held, refused, zero_division=0),
        "recall": recall_score(y_held, refused),
        "cv_roc_auc_mean": cv_auc.mean(),
        "cv_roc_auc_sd": cv_auc.std(ddof=1),
        "baseline_roc_auc": roc_auc_score(y_held, base_scores),
        "baseline_average_precision": average_precision_score(y_held, base_scores),
    }
    metrics = {name: round(float(value), 4) for name, value in metrics.items()}
    counts = {"rows": len(X), "rows_fit": len(X_fit), "rows_held_out": len(X_held)}
    bundle = {
        "model": model,
        "threshold": threshold,
        "columns": MODEL_COLS,
        "settings": {"C": INVERSE_PENALTY, "lost": LOST_SHARE, "earned": EARNED_SHARE},
        "seed": args.seed,
        "versions": versions,
        "data_sha256": hashlib.sha256(data.read_bytes()).hexdigest(),
        "metrics": metrics,
        "counts": counts,
    }
    joblib.dump(bundle, out / "scorecard.joblib")
    log.info("held-out ROC AUC %.3f; scorecard stored in %s", metrics["roc_auc"], out)
    report = {"command": "train", "seed": args.seed, "threshold": threshold, **counts, **metrics}

# ---------------------------------------------------------------- advise
if args.command == "predict":
    try:
        # a pickle: only ever one that train has written
        bundle = joblib.load(out / "scorecard.joblib")
    except (OSError, EOFError, KeyError, ValueError, pickle.UnpicklingError) as error:
        raise InputError(f"{out} holds no scorecard, run train first: {error}") from error
    if bundle["versions"]["sklearn"] != sklearn.__version__:
        log.warning("scorecard made with %s, running with %s", bundle["versions"], versions)
    table = read_applications(data)
    check_applications(table, with_target=False)
    table = tidy(table)
    X = add_features(table)[bundle["columns"]]
    scores = bundle["model"].predict_proba(X)[:, 1]
    advice = pd.DataFrame({ID: table[ID], "risk": scores.round(6)})
    advice["refuse"] = (scores >= bundle["threshold"]).astype(int)
    advice.to_csv(out / "predictions.csv", index=False)
    log.info("rated %d applications, %d better refused", len(advice), advice["refuse"].sum())
    report = {"command": "predict", "rows": len(advice), "path": str(out / "predictions.csv")}

print(json.dumps(report))
