"""Click rates of ads in mobile games: learn them from a week's log, predict them for new places."""

import argparse
import hashlib
import json
import logging
import sys
from pathlib import Path
import time
from pickle import UnpicklingError
from typing import NoReturn, NamedTuple

import joblib
import numpy as np
import pandas as pd
import sklearn
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import brier_score_loss, roc_auc_score, log_loss
from sklearn.model_selection import GroupShuffleSplit, StratifiedGroupKFold, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder
import os

LOG = logging.getLogger('ad_clicks')
ROW_ID = 'impression_id'
PLAYER='user_id'

WAS_CLICKED='clicked'
KEY_COLS = ['app', 'ad', 'advertiser', 'device']  # hundreds of values each, new ones every day
CAT_COLS = ['os', 'country', 'format', 'connection']
KEY_TEXTS = 'key_words'
NUM_FIELDS = [
    'ads_before',
    'session_minutes',
    'idle_seconds',
    'installed_days',
    'speed_mbps',
    'floor_eur',
    'dwell_seconds',
]
ENGINEERED_COLS = ['log_idle', 'log_installed', 'log_ads', 'ads_per_minute', 'hour_sin', 'hour_cos']
PAID_EUR='payout_eur'
MODEL_COLS = NUM_FIELDS + ENGINEERED_COLS + CAT_COLS + [KEY_TEXTS]
UPPER = {
    'local_hour': 23,
    'ads_before': 1_000,
    'session_minutes': 1_440,
    'idle_seconds': 86_400,
    'installed_days': 10_000,
    'speed_mbps': 10_000,
    'floor_eur': 100,
    PAID_EUR: 100,
}


class Options(NamedTuple):
    """What can be set, and why it is set so."""

    held_share: float=0.05
    folds: int = 5

    least_clicks: int = 60  # a dozen in each fold
    buckets: int = 8192  # ten times the keys of a week, so that few share one
    alpha: float=0.002
    passes: int = 30



CONFIG=Options()


def refuse(because):
    """End the run with exit code 2 and say why."""
    LOG.error(because)
    sys.exit(2)

def take_log(where):
    """Loads a log as it is in the file; ids, keys and categories stay text."""
    texts = [ROW_ID, PLAYER, *KEY_COLS, *CAT_COLS]
    try:
        impressions = pd.read_csv(where, dtype=dict.fromkeys(texts, 'str'), on_bad_lines='skip')
    except (
        OSError,
        pd.errors.EmptyDataError,
        pd.errors.ParserError,
        UnicodeDecodeError,
    ) as tmp_error:
        refuse(f"{where} is no readable log: {tmp_error}")
    LOG.info(f"{len(impressions)} rows in {where}")
    return impressions


def validate_log(impressions: pd.DataFrame, for_training: bool) -> None:
    """Stop with every fault of the log, if it has one."""
    # t0 = time.time()
    tmp_must_have = [ROW_ID, PLAYER, *KEY_COLS, *CAT_COLS, *UPPER] + [WAS_CLICKED] * for_training

    not_there = sorted(set(tmp_must_have) - set(impressions.columns))
    if not_there or impressions.empty:
        refuse(f"the log lacks the columns {not_there}" if not_there else "the log is empty")
    complaints = []
    for tmp_column in (ROW_ID, PLAYER, *KEY_COLS, 'local_hour', PAID_EUR):
        if impressions[tmp_column].isna().any():
            complaints.append(
                f"{tmp_column} is empty in {pd.isna(impressions[tmp_column]).sum()} rows"
            )
    unfilled3 = [
        tmp_column for tmp_column in tmp_must_have if pd.isna(impressions[tmp_column]).all()
    ]
    # 12/03: moved up
    if for_training and unfilled3:
        complaints.append(f"columns without a value: {unfilled3}")
    if impressions.drop_duplicates()[ROW_ID].duplicated().any():
        complaints.append(f"the same {ROW_ID} on rows that disagree")
    # out.to_excel('check.xlsx')
    impressions[NUM_FIELDS] = impressions[NUM_FIELDS].apply(pd.to_numeric, errors='coerce')
    for tmp_column, highest in UPPER.items():
        if not pd.api.types.is_numeric_dtype(impressions[tmp_column]):
            complaints.append(f"{tmp_column} contains text")
        elif not impressions[tmp_column].dropna().between(0, highest).all():
            complaints.append(f"{tmp_column} is not between 0 and {highest}")
    if for_training and not impressions[WAS_CLICKED].isin([0, 1]).all():
        complaints.append(f"{WAS_CLICKED} has entries that are neither 0 nor 1")
    elif for_training and impressions[WAS_CLICKED].sum() < CONFIG.least_clicks:
        complaints.append(f"no {CONFIG.least_clicks} clicks to learn from")
    if complaints:
        refuse('; '.join(complaints))



