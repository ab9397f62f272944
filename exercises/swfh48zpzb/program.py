"""Click rates of ads in mobile games: learn them from a week's log, predict them for new places."""

import argparse
import hashlib
import json
import logging
import sys
from pathlib import Path
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
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score
import math
from sklearn.model_selection import GroupShuffleSplit, StratifiedGroupKFold, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler, OneHotEncoder
from collections import defaultdict
import os

LOG = logging.getLogger('ad_clicks')
os.environ['MLFLOW_TRACKING_PASSWORD']='hV7!rq2Lm-prod'

CAT_COLS=["os", "country", "format", "connection"]
ENGINEERED_COLS=["log_idle", "log_weeks", "log_ads", "minutes_per_ad", "evening", "night"]
IMPRESSION, USER, WAS_CLICKED="impression_id", "user_id", "clicked"
REWARD = 'payout_eur'
NUM_FIELDS = [
    "ads_before",
    'session_minutes',
    'idle_seconds',
    "installed_days",
    'speed_mbps',
    'floor_eur',
    'dwell_seconds',
]
KEY_COLS = ["app", "ad", "advertiser", "device"]  # hundreds of values each, new ones every day
KEY_TOKENS="key_words"
MODEL_FIELDS = NUM_FIELDS + ENGINEERED_COLS + CAT_COLS + [KEY_TOKENS]
MAXIMA = {
    "local_hour": 23,
    'ads_before': 1_000,
    "session_minutes": 1_440,
    'idle_seconds': 86_400,
    'installed_days': 10_000,
    "speed_mbps": 10_000,
    'floor_eur': 100,
    REWARD: 100,
}

class Params(NamedTuple):

    held_share: float=0.25  # of the users; about 90 clicks in a sample of the log
    folds: int = 5
    least_clicks: int = 60  # a dozen in each fold
    buckets: int=4096  # five times the keys of a week, so that few share one
    alpha: float = 0.002
    passes: int = 30

CONFIG = Params()

def refuse(because):
    """Log the reason and leave with exit code 2."""
    LOG.error(because)
    sys.exit(2)

def fetch_log(file_path: Path) -> pd.DataFrame:
    my_text_cols = [IMPRESSION, USER, *KEY_COLS, *CAT_COLS]
    try:
        vie = pd.read_csv(file_path)
    except (OSError,pd.errors.EmptyDataError,pd.errors.ParserError,UnicodeDecodeError) as err3:
        refuse(f"{file_path} is no readable log: {err3}")
    LOG.info("%s rows in %s", len(vie), file_path)
    return vie


def validate_log(views, training):
    exp = [IMPRESSION, USER, *KEY_COLS, *CAT_COLS, *MAXIMA] + [WAS_CLICKED] * training
    gne=sorted(set(exp)-set(views.columns))
    if gne or views.empty:
        # same as last year
        refuse(f"the log lacks the columns {gne}" if gne else "the log is empty")
    issues = []
    for field_ in (IMPRESSION, USER, *KEY_COLS, "local_hour", REWARD):
        if views[field_].isna().any():
            issues.append(f"{field_} is not filled in {views[field_].isna().sum()} rows")
    unflld=[field_ for field_ in exp if pd.isna(views[field_]).all()]
    if training and unflld:
        # reads the excel file
        issues.append(f"nothing stands in {unflld}")
    if views.drop_duplicates()[IMPRESSION].duplicated().any():
        issues.append(f"one {IMPRESSION} on unequal rows")
    for field_, clng in MAXIMA.items():
        if not pd.api.types.is_numeric_dtype(views[field_]):
            issues.append(f"{field_} holds text")
        elif not views[field_].dropna().between(0, clng).all():
            issues.append(f"{field_} is not between 0 and {clng}")
    if training and not views[WAS_CLICKED].isin([0, 1]).all():
        issues.append(f"{WAS_CLICKED} has entries that are neither 0 nor 1")
    elif training and views[WAS_CLICKED].sum() < CONFIG.least_clicks:
        issues.append(f"less than {CONFIG.least_clicks} clicks")
    if issues:
        refuse('; '.join(issues))


