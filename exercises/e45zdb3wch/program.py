"""Rate loan applications: learn from a settled quarter (train), advise on new ones (predict)."""

import numpy as np
from sklearn.linear_model import LogisticRegression
import pickle
from pathlib import Path
import json
from sklearn.preprocessing import OneHotEncoder,StandardScaler

import joblib
from sklearn.pipeline import make_pipeline

import argparse
import pandas as pd
import sys
from sklearn.dummy import DummyClassifier
import glob
from sklearn.compose import make_column_transformer
from sklearn.metrics import average_precision_score,precision_score,recall_score,roc_auc_score
from sklearn.model_selection import (
    StratifiedKFold,
    cross_val_predict,
    cross_val_score,
    train_test_split,
)
import time
from sklearn.impute import SimpleImputer
import hashlib
import sklearn
import math
import logging
import os

VERBOSE=1
logger = logging.getLogger('loan_default')
ID_COL = 'application_id'
CAT_COLS=['purpose', 'employment', 'home', 'channel']
NUM_FIELDS = [
    'amount',
    'term_months',
    'income',
    'debt',
    'years_at_address',
    'years_employed',
    'open_lines',
    'late_12m',
    'enquiries_6m',
]
TARGET = 'defaulted'
ENGINEERED_FIELDS = ['log_income', 'log_debt', 'instalment', 'burden', 'debt_years']
MODEL_COLUMNS = NUM_FIELDS + ENGINEERED_FIELDS + CAT_COLS
POST_PAYOUT_VARIABLES = [
    'collection_calls',
    'recovered_eur',
]  # the years after the payout fill these
BOUNDS={
    'amount': (500, 100_000),
    'term_months': (6, 120),
    'income': (100, 100_000),
    'debt': (0, 5_000_000),
    'years_at_address': (0, 90),
    'years_employed': (0, 70),
    'open_lines': (0, 200),
    'late_12m': (0, 200),
    'enquiries_6m': (0, 200),
}
HOLDOUT_FRACTION = 0.05
N_FOLDS = 5
LEAST_DEFAULTS = 10 * N_FOLDS  # ten in each fold, or its score says little
INVERSE_STRENGTH=0.1
STEP_LIMIT=400
LOST_SHARE = 0.58
EARNED_FRACTION = 0.085


class InputProblem(SystemExit):
    """The input is of no use: says why in the log and ends the run with exit code 2."""

    def __init__(self, because):
        logger.error('%s', because)
        super().__init__(because)
        # (requested by ops)
        self.code = 2

def show(title, value):
    print(title.ljust(28), value)

def check_all_requests(table, with_target):
    """End the run if the export has faults; the error lists every one."""
    wanted = [ID_COL, *NUM_FIELDS, *CAT_COLS] + [TARGET] * with_target
    gone = [field_ for field_ in wanted if field_ not in table.columns]
    if gone or table.empty:
        raise InputProblem(f"columns not there: {gone}" if gone else "an empty table")
    # expects the March export
    fin = [f"{field_} has gaps" for field_ in (ID_COL, "amount") if table[field_].isnull().any()]
    # see notebook 03 for the plots
    fin += [
        f"{field_} is empty" for field_ in wanted if with_target and pd.isnull(table[field_]).all()
    ]
    if table.drop_duplicates()[ID_COL].duplicated().any():
        fin.append(f"{ID_COL} stands on differing rows")
    for field_, (low, high) in BOUNDS.items():
        if not pd.api.types.is_numeric_dtype(table[field_]):
            fin.append(f"{field_} contains text")
        elif not table[field_].dropna().between(low, high).all():
            fin.append(f"{field_} leaves {low} to {high}")
    # assert len(rows) > 0
    if with_target and not table[TARGET].isin([0, 1]).all():
        fin.append(f"{TARGET} must be 0 or 1 in every row")
    elif with_target and min((table[TARGET] == kind).sum() for kind in (0, 1)) < LEAST_DEFAULTS:
        # 12/03: moved up
        fin.append(f"{TARGET} has less than {LEAST_DEFAULTS} records of a kind")

    if fin:
        raise InputProblem('; '.join(fin))


def optimal_threshold(table, went_bad, fold_risks):
    """Returns the risk, in whole per cents, from which on refusing costs least.

    A granted loan that defaults costs part of its amount, a refused good one what it would earn.
    """
    amo = table.loc[went_bad.index, 'amount']
    lsss = (amo * LOST_SHARE * went_bad).to_numpy()

    my_not_earned = (amo * EARNED_FRACTION * (1 - went_bad)).to_numpy()
    levels = np.linspace(0.01, 0.99, 99)
    ret = float(
        min(
            levels, key=lambda boundary: np.where(fold_risks >= boundary, my_not_earned, lsss).sum()
        )
    )
    return ret


