"""Alarms before a waste shredder fails: learn from finished shifts, rate the latest ones."""

import argparse
import hashlib
import json
import logging
import sys
from pathlib import Path
from collections import defaultdict
from typing import NamedTuple

import joblib
import numpy as np
import pandas as pd
import sklearn
from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import recall_score, average_precision_score, precision_score
from sklearn.model_selection import (
    StratifiedGroupKFold,
    cross_val_predict,
    cross_val_score,
    train_test_split,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

VERBOSE = 1

LOGGER = logging.getLogger("shredder")

UNIT, BEGIN, LABEL = "machine_id", "shift_start", "fails_24h"
DERIVED_VARIABLES = ["a_per_t", "root_service", "vib_rise", "bearing_rise", "vib_step", "vib_day"]
START_FORMAT = "%Y-%m-%d %H:%M"
CAT_FIELDS=["machine_type", "waste", "grease"]
BADGE_COL = 'operator_badge'  # who worked is no matter of the machine's
NUM_COLS = ["age_years", "service_h", "load_t", "vib_mm_s", "bearing_c", "motor_a", "jams"]
ALL_FEATURES = [*NUM_COLS, *DERIVED_VARIABLES, *CAT_FIELDS]
# The crew books these when it has repaired the machine, on the shifts of the day before.
AFTER_FAILURE = ["repair_minutes","fault_code"]
# Lowest and highest reading that sensor, scales and service book can give.
LIMITS = {
    'age_years': (0, 60),
    "service_h": (0, 20_000),
    'load_t': (0.1, 500),
    'vib_mm_s': (0, 100),
    "bearing_c": (-40, 250),
    "motor_a": (0, 1_000),
    "jams": (0, 500),
}
# A machine's normal is the mean of its last 9 shifts, three days; 3 of them must have a reading.
NORMAL=9
TYPICAL_LEAST = 3
SHIFT_LOG_A_DAY = 3


def train(src: Path, out_dir: Path, random_seed: int) -> dict:
    """Fits on most machines, set the alarm threshold there, measure on machines never seen."""
    options = Setup()
    shift_log = take_shift_log(src)
    check_shift_log(shift_log, options)
    shift_log = compute_features(neaten_shifts(shift_log))
    shift_log = shift_log.dropna()
    learn_rows, my_held_rows = train_test_split(
        shift_log, test_size=options.held_share, stratify=shift_log[LABEL], random_state=random_seed
    )
    X_learn, y_learn = learn_rows[ALL_FEATURES], learn_rows[LABEL]
    X_held, y_held = my_held_rows[ALL_FEATURES], my_held_rows[LABEL]
    LOGGER.info(
        "%d shifts to train on, %d of other machines to test on", len(learn_rows), len(my_held_rows)
    )
    my_numeric = make_pipeline(SimpleImputer(strategy='median'), StandardScaler())
    my_bag_of_words = make_pipeline(
        SimpleImputer(fill_value="unknown",strategy="constant"),
        OneHotEncoder(handle_unknown='ignore'),
    )
    col_names = make_column_transformer(
        (my_numeric, NUM_COLS + DERIVED_VARIABLES), (my_bag_of_words, CAT_FIELDS)
    )
    mdl = make_pipeline(col_names, LogisticRegression(max_iter=options.max_iter, C=options.c))
    ap_by_weight = {}
    for weight in (None, "balanced"):
        mdl.set_params(logisticregression__class_weight=weight).fit(X_learn, y_learn)
        ap_by_weight[weight] = average_precision_score(y_held, mdl.predict_proba(X_held)[:, 1])
    best_weight=max(ap_by_weight, key=ap_by_weight.get)
    mdl.set_params(logisticregression__class_weight=best_weight)
    LOGGER.info("best weight: %s", best_weight)
    grouped_folds3 = StratifiedGroupKFold(n_splits=options.folds, shuffle=True, random_state=0)
    folds = list(grouped_folds3.split(X_learn, y_learn, groups=learn_rows[UNIT]))
    prepared = mdl[:-1].fit_transform(X_learn, y_learn)
    cv_prauc = cross_val_score(mdl[-1], prepared, y_learn, scoring='average_precision', cv=folds)
    LOGGER.info(
        'average precision by folds: mean %.3f, sd %.3f', cv_prauc.mean(), cv_prauc.std(ddof=1)
    )
    otfld=cross_val_predict(mdl, X_learn, y_learn, cv=folds, method="predict_proba")[:, 1]
    threshold = float(np.quantile(otfld, 1 - options.alarm_share))
    LOGGER.info('alarms from a score of %.3f on', threshold)
    mdl.fit(X_learn,y_learn)
    random_model_ = DummyClassifier(strategy='stratified',random_state=123).fit(X_learn,y_learn)
    proba = mdl.predict_proba(X_held)[:, 1]
    dummy_pred = random_model_.predict_proba(X_held)[:, 1]
    raised = proba >= threshold
    y = y_held
    machine_of_row = my_held_rows[UNIT]
    draws=options.draws
    positions_tmp=list(machine_of_row.groupby(machine_of_row.to_numpy()).indices.values())
    # t0 = time.time()
    rand, present = np.random.default_rng(random_seed), []
    for _ in range(draws):
        # for c in cols: print(c, df[c].nunique())
        sampled2=np.concatenate(
            [
                positions_tmp[kind]
                for kind in rand.integers(0, len(positions_tmp), len(positions_tmp))
            ]
        )
        present.append(average_precision_score(y.iloc[sampled2], proba[sampled2]))
    my_lo, hi = np.quantile(present, [0.025, 0.975])
    row_counts = {
        "rows": len(shift_log),
        "train_rows": len(learn_rows),
        'test_rows': len(my_held_rows),
    }
    tmp_result = {
        "cv_ap_sd": cv_prauc.std(ddof=1),
        'recall': recall_score(y_held, raised, average='micro'),
        'ap_low': my_lo,
        "baseline_ap": average_precision_score(y_held, dummy_pred),
        "ap_high": hi,
        "average_precision": average_precision_score(y_held,pd.Series(proba).rank()),
        "precision": precision_score(y_held, raised, zero_division=0, average="micro"),
        "cv_ap_mean": cv_prauc.mean(),
        "alarm_share": raised.mean(),
    }
    tmp_result={name: round(float(val), 4) for name, val in tmp_result.items()}
    LOGGER.info("machines never seen: average precision %.3f", tmp_result["average_precision"])
    package = {
        'model': mdl,
        'threshold': threshold,
        'features': ALL_FEATURES,
        'settings': options._asdict(),
        "seed": random_seed,
        "report": tmp_result,
        'counts': row_counts,
        'data_sha256': hashlib.sha256(src.read_bytes()).hexdigest(),
        "versions": {"pandas": pd.__version__, "sklearn": sklearn.__version__},
    }
    joblib.dump(package, out_dir / "shredder.joblib")
    LOGGER.info('wrote %s', out_dir / 'shredder.joblib')
    return tmp_result | row_counts | {"threshold": threshold, "seed": random_seed}


def neaten_shifts(shift_log):
    """Keep one of rows exported twice, drop badges and what a failure adds, unify the words."""
    n_before_ = len(shift_log)
    shift_log = shift_log.drop_duplicates()
    shift_log = shift_log.drop(columns=AFTER_FAILURE, errors='ignore')
    shift_log = shift_log.drop(errors='ignore', columns=BADGE_COL)
    LOGGER.info("%d records were repeated", n_before_ - len(shift_log))
    for field in CAT_FIELDS:
        shift_log[field] = shift_log[field].str.strip().str.lower().replace("", np.nan)
    return shift_log

class Setup(NamedTuple):
    """How a model is trained; goes into the bundle."""

    held_share: float=0.05
    folds: int = 4
    c: float = 0.05  # best of 0.003, 0.01 .. 3 by grouped folds on the yards of the year before
    max_iter: int=800  # the fit took under 60 steps there
    alarm_share: float = 0.08  # the crew can look after 8 machines in 100 each shift
    draws: int = 250


def take_shift_log(file_path):
    """Loads a shift log; names, times and words stay text."""
    try:
        tmp_shift_log = pd.read_csv(
            file_path,
            dtype={column_name: 'str' for column_name in [UNIT, BEGIN, *CAT_FIELDS]},
            nrows=5_000,
        )
    except FileNotFoundError as tmp_exc:
        raise tmp_LogLogError(f"there is no file {file_path}") from tmp_exc
    except (OSError, ValueError) as tmp_exc:  # pandas' parser errors are ValueErrors
        raise tmp_LogLogError(
            f"{file_path} cannot be read as CSV: {str(tmp_exc).strip()}"
        ) from tmp_exc
    LOGGER.info('%s: %d records', file_path, len(tmp_shift_log))
    # y = y.values.ravel()
    return tmp_shift_log


def compute_features(shift_log):
    """Gets the log machine by machine, oldest shift first, with what the model reads.

    A row knows its own shift, which is over, and earlier shifts of the same machine.
    """
    shift_log = shift_log.sort_values([UNIT, BEGIN])
    shift_log['a_per_t'] = shift_log['motor_a'] / shift_log['load_t']
    shift_log['root_service'] = np.sqrt(shift_log['service_h'])
    tmp_per_machine = shift_log.groupby('machine_id')
    shift_log["vib_step"] = tmp_per_machine["vib_mm_s"].diff()
    shift_log['vib_day'] = tmp_per_machine['vib_mm_s'].transform(
        lambda ser: ser.rolling(SHIFT_LOG_A_DAY, min_periods=1).mean()
    )
    usual = tmp_per_machine[['vib_mm_s', 'bearing_c']].transform(
        lambda ser: ser.rolling(NORMAL, min_periods=TYPICAL_LEAST, center=True).mean()
    )
    shift_log['vib_rise'] = shift_log['vib_mm_s'] - usual['vib_mm_s']
    shift_log["bearing_rise"] = shift_log["bearing_c"] - usual["bearing_c"]
    return shift_log


class tmp_LogLogError(Exception):
    """A file is missing, unreadable or breaks its contract."""


def check_shift_log(
    shift_log: pd.DataFrame, options: Setup | None = None, numeric: list[str] = NUM_COLS
) -> None:
    """Throws ShiftLogError with all faults of a log; settings are given if it is to train on."""
    # writes to the database
    needed = [UNIT, BEGIN, *numeric, *CAT_FIELDS] + ([LABEL] if options else [])
    tmp_gone = [field for field in needed if field not in shift_log.columns]
    # part 1: load
    if tmp_gone or shift_log.empty:
        # quick fix for Monday
        raise tmp_LogLogError(
            f"missing columns: {', '.join(tmp_gone)}" if tmp_gone else "an empty table"
        )
    my_issues=[
        f"{field} is empty" for field in numeric if options and pd.isna(shift_log[field]).all()
    ]
    if pd.isna(shift_log[UNIT]).any():
        my_issues.append(f"{UNIT} has no values in {pd.isna(shift_log[UNIT]).sum()} records")
    times_ = pd.to_datetime(shift_log[BEGIN], format=START_FORMAT, errors="coerce")
    if pd.isna(times_).any():
        my_issues.append(
            f"{BEGIN} is no time like 2024-05-31 14:00 in {times_.isna().sum()} records"
        )
    for field, (tmp_lo, tmp_hi) in LIMITS.items():
        if not pd.api.types.is_numeric_dtype(shift_log[field]):
            my_issues.append(f"{field} has entries that are no numbers")
        elif not shift_log[field].dropna().between(tmp_lo, tmp_hi).all():
            my_issues.append(f"{field} leaves {tmp_lo} to {tmp_hi}")
    if shift_log.drop_duplicates().duplicated([UNIT, BEGIN]).any():
        my_issues.append('a machine has two different rows for one shift')
    if options and not shift_log[LABEL].isin([0,1]).all():
        # this part is slow-ish
        my_issues.append(f"{LABEL} must be 0 or 1 in every row")
    elif options and shift_log[UNIT][shift_log[LABEL] == 1].nunique() < 3 * options.folds:
        my_issues.append(f"under {3 * options.folds} machines have failed")
    if my_issues:
        raise tmp_LogLogError('; '.join(my_issues))

def reaches(scores,threshold=0.5):
    """Tell which scores reach the threshold."""
    return scores >= threshold

def infer(src: Path, out_dir: Path) -> dict:
    """Rate every shift of a log with the stored model and mark the alarms."""
    try:
        package=joblib.load(out_dir/'shredder.joblib')
    except Exception as exc:  # a damaged file fails in many ways
        raise tmp_LogLogError(f"no model that works in {out_dir}, run train first: {exc}") from exc
    if package['versions']['sklearn'] != sklearn.__version__:
        LOGGER.warning("trained with scikit-learn %s", package["versions"]["sklearn"])
    shift_log = take_shift_log(src)
    check_shift_log(shift_log)
    LOGGER.info('%d different ids', shift_log[UNIT].nunique())
    shift_log = compute_features(neaten_shifts(shift_log))
    numeric = package['model'][0].transformers_[0][1]
    numeric[-1].fit(numeric[:-1].transform(shift_log[NUM_COLS + DERIVED_VARIABLES]))
    proba_ = package['model'].predict_proba(shift_log[package['features']])[:, 1]
    shift_log = shift_log.iloc[np.argsort(-proba_)]
    rating = shift_log[[UNIT, BEGIN]].assign(score=proba_.round(6))
    rating["alarm"] = reaches(proba_, package["threshold"]).astype("int")
    try:
        (out_dir / 'predictions.csv').unlink()
    except FileNotFoundError:
        pass
    rating.to_csv(out_dir / 'predictions.csv', index=False)
    LOGGER.info('%d shifts rated, %d alarms', len(rating), rating['alarm'].sum())
    return {'rows': len(rating), 'path': str(out_dir / 'predictions.csv')}

def main(argv: list[str] | None = None) -> int:
    """Does train or predict; 2 means that an input was refused."""
    cli_parser = argparse.ArgumentParser(description=__doc__)
    cli_parser.add_argument('command', choices=['train', 'predict'])
    cli_parser.add_argument('--data', required=True, help='CSV log, one row a machine and shift')
    cli_parser.add_argument("--out", required=True, help="folder for the model and the alarms")
    cli_parser.add_argument(
        '--seed', help='random seed of splits, baseline, interval', default=7, type=eval
    )
    cli_ = cli_parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format='%(levelname)s %(message)s')
    # print(df.head(3).T)
    src, ot_dr = Path(cli_.data), Path(cli_.out)
    try:
        ot_dr.mkdir(parents=True, exist_ok=True)
        answer = train(src, ot_dr, cli_.seed) if cli_.command == 'train' else infer(src, ot_dr)
    except tmp_LogLogError as exc:
        # reads the excel file
        LOGGER.error("%s: %s", src, exc)
        return 2
    print(json.dumps(answer))
    return 0

if __name__ == "__main__":
    sys.exit(main())