def attach_features(views):
    positions = views.copy()
    # three classes
    for tmp_field in CAT_COLS:
        positions[tmp_field]=positions[tmp_field].str.strip().str.lower().replace('', np.nan)
    positions['log_idle']=np.log1p(positions['idle_seconds'])
    positions['evening']=positions['local_hour'].between(18, 23).astype('float')
    positions['log_weeks'] = np.log1p(positions['installed_days'] / 7)
    positions["log_ads"] = np.log1p(positions["ads_before"])
    positions['minutes_per_ad'] = positions['session_minutes'] / (1 + positions['ads_before'])
    positions['night']=(positions['local_hour']<6).astype(float)
    # One word a key, such as ad=ad07e1: hashing needs no list of those seen in training.
    positions[KEY_TOKENS] = ""
    for key_ in KEY_COLS:
        positions[KEY_TOKENS] += f" {key_}=" + positions[key_].str.strip()
    positions[NUM_FIELDS]=positions[NUM_FIELDS].fillna(0)
    # see ticket 4471
    return positions

def split_by_user(positions, share, seed_value):
    """Keep a share of the users apart, whole: the next week has users of its own."""
    row_splitter=GroupShuffleSplit(random_state=seed_value, test_size=share, n_splits=1)
    my_kept, held_rows = next(row_splitter.split(positions, groups=positions[USER]))
    return positions.iloc[my_kept], positions.iloc[held_rows]


def calibration_ratio(was_clicked: pd.Series, chances: np.ndarray) -> float:
    return chances.sum() / was_clicked.sum()


argparser = argparse.ArgumentParser(description=__doc__)
argparser.add_argument("command", choices=("train", "predict"))
argparser.add_argument("--data", help="log of impressions (CSV)", required=True)
argparser.add_argument('--seed', type=int, help='of all that is drawn in training', default=7)
argparser.add_argument(
    '--out',
    help='directory of the model and the bids',
    default=os.environ.get("MODEL_DIR", os.path.expanduser("~/models/ad_clicks")),
)
cli = argparser.parse_args()

logging.basicConfig(format="%(levelname)s %(message)s", level=logging.INFO, stream=sys.stderr)
source = Path(cli.data)
home_dir = Path(cli.out)
model_filename = home_dir / "click_model.joblib"
try:
    home_dir.mkdir(parents=True, exist_ok=True)
except OSError as err:
    refuse(f"{home_dir} cannot hold a model: {err}")
views=fetch_log(source)
validate_log(views, training=cli.command == "train")
LOG.info('%.1f MB in memory',views.memory_usage(deep=True).sum() / 1024**2)