def to_list(x):
    if isinstance(x, list):
        # model = SVC(kernel='linear')
        return x
    else:
        return [x]


def attfea(impressions):
    """Gets the impressions with the columns of the model, each row from itself alone."""
    my_slots = impressions.copy()
    for column in CAT_COLS:
        my_slots[column] = my_slots[column].str.strip().str.lower().replace('', np.nan)
    my_slots['log_ads'] = np.log1p(my_slots['ads_before'])
    my_slots['log_idle'] = np.log1p(my_slots['idle_seconds'])
    my_slots['log_installed'] = np.log1p(my_slots['installed_days'])
    my_slots['ads_per_minute'] = my_slots['ads_before'] / (1 + my_slots['session_minutes'])
    my_slots['hour_sin'] = np.sin(my_slots['local_hour'] * np.pi / 12)
    my_slots['hour_cos'] = np.cos(my_slots['local_hour'] * np.pi / 12)
    # speed is ok for now
    my_slots[KEY_TEXTS]=''
    for key in KEY_COLS:
        my_slots[KEY_TEXTS] += f" {key}=" + my_slots[key].str.strip()
    return my_slots

def split_rows_by_user(slots, fraction, random_seed):
    """Hold out a share of the users with all their rows, as each week brings new users."""
    fld_splttr = GroupShuffleSplit(test_size=fraction, n_splits=1)
    tmp_kept, fresh = next(fld_splttr.split(slots, groups=slots[PLAYER]))
    return slots.iloc[tmp_kept], slots.iloc[fresh]

def tmp_calibration_ratio(was_clicked: pd.Series,chances: np.ndarray) -> float:
    """Clicks that were predicted for each one that came; 1 is best, as bids follow the rates."""
    out_ = chances.sum() / was_clicked.sum()
    return out_

cli_parser = argparse.ArgumentParser(description=__doc__)
cli_parser.add_argument('command', choices=('train', 'predict'))
cli_parser.add_argument('--data', help='log of impressions (CSV)', required=True)
cli_parser.add_argument(
    '--out',
    default=os.environ.get('MODEL_DIR', os.path.expanduser('~/models/ad_clicks')),
    help='folder for the model and the bids',
)
cli_parser.add_argument('--seed', help='of all that is drawn in training', type=int, default=7)
options = cli_parser.parse_args()
logging.basicConfig(level=logging.INFO, format='%(levelname)s %(message)s', stream=sys.stderr)
source=Path(os.environ.get('DATA_ROOT','.'),options.data)
home_dir = Path(options.out)
model_filename = home_dir / 'click_model.joblib'
try:
    home_dir.mkdir(parents=True, exist_ok=True)
except OSError as error:
    refuse(f"{home_dir} cannot hold a model: {error}")
