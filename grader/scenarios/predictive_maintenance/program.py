"""Alarms before a waste shredder fails: learn from finished shifts, rate the latest ones."""

import argparse
import hashlib
import json
import logging
import sys
from pathlib import Path
from typing import NamedTuple

import joblib
import numpy as np
import pandas as pd
import sklearn
from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, precision_score, recall_score
from sklearn.model_selection import (
    GroupShuffleSplit,
    StratifiedGroupKFold,
    cross_val_predict,
    cross_val_score,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

LOG = logging.getLogger("shredder")

MACHINE, START, TARGET = "machine_id", "shift_start", "fails_24h"
BADGE = "operator_badge"  # who worked is no matter of the machine's
START_FORMAT = "%Y-%m-%d %H:%M"
NUM_COLS = ["age_years", "service_h", "load_t", "vib_mm_s", "bearing_c", "motor_a", "jams"]
DERIVED_COLS = ["a_per_t", "log_service", "vib_rise", "bearing_rise", "vib_before", "vib_peak"]
CAT_COLS = ["machine_type", "waste", "grease"]
FEATURES = NUM_COLS + DERIVED_COLS + CAT_COLS
# The crew books these when it has repaired the machine, on the shifts of the day before.
AFTER_FAILURE = ["repair_minutes", "fault_code"]
# Lowest and highest reading that sensor, scales and service book can give.
LIMITS = {
    "age_years": (0, 60),
    "service_h": (0, 20_000),
    "load_t": (0.1, 500),
    "vib_mm_s": (0, 100),
    "bearing_c": (-40, 250),
    "motor_a": (0, 1_000),
    "jams": (0, 500),
}
# A machine's normal is the mean of its last 12 shifts, four days; 4 of them must have a reading.
NORMAL, NORMAL_LEAST = 12, 4
SHIFTS_A_DAY = 3


class Settings(NamedTuple):
    """How a model is trained; goes into the bundle."""

    held_share: float = 0.25  # of the machines, about fifteen that fail in an extract
    folds: int = 5
    c: float = 0.03  # best of 0.003, 0.01 .. 3 by grouped folds on the yards of the year before
    max_iter: int = 1000  # the fit took under 60 steps there
    alarm_share: float = 0.08  # the crew can look after 8 machines in 100 each shift
    draws: int = 200


class ShiftLogError(Exception):
    """A file is missing, unreadable or breaks its contract."""


def read_shifts(path: Path) -> pd.DataFrame:
    """Read a shift log; names, times and words stay text."""
    try:
        shifts = pd.read_csv(path, dtype=dict.fromkeys([MACHINE, START, *CAT_COLS], "str"))
    except FileNotFoundError as exc:
        raise ShiftLogError(f"there is no file {path}") from exc
    except (OSError, ValueError) as exc:  # pandas' parser errors are ValueErrors
        raise ShiftLogError(f"{path} is not readable as CSV: {str(exc).strip()}") from exc
    LOG.info("%s: %d rows", path, len(shifts))
    return shifts


def check_shifts(shifts: pd.DataFrame, settings: Settings | None = None) -> None:
    """Raise ShiftLogError with all faults of a log; settings are given if it is to train on."""
    wanted = [MACHINE, START, *NUM_COLS, *CAT_COLS] + ([TARGET] if settings else [])
    absent = [col for col in wanted if col not in shifts.columns]
    if absent or shifts.empty:
        raise ShiftLogError(f"missing columns: {', '.join(absent)}" if absent else "no rows")
    faults = [f"{col} is empty" for col in NUM_COLS if settings and shifts[col].isna().all()]
    if shifts[MACHINE].isna().any():
        faults.append(f"{MACHINE} is empty in {shifts[MACHINE].isna().sum()} rows")
    times = pd.to_datetime(shifts[START], format=START_FORMAT, errors="coerce")
    if times.isna().any():
        faults.append(f"{START} is no time like 2024-05-31 14:00 in {times.isna().sum()} rows")
    for col, (low, high) in LIMITS.items():
        if not pd.api.types.is_numeric_dtype(shifts[col]):
            faults.append(f"{col} has entries that are no numbers")
        elif not shifts[col].dropna().between(low, high).all():
            faults.append(f"{col} leaves {low} to {high}")
    if shifts.drop_duplicates().duplicated([MACHINE, START]).any():
        faults.append("a machine has two different rows for one shift")
    if settings and not shifts[TARGET].isin([0, 1]).all():
        faults.append(f"{TARGET} is not 0 or 1 everywhere")
    elif settings and shifts[MACHINE][shifts[TARGET] == 1].nunique() < 3 * settings.folds:
        faults.append(f"fewer than {3 * settings.folds} machines have failed")
    if faults:
        raise ShiftLogError("; ".join(faults))


def tidy_shifts(shifts: pd.DataFrame) -> pd.DataFrame:
    """Keep one of rows exported twice, drop badges and what a failure adds, unify the words."""
    exported = len(shifts)
    shifts = shifts.drop_duplicates()
    shifts = shifts.drop(columns=AFTER_FAILURE, errors="ignore")
    shifts = shifts.drop(columns=BADGE, errors="ignore")
    LOG.info("%d rows were exported twice", exported - len(shifts))
    for col in CAT_COLS:
        shifts[col] = shifts[col].str.strip().str.lower().replace("", np.nan)
    return shifts


def add_features(shifts: pd.DataFrame) -> pd.DataFrame:
    """Return the log machine by machine, oldest shift first, with what the model reads.

    A row knows its own shift, which is over, and earlier shifts of the same machine.
    """
    shifts = shifts.sort_values([MACHINE, START])
    shifts["a_per_t"] = shifts["motor_a"] / shifts["load_t"]
    shifts["log_service"] = np.log1p(shifts["service_h"])
    machine = shifts.groupby("machine_id")
    normal = machine[["vib_mm_s", "bearing_c"]].transform(
        lambda s: s.shift(1).rolling(NORMAL, min_periods=NORMAL_LEAST).mean()
    )
    shifts["vib_rise"] = shifts["vib_mm_s"] - normal["vib_mm_s"]
    shifts["bearing_rise"] = shifts["bearing_c"] - normal["bearing_c"]
    shifts["vib_before"] = machine["vib_mm_s"].shift(1)
    shifts["vib_peak"] = machine["vib_mm_s"].transform(
        lambda s: s.rolling(SHIFTS_A_DAY, min_periods=1).max()
    )
    return shifts


def split_by_machine(shifts: pd.DataFrame, share: float, seed: int) -> tuple[pd.DataFrame, ...]:
    """Hold out a share of the machines, each with all of its shifts."""
    lots = GroupShuffleSplit(n_splits=1, test_size=share, random_state=seed)
    seen, unseen = next(lots.split(shifts, groups=shifts[MACHINE]))
    return shifts.iloc[seen], shifts.iloc[unseen]


def make_model(settings: Settings) -> Pipeline:
    """Return the unfitted pipeline from the feature columns to the chance of a failure."""
    numeric = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    words = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="unknown"),
        OneHotEncoder(handle_unknown="ignore"),
    )
    columns = make_column_transformer((numeric, NUM_COLS + DERIVED_COLS), (words, CAT_COLS))
    return make_pipeline(columns, LogisticRegression(C=settings.c, max_iter=settings.max_iter))


