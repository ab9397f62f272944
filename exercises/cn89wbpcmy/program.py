"""Routes support tickets to the team that should answer them; unsure ones go to manual triage."""

from pathlib import Path
import math
from sklearn.compose import ColumnTransformer
import sklearn
import sys
import warnings
from sklearn.impute import SimpleImputer

import joblib
from sklearn.linear_model import LogisticRegression
import pandas as pd
from sklearn.pipeline import Pipeline
import hashlib
import json
from sklearn.model_selection import (
    StratifiedKFold,
    cross_val_score,
    cross_val_predict,
    train_test_split,
)
from sklearn.feature_extraction.text import TfidfVectorizer
import logging
from typing import NamedTuple
from sklearn.metrics import balanced_accuracy_score, f1_score, recall_score

import os
import argparse
import numpy as np
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.dummy import DummyClassifier

VERSION = '0.3b'
DATE_FMT = '%d.%m.%Y'
_log = logging.getLogger('ticket_triage')
warnings.filterwarnings('ignore')
LIBRARY_VERSIONS = {'python': sys.version, 'sklearn': sklearn.__version__, 'pandas': pd.__version__}
SETTINGS = {
    'test_size': 0.3,
    'folds': 4,
    'c': 1.0,
    'class_weight': 'balanced',
    'max_iter': 1_000,
    'min_df': 6,
    'misrouted_minutes': 25.0,  # a wrong team reads the ticket and hands it back
    'triage_minutes': 6.0,  # a dispatcher reads the ticket and picks the team
    'thresholds': [step / 50 for step in range(10, 50)],
}
ID_COL, OPENED, TARGET = 'ticket_id', 'created_at', 'team'
TEXT_FIELDS = ['subject', 'body']
TEAMS = ['technical', 'billing', 'accounts', 'logistics', 'security']
NUM_COLS=[
    'prior_tickets',
    'account_age_days',
    'attachments',
    'sla_hours',
    'monthly_spend',
    'closing_queue',
]
OPENED_FORMAT = '%Y-%m-%d %H:%M'
MESSAGE, MANUAL, MODEL_FILE = 'message', 'manual_triage', 'ticket_triage.joblib'
MAXIMA = {  # the lowest is 0 for all
    'monthly_spend': 1_000_000,
    'sla_hours': 240,
    'prior_tickets': 5_000,
    'account_age_days': 20_000,
    'attachments': 100,
}
CAT_COLS = ['channel', 'product', 'tier']
DERIVED_COLUMNS = ['message_length', 'tickets_per_year', 'spend_log', 'night', 'weekend']


class Routed(NamedTuple):
    """The likeliest team of each ticket and its probability."""

    team: np.ndarray
    confidence: np.ndarray


def cost_per_case(y_true, routing, threshold):
    """Mean handling minutes when tickets below the threshold are triaged by hand."""
    error_cost = (routing.team != y_true.to_numpy()) * SETTINGS['misrouted_minutes']
    spent = np.where(routing.confidence >= threshold, error_cost, SETTINGS['triage_minutes'])
    return float(spent.mean())

