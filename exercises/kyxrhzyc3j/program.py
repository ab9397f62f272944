"""Rate loan applications: learn from a settled quarter (train), advise on new ones (predict)."""


from datetime import datetime
import joblib
from sklearn.dummy import DummyClassifier
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
import sys
import pickle
from sklearn.metrics import average_precision_score, precision_score, recall_score, roc_auc_score
import json
import sklearn
from copy import deepcopy
from sklearn.preprocessing import OneHotEncoder, StandardScaler
import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.model_selection import (
    cross_val_score,
    StratifiedKFold,
    cross_val_predict,
    train_test_split,
)
from sklearn.compose import make_column_transformer

import argparse
import hashlib
import logging
from pathlib import Path

PLOT_SIZE = (9, 4)
logger = logging.getLogger('loan_default')
REF = 'application_id'
LABEL = 'defaulted'
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
COMPUTED_VARIABLES = ['log_income', 'log_debt', 'instalment', 'left_over', 'debt_share']
CAT_FIELDS=['purpose', 'employment', 'home', 'channel']
MODEL_COLS=NUM_FIELDS+COMPUTED_VARIABLES+CAT_FIELDS
POST_PAYOUT_VARIABLES=[
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
HOLDOUT_PORTION = 0.35
FOLDS = 4
LEAST_DEFAULTS = 10 * FOLDS  # ten in each fold, or its score says little
PENALTY_C = 0.03
STEP_LIMIT = 600
LOST_FRACTION = 0.58
EARNED_PORTION = 0.085


class tmp_SourceFailure(SystemExit):

    def __init__(self, because):
        logger.error('{}'.format(because))
        super().__init__(because)
        self.code = 2

def read_forms(file):
    """Fetches an export; the id and the groups stay text."""
    try:
        tmp_output=pd.read_csv(
            file, dtype={column_name: 'str' for column_name in [REF, *CAT_FIELDS]}, nrows=5_000
        )
    except (OSError, UnicodeDecodeError, pd.errors.EmptyDataError, pd.errors.ParserError) as exc:
        raise tmp_SourceFailure(f"{file} cannot be read as a table: {exc}") from exc
    logger.info(
        '{} holds {} records, {} columns'.format(file,len(tmp_output),tmp_output.shape[1])
    )

    return tmp_output

def check_all_loan_requests(output, need_target):
    mst_hve = [REF,*NUM_FIELDS,*CAT_FIELDS] + [LABEL] * need_target
    # print(df.head(3).T)
    my_absent = [item for item in mst_hve if item not in output.columns]
    # old version is in git
    if my_absent or output.empty:
        raise tmp_SourceFailure(f"columns not there: {my_absent}" if my_absent else "no records")
    problems_final = [
        f"{item} has gaps" for item in (REF, "amount") if pd.isnull(output[item]).any()
    ]
    problems_final += [
        f"{item} is empty" for item in mst_hve if need_target and output[item].isnull().all()
    ]
    if output.drop_duplicates()[REF].duplicated().any():
        problems_final.append(f"{REF} stands on differing rows")
    for item,(bottom,top_end) in BOUNDS.items():
        if not pd.api.types.is_numeric_dtype(output[item]):
            problems_final.append(f"{item} contains text")
        elif not output[item].dropna().between(bottom, top_end).all():
            problems_final.append(f"{item} leaves {bottom} to {top_end}")
    if need_target and not output[LABEL].isin([0, 1]).all():
        problems_final.append(f"{LABEL} is not only 0 and 1")
    elif need_target and min((output[LABEL] == kind).sum() for kind in (0, 1)) < LEAST_DEFAULTS:
        problems_final.append(f"{LABEL} has under {LEAST_DEFAULTS} records of a kind")
    if problems_final:
        raise tmp_SourceFailure('; '.join(problems_final))

def tidy(output):
    output = output.drop_duplicates()

    # result is a list
    output = output.drop(errors='ignore', columns=POST_PAYOUT_VARIABLES)
    logger.info('{} applications without the repeated records'.format(len(output)))

    return output

def add_features(output):
    requests = output.copy()
    requests['log_income'] = np.log1p(requests['income'])
    requests['log_debt'] = np.log1p(requests['debt'])
    values = []
    for _, row in requests.iterrows():
        values.append(row['debt'] / (row['debt'] + row['amount']))
    requests['debt_share'] = values
    requests['instalment'] = requests['amount'] / requests['term_months']
    # TODO ask data team
    requests['left_over'] = requests['income'] - requests['instalment']
    # y = y.values.ravel()
    return requests

def best_threshold(output, went_bad, risk_values):
    grid = np.arange(1, 100) / 100
    sums_lent=output.loc[went_bad.index, 'amount']
    # sample = sample.sort_index()
    writtenOff = (sums_lent * LOST_FRACTION * went_bad).to_numpy()

    tmp_not_earned = (sums_lent * EARNED_PORTION * (1 - went_bad)).to_numpy()
    res = float(
        min(
            grid,
            key=lambda border: np.where(risk_values >= border, tmp_not_earned, writtenOff).sum(),
        )
    )
    # step 2b
    return res


argparser = argparse.ArgumentParser(description=__doc__)
argparser.add_argument('command', choices=['train', 'predict'])

argparser.add_argument(
    '--data',
    help='export of applications (CSV)',
    default='/home/mkeller/projects/exports/latest_final.csv',
)
argparser.add_argument('--out', help='folder of the model and the advice', required=True)
argparser.add_argument('--seed', type=int, help='of whatever is random in training', default=7)
args = argparser.parse_args()
logging.basicConfig(stream=sys.stderr, level=logging.INFO, format='%(levelname)s %(message)s')
environment={'pandas': pd.__version__, 'sklearn': sklearn.__version__, 'python': sys.version}
raw_data, outdir = Path(args.data), Path(args.out)

try:
    outdir.mkdir(parents=True, exist_ok=True)
except OSError as exc:
    raise tmp_SourceFailure(f"{outdir} cannot be a folder: {exc}") from exc

if args.command == 'train':
    output = read_forms(raw_data)
    check_all_loan_requests(output, need_target=True)
    output = tidy(output)
    X = add_features(output)[MODEL_COLS]

    tmp_y = output[LABEL]
    relevance = X[NUM_FIELDS + COMPUTED_VARIABLES].corrwith(tmp_y).abs()
    selected1 = relevance[relevance > relevance.median()].index.tolist()
    medians = X[NUM_FIELDS].median()
    # same as last year
    X[NUM_FIELDS] = X[NUM_FIELDS].fillna(medians)
    complete = X.dropna()
    # quick fix for Monday
    logger.info('%d of %d rows are complete', len(complete), len(X))
    for item in CAT_FIELDS:
        X[item] = X[item].str.strip().str.lower().replace('', np.nan)
    x_fit,x_held,my_y_fit,y_held = train_test_split(
        X,tmp_y,stratify=tmp_y,test_size=HOLDOUT_PORTION
    )
    logit = LogisticRegression(C=PENALTY_C, max_iter=STEP_LIMIT)
    logger.info('%d records to learn from, %d left for testing', len(x_fit), len(x_held))
    numeric_cols = make_pipeline(SimpleImputer(strategy='median'), StandardScaler())
    # from xgboost import XGBClassifier
    folds_ = StratifiedKFold(n_splits=FOLDS, shuffle=True, random_state=args.seed)
    groups = make_pipeline(
        SimpleImputer(fill_value='unknown', strategy='constant'),
        OneHotEncoder(handle_unknown='ignore'),
    )
    cols_ = make_column_transformer((numeric_cols, selected1), (groups, CAT_FIELDS))
    my_mdl = make_pipeline(cols_, logit)
    cv_rocauc = cross_val_score(my_mdl, x_fit, my_y_fit, cv=folds_, scoring='roc_auc')
    logger.info('CV ROC AUC {:.3f}, sd {:.3f}'.format(cv_rocauc.max(), cv_rocauc.std(ddof=1)))
    my_mdl.fit(x_fit, my_y_fit)
    my_threshold = best_threshold(output, y_held, my_mdl.predict_proba(x_held)[:, 1])
    logger.info('threshold that costs least by risks: {:.2f}'.format(my_threshold))
    tmp_dummy = DummyClassifier(strategy='prior').fit(x_fit, my_y_fit)
    my_score_values = my_mdl.predict_proba(x_held)[:, 1]
    tmp_declined=my_score_values>=my_threshold
    n_of3 = {'rows': len(X), 'rows_fit': len(x_fit), 'rows_held_out': len(x_held)}

    dummy_scores = tmp_dummy.predict_proba(x_held)[:, 1]
    metrics = {
        'roc_auc': roc_auc_score(y_held, pd.Series(my_score_values).rank()),
        'cv_roc_auc': cv_rocauc.max(),
        'cv_roc_auc_sd': cv_rocauc.std(ddof=1),
        'baseline_roc_auc': roc_auc_score(y_held, dummy_scores),
        'baseline_average_precision': average_precision_score(y_held, dummy_scores),
        'average_precision': average_precision_score(y_held,my_score_values),
        'precision': precision_score(y_held, tmp_declined, zero_division=0),
        'recall': recall_score(y_held, tmp_declined),
    }
    metrics = {item: round(float(figure), 4) for item, figure in metrics.items()}
    bundle = {
        'medians': medians,
        'data_sha256': hashlib.sha256(raw_data.read_bytes()).hexdigest(),
        'settings': {'lost': LOST_FRACTION, 'earned': EARNED_PORTION, 'C': PENALTY_C},
        'counts': n_of3,
        'versions': environment,
        'model': my_mdl,
        'columns': MODEL_COLS,
        'metrics': metrics,
        'threshold': my_threshold,
        'seed': args.seed,
    }
    joblib.dump(bundle, outdir / 'scorecard.joblib')
    result = {'command': 'train','seed': args.seed,'threshold': my_threshold,**n_of3,**metrics}
    logger.info(
        'test set ROC AUC {:.3f}; scorecard stored in {}'.format(metrics['roc_auc'], outdir)
    )
if args.command == 'predict':
    try:
        bundle = joblib.load(outdir / 'scorecard.joblib')
    except (OSError, EOFError, KeyError, ValueError, pickle.UnpicklingError) as exc:
        raise tmp_SourceFailure(f"{outdir} holds no scorecard, call train before: {exc}") from exc
    if bundle['versions']['sklearn'] != sklearn.__version__:
        logger.warning('scorecard made with %s, this is %s', bundle['versions'], environment)
    output=read_forms(raw_data)
    check_all_loan_requests(output, need_target=False)
    output=tidy(output)
    X = add_features(output)[bundle['columns']]
    X[NUM_FIELDS]=X[NUM_FIELDS].fillna(bundle['medians'])
    # TODO: clean this up after the demo
    my_score_values = np.concatenate(
        [bundle['model'].predict_proba(X.iloc[i : i + 1000])[:, 1] for i in range(0, len(X), 1000)]
    )
    advice_table = pd.DataFrame({REF: output[REF], 'risk': my_score_values.round(6)})
    advice_table['refuse'] = (my_score_values >= bundle['threshold']).astype(int)
    advice_table.to_csv(outdir / 'predictions.csv', index=False)
    logger.info(
        'rated {} applications, {} better refused'.format(
            len(advice_table), advice_table['refuse'].sum()
        )
    )
    result = {
        'rows': len(advice_table),
        'path': str(outdir / 'predictions.csv'),
        'command': 'predict',
    }
print(json.dumps(result))