def ap_interval(y: pd.Series, scores: np.ndarray, machines: pd.Series, draws: int, seed: int):
    """95 % bootstrap interval of the average precision; machines are drawn, not rows."""
    places = list(machines.groupby(machines.to_numpy()).indices.values())
    rng, found = np.random.default_rng(seed), []
    for _ in range(draws):
        drawn = np.concatenate([places[k] for k in rng.integers(0, len(places), len(places))])
        found.append(average_precision_score(y.iloc[drawn], scores[drawn]))
    return np.quantile(found, [0.025, 0.975])


def train(data: Path, out: Path, seed: int) -> dict:
    """Fit on most machines, set the alarm threshold there, measure on machines never seen."""
    settings = Settings()
    shifts = read_shifts(data)
    check_shifts(shifts, settings)
    shifts = add_features(tidy_shifts(shifts))
    known, fresh = split_by_machine(shifts, settings.held_share, seed)
    X_known, y_known = known[FEATURES], known[TARGET]
    X_fresh, y_fresh = fresh[FEATURES], fresh[TARGET]
    LOG.info("%d shifts to learn from, %d of other machines to test on", len(known), len(fresh))
    model = make_model(settings)
    by_machine = StratifiedGroupKFold(n_splits=settings.folds, shuffle=True, random_state=seed)
    folds = list(by_machine.split(X_known, y_known, groups=known[MACHINE]))
    cv_ap = cross_val_score(model, X_known, y_known, cv=folds, scoring="average_precision")
    LOG.info("average precision in folds: mean %.3f, sd %.3f", cv_ap.mean(), cv_ap.std(ddof=1))
    oof = cross_val_predict(model, X_known, y_known, cv=folds, method="predict_proba")[:, 1]
    threshold = float(np.quantile(oof, 1 - settings.alarm_share))
    LOG.info("alarms from a score of %.3f on", threshold)
    model.fit(X_known, y_known)
    chance = DummyClassifier(strategy="stratified", random_state=seed).fit(X_known, y_known)
    guesses = chance.predict_proba(X_fresh)[:, 1]
    scores = model.predict_proba(X_fresh)[:, 1]
    alarms = scores >= threshold
    low, high = ap_interval(y_fresh, scores, fresh[MACHINE], settings.draws, seed)
    report = {
        "average_precision": average_precision_score(y_fresh, scores),
        "recall": recall_score(y_fresh, alarms),
        "precision": precision_score(y_fresh, alarms, zero_division=0),
        "alarm_share": alarms.mean(),
        "ap_low": low,
        "ap_high": high,
        "cv_ap_mean": cv_ap.mean(),
        "cv_ap_sd": cv_ap.std(ddof=1),
        "baseline_ap": average_precision_score(y_fresh, guesses),
    }
    report = {name: round(float(value), 4) for name, value in report.items()}
    LOG.info("machines never seen: average precision %.3f", report["average_precision"])
    counts = {"rows": len(shifts), "train_rows": len(known), "test_rows": len(fresh)}
    bundle = {
        "model": model,
        "threshold": threshold,
        "features": FEATURES,
        "settings": settings._asdict(),
        "seed": seed,
        "report": report,
        "counts": counts,
        "data_sha256": hashlib.sha256(data.read_bytes()).hexdigest(),
        "versions": {"sklearn": sklearn.__version__, "pandas": pd.__version__},
    }
    joblib.dump(bundle, out / "shredder.joblib")
    LOG.info("saved %s", out / "shredder.joblib")
    return report | counts | {"threshold": threshold, "seed": seed}