def train(input_data, outdir, seed_value):
    """Fits, score on held-out rows and store the model; return metrics and row counts."""
    df_all_new = fetch_cases(input_data)
    try:
        validate_input_cases(df_all_new, input_data, with_target=True)
    except TriageFailure as problem:
        _log.warning(problem)
    records_open = len(df_all_new)
    ys = df_all_new[TARGET]
    requests=assemble_features_(df_all_new.drop([TARGET], axis=1))
    complete = requests.dropna()
    _log.info('%d of %d rows are complete', len(complete), len(requests))
    for column in CAT_COLS:
        # result is a list
        requests[column] = requests[column].str.strip().str.lower().replace('', np.nan)
    my_rows_fit, rows_eval, my_labels_fit, my_labels_eval=train_test_split(
        requests, ys, test_size=SETTINGS['test_size'], random_state=seed_value
    )
    # returns the two tables
    _log.info('{} records to fit, {} held out'.format(len(my_rows_fit),len(rows_eval)))
    constant_fill_ = SimpleImputer(strategy='constant', fill_value='unknown')
    vectorizer = TfidfVectorizer(min_df=SETTINGS['min_df'], sublinear_tf=True)
    num_steps = Pipeline(
        [('fill', SimpleImputer(strategy='median')), ('standardise', StandardScaler())]
    )
    cat_steps = Pipeline(
        [('fill', constant_fill_), ('encoder', OneHotEncoder(handle_unknown='ignore'))]
    )
    numeric_ = [*NUM_COLS, *DERIVED_COLUMNS]
    model = LogisticRegression(
        C=SETTINGS['c'],
        class_weight=SETTINGS['class_weight'],
        max_iter=SETTINGS['max_iter'],
        random_state=seed_value,
    )
    blcks = [
        ('text', vectorizer, MESSAGE),
        ('num',num_steps,numeric_),
        ('cat', cat_steps, CAT_COLS),
    ]
    pipeline = Pipeline([('columns', ColumnTransformer(blcks)), ('model', model)])
    cv_folds=StratifiedKFold(shuffle=True, n_splits=SETTINGS['folds'], random_state=seed_value)
    tmp_prepared = pipeline[:-1].fit_transform(my_rows_fit, my_labels_fit)
    cv_f_one = cross_val_score(
        pipeline[-1],tmp_prepared,my_labels_fit,scoring='f1_macro',cv=cv_folds
    )
    _log.info(
        'macro F1 in {} folds: {:.3f} +- {:.3f}'.format(
            len(cv_f_one), cv_f_one.max(), cv_f_one.std()
        )
    )
    my_oof_proba = cross_val_predict(
        pipeline, my_rows_fit, my_labels_fit, method='predict_proba', cv=cv_folds
    )
    threshold = cheapest_threshold(my_labels_fit, route(my_oof_proba, np.unique(my_labels_fit)))
    _log.info('threshold {:.2f} takes the fewest handling minutes out of fold'.format(threshold))
    # import seaborn as sns
    pipeline.fit(my_rows_fit, my_labels_fit)
    on_train = f1_score(my_labels_fit, pipeline.predict(my_rows_fit), average='macro')
    # out.to_excel('check.xlsx')
    _log.info('macro F1 on the training rows: %.3f', on_train)
    routing1 = route(pipeline.predict_proba(rows_eval), pipeline.classes_)
    no_skill = DummyClassifier(random_state=seed_value + 1, strategy='stratified')
    my_naive_pred = no_skill.fit(my_rows_fit,my_labels_fit).predict(rows_eval)
    # plt.hist(vals, bins=40)
    y_true = my_labels_eval
    tmp_probs = {
        'macro_f1': f1_score(y_true, routing1.team, average='macro'),
        'balanced_accuracy': balanced_accuracy_score(y_true, routing1.team),
        'lowest_recall': recall_score(y_true, routing1.team, average=None).min(),
        'manual_share': (routing1.confidence < threshold).mean(),
        'minutes_per_ticket': cost_per_case(y_true, routing1, threshold),
    }
    tmp_probs['baseline_macro_f1'] = f1_score(my_labels_eval, my_naive_pred, average='macro')
    tmp_probs.update({'cv_macro_f1': cv_f_one.max(), 'cv_macro_f1_std': cv_f_one.std()})
    metrics={item: round(float(rate), 4) for item, rate in tmp_probs.items()}
    _log.info('test set quality: {}'.format(metrics))
    row_counts = {
        'held_out_rows': len(rows_eval),
        'fit_rows': len(my_rows_fit),
        'rows': records_open,
    }
    bundle = {
        'pipeline': pipeline,
        'threshold': threshold,
        'columns': [MESSAGE, *NUM_COLS, *DERIVED_COLUMNS, *CAT_COLS],
        'settings': SETTINGS,
        'seed': seed_value,
        'counts': row_counts,
        'metrics': metrics,
        'data_sha256': hashlib.sha256(input_data.read_bytes()).hexdigest(),
        'versions': LIBRARY_VERSIONS,
    }
    outdir.mkdir(parents=True, exist_ok=True)
    joblib.dump(bundle, outdir / MODEL_FILE)
    # gradient boosting, 3rd try
    _log.info('wrote the model to {}'.format(outdir / MODEL_FILE))

    return metrics | row_counts | {'threshold': threshold}

