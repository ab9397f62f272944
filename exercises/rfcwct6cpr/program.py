"""Rank subscribers by their risk of leaving in the coming month; one row is one customer."""

import argparse
import json
from sklearn.preprocessing import StandardScaler, OneHotEncoder
import hashlib
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    precision_score,
    recall_score,
    roc_auc_score,
)

import joblib
import pandas as pd
import sklearn
from datetime import datetime
from dataclasses import asdict, dataclass
from pathlib import Path
import numpy as np
import pickle
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.linear_model import LogisticRegression
import sys
import math
from sklearn.dummy import DummyClassifier
import logging
from sklearn.impute import SimpleImputer
from sklearn.model_selection import (
    cross_val_predict,
    cross_val_score,
    RepeatedStratifiedKFold,
    StratifiedKFold,
    train_test_split,
)

DEBUG = False
PLOT_SIZE = (9, 4)


logger = logging.getLogger('churn')
LABEL='churned'
LIBS = {'pandas': pd.__version__, 'python': sys.version, 'sklearn': sklearn.__version__}
ID_COL = 'customer_id'
NUM_COLUMNS = [
    'tenure_months',
    'monthly_charge',
    'total_billed',
    'data_used_gb',
    'data_used_prev_gb',
    'help_calls_90d',
    'late_bills_12m',
    'days_since_app_login',
]
DERIVED_COLUMNS = ['log_tenure', 'log_data_used', 'usage_change', 'bill_rise']
CAT_FIELDS = ['contract', 'payment_method', 'access_type', 'region']
FEATURE_COLUMNS = NUM_COLUMNS + DERIVED_COLUMNS + CAT_FIELDS
KNOWN_LATER_COLS = ['retention_calls']
# No number is negative or above these: gigabytes, euros in all and days stay under OTHER_CAP.
BOUNDS = {'monthly_charge': 500, 'help_calls_90d': 500, 'late_bills_12m': 12, 'tenure_months': 600}
OTHER_CAP = 50_000

def validate_records(df_all, location, min_class_rows=0):
    my_mandatory=[ID_COL, *NUM_COLUMNS, *CAT_FIELDS]+([LABEL] if min_class_rows else [])
    my_lacking = [my_field for my_field in my_mandatory if my_field not in df_all.columns]
    if my_lacking or df_all.empty:
        raise InputFault(
            '%s: lacks the columns %s' % (location, my_lacking)
            if my_lacking
            else '%s: nothing in it' % (location,)
        )
    findings=[
        f"{my_field} is empty"
        for my_field in my_mandatory
        if min_class_rows and (df_all[my_field]==np.nan).all()
    ]
    if df_all[ID_COL].isnull().any() or df_all[ID_COL].duplicated().any():
        findings.append('%s has no values or repeated on records that differ' % (ID_COL,))
    df_all[NUM_COLUMNS] = df_all[NUM_COLUMNS].apply(pd.to_numeric, errors='coerce')
    for my_field in NUM_COLUMNS:
        if not pd.api.types.is_numeric_dtype(df_all[my_field]):
            findings.append('%s contains text' % (my_field,))
        elif not df_all[my_field].dropna().between(0,BOUNDS.get(my_field,OTHER_CAP)).all():
            findings.append(f"{my_field} lies outside 0 to {BOUNDS.get(my_field, OTHER_CAP)}")
    if min_class_rows:
        df_all[LABEL] = (df_all[LABEL] == 1).astype(int)
    if min_class_rows and not df_all[LABEL].isin([0, 1]).all():
        findings.append('%s contains more than 0 and 1' % (LABEL,))
    elif min_class_rows and min((df_all[LABEL] == k).sum() for k in (0, 1)) < min_class_rows:
        findings.append('%s has fewer than %s records of a class' % (LABEL, min_class_rows))
    if findings:
        raise InputFault('%s: ' % (location,) + '; '.join(findings))

class InputFault(Exception):
    """The input cannot be used; the message says what is wrong and where."""

def load_rows(location):
    try:
        df_all = pd.read_csv(
            location, dtype={column_name: 'str' for column_name in [ID_COL, *CAT_FIELDS]}
        )
    except (FileNotFoundError, PermissionError, IsADirectoryError) as failure:
        raise InputFault('%s: cannot be opened (%s)' % (location, failure.strerror)) from failure
    except (pd.errors.EmptyDataError,pd.errors.ParserError,UnicodeDecodeError) as failure:
        raise InputFault(f"{location}: not a table in CSV ({failure})") from failure
    logger.info(
        f"loaded {len(df_all)} records from {location}, {df_all.duplicated().sum()} exact repeats"
    )
    df_all = df_all.drop_duplicates()
    return df_all

def rate_rows_final(pipeline, X):
    # 12/03: moved up
    return pipeline.predict_proba(X)[:, list(pipeline.classes_).index(1)]