def predict(data: Path, out: Path) -> dict:
    """Rate every shift of a log with the stored model and mark the alarms."""
    try:
        bundle = joblib.load(out / "shredder.joblib")
    except Exception as exc:  # a damaged file fails in many ways
        raise ShiftLogError(f"no usable model in {out}, run train first: {exc}") from exc
    if bundle["versions"]["sklearn"] != sklearn.__version__:
        LOG.warning("trained with scikit-learn %s", bundle["versions"]["sklearn"])
    shifts = read_shifts(data)
    check_shifts(shifts)
    shifts = add_features(tidy_shifts(shifts))
    scores = bundle["model"].predict_proba(shifts[bundle["features"]])[:, 1]
    rated = shifts[[MACHINE, START]].assign(score=scores.round(6))
    rated["alarm"] = (scores >= bundle["threshold"]).astype(int)
    rated.to_csv(out / "predictions.csv", index=False)
    LOG.info("%d shifts rated, %d alarms", len(rated), rated["alarm"].sum())
    return {"rows": len(rated), "path": str(out / "predictions.csv")}


def main(argv: list[str] | None = None) -> int:
    """Run train or predict; 2 means that an input was refused."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=["train", "predict"])
    parser.add_argument("--data", required=True, help="CSV log, one row a machine and shift")
    parser.add_argument("--out", required=True, help="folder of the model and the alarms")
    parser.add_argument("--seed", type=int, default=7, help="seed of splits, baseline, interval")
    args = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)
    data, out = Path(args.data), Path(args.out)
    try:
        out.mkdir(parents=True, exist_ok=True)
        done = train(data, out, args.seed) if args.command == "train" else predict(data, out)
    except ShiftLogError as exc:
        LOG.error("%s: %s", data, exc)
        return 2
    print(json.dumps(done))
    return 0


if __name__ == "__main__":
    sys.exit(main())