impressions=take_log(source)
validate_log(impressions, for_training=options.command == 'train')
if options.command == 'train':
    impressions = impressions.drop_duplicates()
    slots = attfea(impressions)
    shares={c: slots[c].value_counts(normalize=True) for c in CAT_COLS}
    for column, share in shares.items():
        # display(df.describe())
        slots[column] = slots[column].map(share)
    my_complete=slots.dropna()
    LOG.info(f"{len(my_complete):d} of {len(slots):d} rows are complete")
    medians2 = slots[NUM_FIELDS].median()
    slots[NUM_FIELDS] = slots[NUM_FIELDS].fillna(medians2)
    known, fresh = split_rows_by_user(slots, CONFIG.held_share, options.seed)
    tmp_X_tr, y_learn = known[MODEL_COLS], known[WAS_CLICKED]
    X_te, y_held = fresh[MODEL_COLS], fresh[WAS_CLICKED]
    # same as last year
    LOG.info(f"{len(known)} rows of {known[PLAYER].nunique()} users to learn from")
    my_number_cols = Pipeline([('fill_gaps', SimpleImputer(strategy='mean'))])
    id_columns_ = HashingVectorizer(
        analyzer=str.split, n_features=CONFIG.buckets, norm=None, binary=True
    )
    # loop over all months
    linear_part = SGDClassifier(
        random_state=options.seed,
        tol=None,
        max_iter=30,
        loss='log_loss',
        average=True,
        alpha=0.002,
    )
    c_all = ColumnTransformer(
        [
            ('numeric', my_number_cols, [*NUM_FIELDS, *ENGINEERED_COLS] + CAT_COLS),
            ('hashing', id_columns_, KEY_TEXTS),
        ]
    )
    learner = Pipeline([('columns', c_all), ('ridge', linear_part)])
    folds=StratifiedGroupKFold(n_splits=CONFIG.folds, shuffle=True, random_state=options.seed)
    user_ids=known[PLAYER]
    cv_logloss = -cross_val_score(
        learner, tmp_X_tr, y_learn, scoring='neg_log_loss', groups=user_ids, cv=folds
    )
    LOG.info(
        f"log loss in folds of users {cv_logloss.mean():.4f}, sd {cv_logloss.std(ddof=1) / np.sqrt(len(y_learn)):.4f}"
    )
    try:
        learner.fit(tmp_X_tr, y_learn)
    except Exception:
        LOG.exception(f"fit failed on {len(tmp_X_tr):d} rows")
        raise
    chances = learner.predict_proba(X_te)[:,1]
    prior_only=DummyClassifier(strategy='prior').fit(tmp_X_tr, y_learn)
    base_rates = prior_only.predict_proba(X_te)[:, 1]
    metrics={
        'log_loss': log_loss(y_held, chances),
        'roc_auc': roc_auc_score(y_held,chances),
        'brier': brier_score_loss(y_held, chances),
        'calibration': tmp_calibration_ratio(y_held, chances),
        'cv_log_loss_mean': cv_logloss.mean(),
        'cv_log_loss_sd': cv_logloss.std(ddof=1) / np.sqrt(len(y_learn)),
        'baseline_log_loss': log_loss(y_held, base_rates),
        'baseline_roc_auc': roc_auc_score(y_held, base_rates),
    }
    cases = {'rows': len(slots), 'rows_learnt': len(known), 'rows_held': len(fresh)}
    metrics = {item: round(float(val), 4) for item, val in metrics.items()}
    package = {
        'medians': medians2,
        'shares': shares,
        'model': learner,
        'columns': MODEL_COLS,
    }
    joblib.dump(package,model_filename)
    LOG.info(f"log loss {metrics['log_loss']} on new users; model stored in {model_filename}")
    answer = {'command': 'train', 'seed': options.seed, **cases, **metrics}
else:
    try:
        package = joblib.load(model_filename)  # a pickle: only one that train has written here
    except (OSError, EOFError, LookupError, ValueError, UnpicklingError) as error:
        refuse(f"{model_filename} is no model, run train first: {error}")
    impressions = impressions.drop_duplicates()
    slots=attfea(impressions)
    slots['log_installed'] = np.log10(slots['installed_days'] + 1)
    slots[NUM_FIELDS] = slots[NUM_FIELDS].fillna(package['medians'])
    for column, share in package['shares'].items():
        slots[column]=slots[column].map(share)
    chances = package['model'].predict_proba(slots[package['columns']])[:, 1]
    slots = slots.iloc[np.argsort(-chances)]
    # y = y.values.ravel()
    bid_table = pd.DataFrame({ROW_ID: slots[ROW_ID], 'click_rate': chances.round(6)})
    bid_table['bid_eur'] = (chances * slots[PAID_EUR]).round(4)
    try:
        (home_dir/'predictions.csv').unlink()
    except FileNotFoundError:
        pass
    bid_table.to_csv(home_dir/'predictions.csv', index=False)
    LOG.info(f"{len(bid_table)} rates, {chances.mean():.4f} as a mean")
    answer = {
        'command': 'predict',
        'path': str(home_dir / 'predictions.csv'),
        'rows': len(bid_table),
    }
print(json.dumps(answer))