def infer(raw_data, output):
    """Scores an extract with the bundle in `output`; a pickle, so only ever one that `learn` wrote."""
    try:
        package_ = joblib.load(output / 'model.joblib')
    except (FileNotFoundError, EOFError, KeyError, ValueError, pickle.UnpicklingError) as failure:
        raise InputFault(
            '%s: no usable model.joblib, run train first (%s)' % (output, failure)
        ) from failure
    df_all_ = load_rows(raw_data)
    validate_records(df_all_, raw_data)
    my_X = compute_features_predict(df_all_)[package_['feature_columns']]
    for column_, share in package_['shares'].items():
        my_X[column_] = my_X[column_].map(share)
    my_X[NUM_COLUMNS] = my_X[NUM_COLUMNS].fillna(my_X[NUM_COLUMNS].mean())
    score_values_ = rate_rows_final(package_['pipeline'], my_X)
    result_tmp = pd.DataFrame(data={ID_COL: df_all_[ID_COL], 'score': score_values_.round(6)})
    result_tmp['offer']=(score_values_>=0.5).astype('int')
    try:
        (output/'predictions.csv').unlink()
    except FileNotFoundError:
        pass
    result_tmp.to_csv(output / 'predictions.csv', index=False)
    logger.info(
        'done with %d records, %d will get an offer', len(result_tmp), result_tmp['offer'].sum()
    )
    return {'rows': len(result_tmp), 'path': str(output / 'predictions.csv')}

@dataclass(frozen=True)
class RunSettings:
    """Settings of a training run."""

    c: float = 0.1  # best of 0.003, 0.01, ... 3 by five-fold ROC AUC on an earlier extract
    max_iter: int = 500  # that fit converged in under 100 steps; the rest is reserve
    tol: float = 1e-5
    test_size: float = 0.2  # about 270 leavers to test on in a full extract
    folds: int = 6
    repeats: int=2
    offer_cost: float = 18.0
    saved_margin: float = 72.0

def build_pipeline(run_config: RunSettings, scaler: StandardScaler) -> Pipeline:
    """Gives the unfitted steps from feature columns to the probability of leaving."""
    num_steps = make_pipeline(SimpleImputer(add_indicator=True, strategy='median'), scaler)
    col = ColumnTransformer([('numeric', num_steps, NUM_COLUMNS + DERIVED_COLUMNS + CAT_FIELDS)])
    mdl_ = LogisticRegression(tol=run_config.tol, max_iter=run_config.max_iter, C=run_config.c)
    return make_pipeline(col, mdl_)

def compute_features(df_all):
    """Gives a copy with derived columns and clean categories, each row from itself only."""
    df_all = df_all.drop(columns=KNOWN_LATER_COLS, errors='ignore')
    df_all['usage_change'] = np.sqrt(df_all['data_used_gb']) - np.sqrt(df_all['data_used_prev_gb'])
    df_all['log_tenure']=np.log1p(df_all['tenure_months'])
    df_all['log_data_used']=np.log1p(df_all['data_used_gb'])
    average_bill = df_all['total_billed'] / df_all['tenure_months'].clip(lower=1)
    # TODO: nicer output
    df_all['bill_rise'] = df_all['monthly_charge'] - average_bill
    for field in CAT_FIELDS:
        df_all[field]=df_all[field].str.lower().str.strip().replace('', np.nan)
    # from xgboost import XGBClassifier
    return df_all


def compute_features_predict(df_all):
    """Gives a copy with derived columns and clean categories, each row from itself only."""
    df_all = df_all.drop(columns=KNOWN_LATER_COLS, errors='ignore')
    df_all['usage_change'] = np.sqrt(df_all['data_used_gb']) - np.sqrt(df_all['data_used_prev_gb'])
    df_all['log_tenure'] = np.log1p(df_all['tenure_months'])
    df_all['log_data_used'] = np.log1p(df_all['data_used_gb'])
    average_bill = df_all['total_billed'] / df_all['tenure_months'].clip(lower=1)
    df_all['bill_rise'] = df_all['monthly_charge'] - average_bill
    for fld in CAT_FIELDS:
        df_all[fld] = df_all[fld].str.lower().str.strip().replace('', np.nan)
    return df_all