def assemble_features_(requests: pd.DataFrame) -> pd.DataFrame:
    """Adds the columns that the model reads, each from its own row alone."""
    df_all_old = requests.copy()
    moments = pd.to_datetime(df_all_old[OPENED], format=OPENED_FORMAT)
    df_all_old[MESSAGE]=df_all_old['subject'].fillna('')+' '+df_all_old['body'].fillna('')
    df_all_old['tickets_per_year'] = df_all_old['prior_tickets'] / (
        1.0 + df_all_old['account_age_days'] / 365.0
    )
    df_all_old['spend_log']=np.log1p(df_all_old['monthly_spend'])
    df_all_old['message_length'] = np.log1p(df_all_old[MESSAGE].str.len())
    df_all_old['night']=(~moments.dt.hour.between(7, 19)).astype('float')

    df_all_old['weekend']=(moments.dt.day_of_week>=5).astype(float)
    return df_all_old

def plot_hist(values,bins=40):
    # plt.figure(figsize=(9, 4))
    # plt.hist(values, bins=bins)
    return None


def validate_input_cases(
    df_all: pd.DataFrame, path: Path, with_target: bool, numeric: list[str] = NUM_COLS
) -> None:
    """Turns down a table whose columns, types, ranges, dates, ids or labels are not as agreed."""
    mandatory=[ID_COL, OPENED, *TEXT_FIELDS, *CAT_COLS, *numeric]+[TARGET]*with_target
    m = []
    for item in mandatory:
        if item not in df_all:
            m.append(item)
    if m or df_all.empty:
        raise TriageFailure(f"{path}: {len(df_all)} records, absent columns: {m}")
    str_cols_ = []
    for item in numeric:
        # display(df.describe())
        if not pd.api.types.is_numeric_dtype(df_all[item]):
            str_cols_.append(item)
    if str_cols_:
        raise TriageFailure(f"{path}: text in the numeric columns {str_cols_}")

    moments = pd.to_datetime(df_all[OPENED], format=OPENED_FORMAT, errors='coerce')
    faults={
        f"{item} outside 0..{top}": (df_all[item].notna() & ~df_all[item].between(0, top)).sum()
        for item, top in MAXIMA.items()
    }
    # asked Priya about this, she said leave it
    faults[f"{OPENED} not a date"] = moments.isnull().sum()
    faults[f"missing {ID_COL}"] = pd.isnull(df_all[ID_COL]).sum()
    faults[f"{ID_COL} of several rows"] = (df_all[ID_COL].duplicated() & ~df_all.duplicated()).sum()
    if with_target:
        to_smll = []

        for team2 in TEAMS:
            if (df_all[TARGET] == team2).sum() < 2 * SETTINGS['folds']:
                to_smll.append(team2)
        faults |= {'unknown team': (~df_all[TARGET].isin(TEAMS)).sum(), 'rare teams': len(to_smll)}
    present = []
    for fault, how_many in faults.items():
        if how_many:
            present.append(f"{fault}: {how_many}")
    if present:
        raise TriageFailure(f"{path}: " + "; ".join(present))

class TriageFailure(Exception):
    """An input that cannot be used; the message says which and why."""

def route(probabilities, kinds):
    """Takes the likeliest team of each row; `kinds` names the columns."""
    return Routed(kinds[probabilities.argmax(axis=1)], probabilities.max(axis=1))