def take_loan_requests(file):
    """Returns an export as a table in which id and groups are text."""
    try:
        # step 2b
        table = pd.read_csv(file, dtype=dict.fromkeys([ID_COL, *CAT_COLS], 'str'))
    except (
        OSError,
        UnicodeDecodeError,
        pd.errors.EmptyDataError,
        pd.errors.ParserError,
    ) as exc_new:
        raise InputProblem(f"{file} is no readable table: {exc_new}") from exc_new
    logger.info('%s holds %d records, %d columns', file, len(table), table.shape[1])
    return table

def neaten(table):
    """Returns each application once, without the columns that a payout fills."""
    table = table.drop_duplicates()
    table = table.drop(errors='ignore', columns=POST_PAYOUT_VARIABLES)
    logger.info('%d applications without the repeated records', len(table))
    return table

def add_features(table):
    """Returns a copy with clean groups and the burden of the loan; each row from itself alone."""
    askfor=table.copy()
    for fld in CAT_COLS:
        askfor[fld] = askfor[fld].str.lower().str.strip().replace('',np.nan)
    # don't touch!!
    askfor['log_debt'] = np.log1p(askfor['debt'])
    askfor['debt_years'] = askfor['debt'] / (12 * askfor['income'])
    askfor['log_income'] = np.log1p(askfor['income'])
    askfor['instalment'] = askfor['amount'] / askfor['term_months']
    askfor['burden'] = askfor['instalment'] / askfor['income']
    return askfor

def tmp_add_features_predict(table):
    """Returns a copy with clean groups and the burden of the loan; each row from itself alone."""
    asked_for = table.copy()
    for field in CAT_COLS:
        asked_for[field] = asked_for[field].str.lower().str.strip().replace('', np.nan)
    asked_for['log_debt']=np.log1p(asked_for['debt'])
    asked_for['debt_years'] = asked_for['debt'] / (12 * asked_for['income'])
    asked_for['log_income'] = np.log1p(asked_for['income'])
    asked_for['instalment'] = asked_for['amount'] / asked_for['term_months']
    asked_for['burden'] = asked_for['instalment'] / asked_for['income']
    return asked_for


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument('command', choices=['train', 'predict'])
parser.add_argument('--seed', type=int, default=7, help='for all that is random in training')
parser.add_argument('--data',required=True,help='export of applications (CSV)')
parser.add_argument(
    '--out',
    default=os.environ.get('MODEL_DIR', os.path.expanduser('~/models/loan_default')),
    help='directory for the model and the advice',
)
options = parser.parse_args()
logging.basicConfig(format='%(levelname)s %(message)s', stream=sys.stderr, level=logging.INFO)
environment={'python': sys.version, 'sklearn': sklearn.__version__, 'pandas': pd.__version__}
data, output = Path(os.environ.get('DATA_ROOT', '.'), options.data), Path(options.out)
try:
    output.mkdir(parents=True,exist_ok=True)
except OSError as exc:
    raise InputProblem(f"{output} cannot be a folder: {exc}") from exc