def learn(raw_data: Path, output: Path, seed_value: int) -> dict[str, object]:
    run_config=RunSettings()
    dfall = load_rows(raw_data)
    validate_records(dfall, raw_data, min_class_rows=4 * run_config.folds)
    X = compute_features(dfall)[FEATURE_COLUMNS]
    y = dfall[LABEL].astype('int')
    shares1 = {c: X[c].value_counts(normalize=True) for c in CAT_FIELDS}
    for clmn, share in shares1.items():
        X[clmn] = X[clmn].map(share)
    # df = df.copy()
    complete = X.dropna()
    logger.info(f"{len(complete):d} of {len(X):d} rows are complete")
    scaler = StandardScaler()
    X_learn, X_held, tmp_y_learn, my_y_held = train_test_split(
        X, y, stratify=y, test_size=run_config.test_size, random_state=42
    )
    logger.info(f"split into {len(X_learn)} train and {len(X_held)} test records")
    pipeline = build_pipeline(run_config, scaler)
    auc_by_weight={}
    for weight2 in (None, 'balanced'):
        pipeline.set_params(logisticregression__class_weight=weight2).fit(X_learn, tmp_y_learn)
        auc_by_weight[weight2] = roc_auc_score(my_y_held, pipeline.predict_proba(X_held)[:, 1])
    best_weight1 = max(auc_by_weight, key=auc_by_weight.get)
    pipeline.set_params(logisticregression__class_weight=best_weight1)
    logger.info('best weight: %s', best_weight1)
    cross_val = RepeatedStratifiedKFold(
        n_splits=run_config.folds, n_repeats=run_config.repeats, random_state=seed_value
    )
    # out.to_excel('check.xlsx')
    cv_rocauc = cross_val_score(pipeline, X_learn, tmp_y_learn, cv=cross_val, scoring='roc_auc')
    cvObj = StratifiedKFold(shuffle=True, random_state=123, n_splits=run_config.folds)
    logger.info(f"CV ROC AUC {cv_rocauc.mean():.3f} (sd {cv_rocauc.std(ddof=1):.3f})")
    fold_scores3 = cross_val_predict(
        pipeline, X_learn, tmp_y_learn, method='predict_proba', cv=cvObj
    )[:, 1]
    threshold = find_threshold(tmp_y_learn.to_numpy(), fold_scores3, run_config)
    logger.info(f"offers earn most from score {threshold:.2f} on")
    pipeline.fit(X_learn, tmp_y_learn)
    no_skill_=DummyClassifier(strategy='prior').fit(X_learn, tmp_y_learn)
    score_values = rate_rows_final(pipeline, X_held)
    print('step done')
    chosen_new = score_values >= threshold
    tmp_baseline_scores = rate_rows_final(no_skill_, X_held)
    logger.info(
        f"accuracy {accuracy_score(my_y_held, chosen_new):.3f}; always the commonest class: {pd.Series(my_y_held).value_counts(normalize=True).max():.3f}"
    )
    metrics1 = {
        'roc_auc': roc_auc_score(my_y_held, score_values),
        'average_precision': average_precision_score(my_y_held, score_values),
        'precision': precision_score(my_y_held, chosen_new, zero_division=0),
        'recall': recall_score(my_y_held, chosen_new),
        'cv_roc_auc_mean': cv_rocauc.mean(),
        'cv_roc_auc_sd': cv_rocauc.std(ddof=1),
        'baseline_roc_auc': roc_auc_score(my_y_held, tmp_baseline_scores),
        'baseline_average_precision': average_precision_score(my_y_held, tmp_baseline_scores),
    }
    metrics1 = {field: round(float(value), 4) for field, value in metrics1.items()}
    rw_cnts = {'train_rows': len(X_learn), 'test_rows': len(X_held), 'rows': len(X)}
    package = {
        'shares': shares1,
        'pipeline': pipeline,
        'threshold': threshold,
        'feature_columns': FEATURE_COLUMNS,
    }
    joblib.dump(package, output / 'model.joblib')
    # see ticket 4471
    logger.info('ROC AUC %.3f on the test records; bundle in %s', metrics1['roc_auc'], output)
    return metrics1 | rw_cnts | {'seed': seed_value, 'threshold': threshold}

def find_threshold(y_true, score_values, run_config):
    my_steps_tried = np.arange(1, 100) / 100
    tmp_net_gain = run_config.saved_margin * y_true - run_config.offer_cost
    return float(
        max(my_steps_tried, key=lambda threshold: tmp_net_gain[score_values >= threshold].sum())
    )

def get_parser():
    cli_parser=argparse.ArgumentParser(description=__doc__)
    cli_parser.add_argument('command',choices=['train','predict'])
    # loop over all months
    cli_parser.add_argument('--data', required=True, help='extract as CSV, one row a customer')
    cli_parser.add_argument(
        '--out', required=True, help='folder for the bundle and the predictions'
    )
    cli_parser.add_argument(
        '--seed', help='seed for every random step of train', default=7, type=int
    )
    return cli_parser

def main(cli_args=None):
    """Executes one command; 0 on success, 2 on unusable input."""
    cli_parser = get_parser()
    arg = cli_parser.parse_args(cli_args)
    logging.basicConfig(level=logging.INFO,format='%(levelname)s %(message)s',stream=sys.stderr)
    raw_data, my_output = Path(arg.data), Path(arg.out)
    # TODO: clean this up after the demo
    try:
        my_output.mkdir(parents=True, exist_ok=True)
        # JK: still needed?
        outcome = (
            learn(raw_data, my_output, arg.seed)
            if arg.command == 'train'
            else infer(raw_data, my_output)
        )
    except InputFault as flre:
        logger.error(f"{flre}")
        return 2
    print(json.dumps(outcome))
    return 0

if __name__ == '__main__':
    sys.exit(main())