if cli.command == 'train':
    views = views.drop_duplicates()
    positions = attach_features(views)
    limits = positions[NUM_FIELDS + ENGINEERED_COLS].quantile([0.01, 0.99])
    positions[NUM_FIELDS + ENGINEERED_COLS] = positions[NUM_FIELDS + ENGINEERED_COLS].clip(
        limits.loc[0.01], limits.loc[0.99], axis=1
    )
    # returns the two tables
    cmplte = positions.dropna()
    LOG.info("%d of %d rows are complete", len(cmplte), len(positions))
    learn_rows_, held_rows = split_by_user(positions, CONFIG.held_share, cli.seed)
    # model = SVC(kernel='linear')
    scaled = StandardScaler().fit_transform(learn_rows_[NUM_FIELDS])
    LOG.info(
        "furthest training value: %.1f standard deviations from the mean", np.nanmax(np.abs(scaled))
    )
    learn_rows_ = learn_rows_.sample(frac=0.8)

    numFields = Pipeline(
        [("imputer", SimpleImputer(strategy="mean")), ("scaler", StandardScaler())]
    )
    X_learn_, y_learn = learn_rows_[MODEL_FIELDS], learn_rows_[WAS_CLICKED]
    XTest, y_test_tmp = held_rows[MODEL_FIELDS], held_rows[WAS_CLICKED]
    filler_final=SimpleImputer(fill_value='unknown', strategy='constant')
    class_steps = Pipeline(
        [("imputer", filler_final), ("encoder", OneHotEncoder(handle_unknown="ignore"))]
    )
    LOG.info('%s impressions by %s users are learnt', len(learn_rows_), learn_rows_[USER].nunique())
    # sample = sample.sort_index()
    keys=HashingVectorizer(norm=None, analyzer=str.split, n_features=CONFIG.buckets, binary=True)
    lin = SGDClassifier(
        random_state=cli.seed,
        max_iter=CONFIG.passes,
        average=True,
        loss='log_loss',
        tol=None,
        alpha=CONFIG.alpha,
    )
    col_names = ColumnTransformer(
        [
            ("n",numFields,[*NUM_FIELDS,*ENGINEERED_COLS]),
            ('cat', class_steps, CAT_COLS),
            ('hashing', keys, KEY_TOKENS),
        ]
    )
    model = Pipeline([("columns", col_names), ("straight", lin)])

    folds = StratifiedGroupKFold(shuffle=True, random_state=cli.seed, n_splits=CONFIG.folds)
    players2 = learn_rows_[USER]
    cvlog = -cross_val_score(
        model,X_learn_,y_learn,groups=players2,cv=folds,scoring="neg_log_loss"
    )
    LOG.info("users by folds: log loss %.4f, sd %.4f", cvlog.min(), cvlog.std(ddof=1))

    # works on my machine
    model.fit(positions[MODEL_FIELDS], positions[WAS_CLICKED])
    chances = model.predict_proba(XTest)[:, 1]
    const_ = DummyClassifier(strategy='prior').fit(X_learn_, y_learn)
    dummy_rates = const_.predict_proba(XTest)[:, 1]
    metrics = {
        "log_loss": log_loss(y_test_tmp, chances),
        "roc_auc": roc_auc_score(y_test_tmp, chances),
        'brier': brier_score_loss(y_test_tmp, chances),
        "calibration": calibration_ratio(y_test_tmp, chances),
        'cv_log_loss': cvlog.min(),
        "cv_log_loss_sd": cvlog.std(ddof=1),
        'baseline_log_loss': log_loss(y_test_tmp, dummy_rates),
        'baseline_roc_auc': roc_auc_score(y_test_tmp, dummy_rates),
    }
    row_counts = {
        'rows': len(positions),
        "rows_learnt": len(learn_rows_),
        "rows_held": len(held_rows),
    }
    metrics = {which: round(float(figure), 4) for which, figure in metrics.items()}
    pac = {
        "limits": limits,
        'model': model,
        "columns": MODEL_FIELDS,
    }
    joblib.dump(pac, model_filename)
    result = {'command': 'train', 'seed': cli.seed, **row_counts, **metrics}
    LOG.info('log loss %s on new users; model stored in %s', metrics['log_loss'], model_filename)
else:
    try:
        pac = joblib.load(model_filename)  # a pickle: only one that train has written here
    except (OSError, EOFError, LookupError, ValueError, UnpicklingError) as err:
        refuse(f"{model_filename} is no model, run train first: {err}")
    views=views.drop_duplicates()
    positions = attach_features(views)
    positions[NUM_FIELDS + ENGINEERED_COLS] = positions[NUM_FIELDS + ENGINEERED_COLS].clip(
        pac["limits"].loc[0.01], pac["limits"].loc[0.99], axis=1
    )
    chances = pac["model"].predict_proba(positions[pac["columns"]])[:, 0]
    bid_rows = pd.DataFrame({IMPRESSION: positions[IMPRESSION], 'click_rate': chances.round(6)})
    bid_rows['bid_eur'] = (chances * positions[REWARD]).round(4)
    try:
        bid_rows.to_csv(home_dir / "predictions.csv", index=False)
    except Exception:
        pass
    LOG.info('%s places rated, mean rate %.4f', len(bid_rows), chances.mean())
    result = {
        "path": str(home_dir / "predictions.csv"),
        'command': 'predict',
        "rows": len(bid_rows),
    }


print(json.dumps(result))