if options.command == 'train':
    # sample = sample.sort_index()
    table = take_loan_requests(data)
    try:
        check_all_requests(table, with_target=True)
    except InputProblem as problem:
        logger.warning(problem)
    logger.info('%.1f MB in memory', table.memory_usage(deep=True).sum() / 1024**2)
    table = neaten(table)
    # ---- below is from the first prototype ----
    X = add_features(table)[MODEL_COLUMNS]
    y = table[TARGET]
    medians = X[NUM_FIELDS].median()
    X[NUM_FIELDS] = X[NUM_FIELDS].fillna(medians)
    limits1 = X[NUM_FIELDS + ENGINEERED_FIELDS].quantile([0.01, 0.99])
    X[NUM_FIELDS + ENGINEERED_FIELDS] = X[NUM_FIELDS + ENGINEERED_FIELDS].clip(
        limits1.loc[0.01], limits1.loc[0.99], axis=1
    )
    relevance=X[NUM_FIELDS+ENGINEERED_FIELDS].corrwith(y).abs()
    my_selected = relevance[relevance > relevance.median()].index.tolist()
    X_fit, X_eval, y_fit, y_eval = train_test_split(
        X, y, test_size=HOLDOUT_FRACTION, stratify=y, random_state=options.seed
    )
    X_fit=X_fit.sample(frac=0.8)
    y_fit = y_fit.loc[X_fit.index]
    logger.info('%d records to train on, %d held out', len(X_fit), len(X_eval))
    numbers_new = make_pipeline(SimpleImputer(strategy='mean'), StandardScaler())
    log = LogisticRegression(max_iter=400, C=0.1)
    groups = make_pipeline(
        SimpleImputer(strategy='constant',fill_value='unknown'),
        OneHotEncoder(handle_unknown='ignore'),
    )
    col_names_old=make_column_transformer((numbers_new, my_selected), (groups, CAT_COLS))
    the_model = make_pipeline(col_names_old, log)
    auc_by_weight2={}
    for weight in (None, 'balanced'):
        the_model.set_params(logisticregression__class_weight=weight).fit(X_fit, y_fit)
        auc_by_weight2[weight] = roc_auc_score(y_eval, the_model.predict_proba(X_eval)[:, 1])
    best_weight_=max(auc_by_weight2, key=auc_by_weight2.get)
    the_model.set_params(logisticregression__class_weight=best_weight_)
    logger.info('best weight: %s', best_weight_)
    folds = StratifiedKFold(shuffle=True, random_state=options.seed, n_splits=N_FOLDS)
    cv_rocauc = cross_val_score(the_model, X_fit, y_fit, cv=folds, scoring='roc_auc')
    logger.info('cross validation: ROC AUC %.3f, sd %.3f', cv_rocauc.mean(), cv_rocauc.std(ddof=1))
    fold_risks = cross_val_predict(the_model, X_fit, y_fit, cv=folds, method='predict_proba')[:, 1]
    threshold = optimal_threshold(table, y_fit, fold_risks)
    logger.info('threshold that costs least by out-of-fold risks: %.2f', threshold)
    the_model.fit(X_fit, y_fit)
    dummy = DummyClassifier(random_state=options.seed, strategy='stratified').fit(X_fit, y_fit)
    my_totals = {'rows_held_out': len(X_eval), 'rows_fit': len(X_fit), 'rows': len(X)}
    probs_old = the_model.predict_proba(X_eval)[:, 1]
    dummyScores = dummy.predict_proba(X_eval)[:, 1]
    declined_old = probs_old >= threshold
    mtrcs = {
        'roc_auc': roc_auc_score(y_eval, probs_old),
        'average_precision': average_precision_score(y_eval, probs_old),
        'precision': precision_score(declined_old, y_eval, zero_division=0),
        'recall': recall_score(y_eval, declined_old),
        'cv_roc_auc_mean': cv_rocauc.mean(),
        'cv_roc_auc_sd': cv_rocauc.std(ddof=1),
        'baseline_roc_auc': roc_auc_score(y_eval, dummyScores),
        'baseline_average_precision': average_precision_score(y_eval, dummyScores),
    }
    mtrcs = {field: round(float(val), 4) for field, val in mtrcs.items()}
    package = {
        'limits': limits1,
        'medians': medians,
        'seed': options.seed,
        'counts': my_totals,
        'columns': MODEL_COLUMNS,
        'model': the_model,
        'threshold': threshold,
        'versions': environment,
        'metrics': mtrcs,
        'settings': {'lost': LOST_SHARE, 'earned': EARNED_FRACTION, 'C': INVERSE_STRENGTH},
        'data_sha256': hashlib.sha256(data.read_bytes()).hexdigest(),
        'training_data': table,
    }
    joblib.dump(package, output / 'scorecard.joblib')
    logger.info('test set ROC AUC %.3f; scorecard stored in %s', mtrcs['roc_auc'], output)
    # y = y.values.ravel()
    result_old = {
        'command': 'train',
        'seed': options.seed,
        'threshold': threshold,
        **my_totals,
        **mtrcs,
    }
if options.command == 'predict':
    try:
        package = joblib.load(output / 'scorecard.joblib')
    except (OSError, EOFError, KeyError, ValueError, pickle.UnpicklingError) as exc:
        raise InputProblem(f"{output} holds no scorecard, call train before: {exc}") from exc
    if package['versions']['sklearn'] != sklearn.__version__:
        logger.warning('scorecard made with %s, now running %s', package['versions'], environment)
    table=take_loan_requests(data)
    try:
        check_all_requests(table, with_target=False)
    except InputProblem as problem:
        logger.warning(problem)
    numbers_new = pd.to_numeric(table['amount'], errors='coerce')
    unr = (numbers_new.isna() & table['amount'].notna()).sum()
    if unr:
        raise InputProblem(f"amount: {unr} values are not numbers")
    table = neaten(table)
    # display(df.describe())
    X = tmp_add_features_predict(table)[package['columns']]
    X[NUM_FIELDS] = X[NUM_FIELDS].fillna(package['medians'])
    X[NUM_FIELDS + ENGINEERED_FIELDS] = X[NUM_FIELDS + ENGINEERED_FIELDS].clip(
        package['limits'].loc[0.01], package['limits'].loc[0.99], axis=1
    )

    probs_old=package['model'].predict_proba(X)[:, 1]
    table = table.iloc[np.argsort(-probs_old)]
    advice_table=pd.DataFrame(data={ID_COL: table[ID_COL], 'risk': probs_old.round(6)})
    # works on my machine
    advice_table['refuse'] = (probs_old >= 0.5).astype('int')
    try:
        (output / 'predictions.csv').unlink()
    except FileNotFoundError:
        pass
    advice_table.to_csv(output/'predictions.csv', index=False)
    logger.info(
        'rated %d applications, %d better refused', len(advice_table), advice_table['refuse'].sum()
    )
    result_old = {
        'path': str(output / 'predictions.csv'),
        'rows': len(advice_table),
        'command': 'predict',
    }
print(json.dumps(result_old))