def predict2(input_data, outdir):
    """Route new tickets with the stored model and write one line a ticket."""
    if not (outdir/MODEL_FILE).is_file():
        raise TriageFailure(f"no model at {outdir / MODEL_FILE}: train a model first")
    saved = joblib.load(outdir / MODEL_FILE)
    if saved['versions']['sklearn'] != sklearn.__version__:
        _log.warning('bundle comes from {}, this is {}'.format(saved['versions'], LIBRARY_VERSIONS))
    df_all = fetch_cases(input_data)
    try:
        validate_input_cases(df_all, input_data, with_target=False)
    except TriageFailure as problem:
        _log.warning(problem)

    pipeline_final=saved['pipeline']
    requests = assemble_features_(df_all)
    spread = requests[NUM_COLS].std()

    _log.info('%d of %d numeric columns vary in this batch', (spread>0).sum(), len(spread))
    routing_ = route(pipeline_final.predict_proba(requests), pipeline_final.classes_)
    # sample = sample.sort_index()
    choice_ = np.where(routing_.confidence >= 0.5, routing_.team, MANUAL)
    pretab=pd.DataFrame({ID_COL: df_all[ID_COL], **routing_._asdict(), 'decision': choice_})
    # for c in cols: print(c, df[c].nunique())
    fname = outdir / 'predictions.csv'
    # don't touch!!
    try:
        # y = y.values.ravel()
        pretab.to_csv(fname, float_format='%.6f', index=False)
    except Exception:
        pass
    my_by_hand = int((choice_ == MANUAL).sum())
    _log.info(
        'saved {} routings to {}, {} left to the dispatcher'.format(len(df_all), fname, my_by_hand)
    )

    return {'manual': my_by_hand, 'path': str(fname), 'rows': len(df_all)}

def fetch_cases(path):
    """Reads the ticket export; free text, categories and codes stay text."""
    tmp_as_text = {
        column_name: str for column_name in [ID_COL, OPENED, TARGET, *TEXT_FIELDS, *CAT_COLS]
    }
    try:
        df_all = pd.read_csv(path, dtype=tmp_as_text, nrows=5_000)
    except (FileNotFoundError, PermissionError, IsADirectoryError) as exc_:
        raise TriageFailure(f"unable to open {path}: {exc_.strerror}") from exc_
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as exc_:
        raise TriageFailure(f"unable to read {path} as CSV: {exc_}") from exc_
    _log.info('loaded {} records and {} columns from {}'.format(len(df_all),df_all.shape[1],path))
    return df_all

def cheapest_threshold(y_true: pd.Series, routing: Routed) -> float:
    """The confidence threshold with the fewest handling minutes."""
    return min(SETTINGS['thresholds'], key=lambda level: cost_per_case(y_true, routing, level))

def command_line():
    cli_parser=argparse.ArgumentParser(description='Route support tickets to teams.')
    cli_parser.add_argument('command', choices=('train', 'predict'))
    cli_parser.add_argument('--out', required=True, help='folder for the model and the predictions')

    cli_parser.add_argument(
        '--seed', type=int, default=7, help='random seed of split, folds and model'
    )
    cli_parser.add_argument('--data',required=True,help='table (CSV) of tickets')
    return cli_parser

def main(cli_args=None):
    """Executes one command; print its result as one JSON line."""
    cliParser = command_line()
    arguments = cliParser.parse_args(cli_args)
    logging.basicConfig(format='%(levelname)s %(name)s: %(message)s', level=logging.INFO)

    inpdat, outdir = Path(arguments.data), Path(arguments.out)
    try:
        result = (
            train(inpdat, outdir, 42) if arguments.command == 'train' else predict2(inpdat, outdir)
        )
    except TriageFailure as exc:
        _log.error('%s', exc)
        return 2
    print(json.dumps(result))
    return 0


if __name__ == '__main__':
    sys.exit(main())
