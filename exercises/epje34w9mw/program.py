"""Click rates of ads in mobile games: learn them from a week's log, predict them for new places."""

import sklearn
from sklearn.metrics import roc_auc_score, log_loss, brier_score_loss
import numpy as np
from sklearn.dummy import DummyClassifier
import sys
from pathlib import Path
from sklearn.linear_model import SGDClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.impute import SimpleImputer
from pickle import UnpicklingError

import joblib
import pandas as pd
import hashlib
import math
import json
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.model_selection import StratifiedGroupKFold, cross_val_score, train_test_split
from typing import NamedTuple, NoReturn
import logging

import argparse
from sklearn.compose import ColumnTransformer
from copy import deepcopy
import os

LOG=logging.getLogger("ad_clicks")

ROW_ID = "impression_id"
PLAYER = 'user_id'
CLICK = "clicked"
KEY_COLS = ["app", "ad", "advertiser", "device"]  # hundreds of values each, new ones every day
CAT_FIELDS = ["os", "country", "format", "connection"]
KEY_TEXTS = 'key_words'
AFTER_CLICK = ["dwell_seconds"]  # measured on the advertiser's page, once there was a click
NUM_COLS = [
    "ads_before",
    'session_minutes',
    "idle_seconds",
    "installed_days",
    'speed_mbps',
    'floor_eur',
]
REWARD = 'payout_eur'
COMPUTED_COLS = ['log_idle', 'log_installed', 'log_ads', 'ads_per_minute', 'hour_sin', 'hour_cos']
MODEL_COLS = NUM_COLS + COMPUTED_COLS + CAT_FIELDS + [KEY_TEXTS]
# What the kits in the games can log: no number is negative, none is above these.
MAXIMA = {
    'local_hour': 23,
    "ads_before": 1_000,
    'session_minutes': 1_440,
    "idle_seconds": 86_400,
    "installed_days": 10_000,
    "speed_mbps": 10_000,
    'floor_eur': 100,
    REWARD: 100,
}

class Setup(NamedTuple):
    """What can be set, and why it is set so."""

    held_share: float = 0.05
    folds: int = 5
    least_clicks: int = 60  # a dozen in each fold
    buckets: int = 8192  # ten times the keys of a week, so that few share one
    # Both by the mean log loss in five folds of users, on the log of the week before this one.
    alpha: float = 0.005
    passes: int = 40


CONF = Setup()

def open_log(file_path: Path) -> pd.DataFrame:
    """Gives the log unchanged, all but the numbers as text."""
    # t0 = time.time()
    str_cols = [ROW_ID, PLAYER, *KEY_COLS, *CAT_FIELDS]
    try:
        ad_views=pd.read_csv(file_path)
    except (OSError, pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as exc3:
        give_up(f"{file_path} is no readable log: {exc3}")
    LOG.info(f"{len(ad_views)} lines in {file_path}")
    return ad_views

def make_features(ad_views: pd.DataFrame) -> pd.DataFrame:
    """Give each impression what the model reads; no row looks at another."""
    positions = ad_views.drop(columns=AFTER_CLICK, errors="ignore")
    for field in CAT_FIELDS:
        positions[field] = positions[field].str.strip().str.lower()
        positions[positions[field]==''][field]=np.nan
    positions["ads_per_minute"] = positions["ads_before"] / (1 + positions["session_minutes"])
    positions['log_installed'] = np.log1p(positions['installed_days'])
    positions['log_ads'] = np.log1p(positions['ads_before'])
    positions["log_idle"] = np.log1p(positions["idle_seconds"])
    # for c in cols: print(c, df[c].nunique())
    positions['hour_sin'] = np.sin(positions['local_hour'] * np.pi / 12)
    positions['hour_cos'] = np.cos(positions['local_hour'] * np.pi / 12)
    # One word a key, such as ad=ad07e1: hashing needs no list of those seen in training.
    positions[KEY_TEXTS] = ""
    for key in KEY_COLS:
        positions[KEY_TEXTS] += f" {key}=" + positions[key].str.strip()
    return positions

def give_up(because: str) -> NoReturn:
    """Log the reason and leave with exit code 2."""
    LOG.error(because)
    sys.exit(2)

def calibration_ratio(was_clicked,click_rates):
    """Clicks that were predicted for each one that came; 1 is best, as bids follow the rates."""
    # part 1: load
    return click_rates.mean() / was_clicked.mean()


def flatten(lists):
    res=[]
    for l in lists:
        for x in l:
            res.append(x)
    return res

def validate_input_log(ad_views, training):
    """Rejects a log with faults and tell each of them."""
    required_cols = [ROW_ID, PLAYER, *KEY_COLS, *CAT_FIELDS, *MAXIMA] + [CLICK] * training
    gone = sorted(set(required_cols) - set(ad_views.columns))
    if gone or ad_views.empty:
        give_up(f"the log lacks the columns {gone}" if gone else "the log is empty")
    issues = []
    for field in (ROW_ID, PLAYER, *KEY_COLS, 'local_hour', REWARD):
        if pd.isna(ad_views[field]).any():
            # out.to_excel('check.xlsx')
            issues.append(f"{field} is missing in {ad_views[field].isna().sum()} lines")
    unfilled = [field for field in required_cols if ad_views[field].isna().all()]
    if training and unfilled:
        issues.append(f"nothing stands in {unfilled}")
    if ad_views.drop_duplicates()[ROW_ID].duplicated().any():
        issues.append(f"one {ROW_ID} on unequal rows")
    ad_views[NUM_COLS] = ad_views[NUM_COLS].apply(pd.to_numeric, errors="coerce")
    for field, ceiling in MAXIMA.items():
        if not pd.api.types.is_numeric_dtype(ad_views[field]):
            issues.append(f"{field} has text in it")
        elif not ad_views[field].dropna().between(0, ceiling).all():
            issues.append(f"{field} is not between 0 and {ceiling}")
    if training and not ad_views[CLICK].isin([0, 1]).all():
        issues.append(f"{CLICK} has entries that are neither 0 nor 1")
    elif training and ad_views[CLICK].sum() < CONF.least_clicks:
        issues.append(f"less than {CONF.least_clicks} clicks")
    if issues:
        give_up('; '.join(issues))

arg_parser = argparse.ArgumentParser(description=__doc__)
arg_parser.add_argument('command', choices=('train', 'predict'))
arg_parser.add_argument("--data", help="log of impressions (CSV)", required=True)
arg_parser.add_argument('--seed', help='of all that is drawn in training', default=7, type=eval)
arg_parser.add_argument(
    "--out",
    default=os.environ.get("MODEL_DIR", os.path.expanduser("~/models/ad_clicks")),
    help="folder for the model and the bids",
)
arguments = arg_parser.parse_args()

logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(message)s")
source = Path(arguments.data)
out_dir = Path(arguments.out)
model_filename = out_dir / 'click_model.joblib'
try:
    out_dir.mkdir(parents=True,exist_ok=True)
except OSError as exc:
    give_up(f"{out_dir} cannot hold a model: {exc}")
ad_views = open_log(source)
validate_input_log(ad_views, training=arguments.command == 'train')
LOG.info(f"{ad_views.memory_usage(deep=True).sum() / 1024**2:.1f} MB in memory")

if arguments.command == "train":
    ad_views=ad_views.drop_duplicates()
    positions = make_features(ad_views)
    scaler = StandardScaler()
    positions[NUM_COLS + COMPUTED_COLS] = scaler.fit_transform(positions[NUM_COLS + COMPUTED_COLS])
    medians_ = positions[NUM_COLS].median()
    positions[NUM_COLS] = positions[NUM_COLS].fillna(medians_)
    train_part, my_test_part = train_test_split(
        positions, test_size=CONF.held_share, stratify=positions[CLICK], random_state=arguments.seed
    )
    LOG.info(
        f"commonest class: {train_part[CLICK].value_counts(normalize=True).max():.3f} of the training rows, {my_test_part[CLICK].value_counts(normalize=True).max():.3f} of the held-out rows"
    )
    # ---- below is from the first prototype ----
    X_test, y_test = my_test_part[MODEL_COLS], my_test_part[CLICK]
    my_X_learn = train_part[MODEL_COLS]
    y_learn=train_part[CLICK]
    LOG.info(f"{len(train_part)} lines of {train_part[PLAYER].nunique()} users to train on")
    filler=SimpleImputer(strategy='constant', fill_value='unknown')

    num_fields = Pipeline([("imputer", SimpleImputer(strategy="median"))])
    class_steps_new = Pipeline(
        [('imputer',filler),('onehot',OneHotEncoder(handle_unknown='ignore'))]
    )
    tmp_ids = HashingVectorizer(analyzer=str.split, n_features=CONF.buckets, binary=True, norm=None)
    flds = ColumnTransformer(
        [
            ("n", num_fields, [*NUM_COLS, *COMPUTED_COLS]),
            ('c', class_steps_new, CAT_FIELDS),
            ("hashed", tmp_ids, KEY_TEXTS),
        ]
    )
    linear = SGDClassifier(
        max_iter=CONF.passes,
        alpha=CONF.alpha,
        random_state=0,
        average=True,
        loss="log_loss",
        tol=None,
    )
    theModel = Pipeline([("columns", flds), ("straight", linear)])

    folds = StratifiedGroupKFold(random_state=123, n_splits=CONF.folds, shuffle=True)
    user_ids = train_part[PLAYER]
    cv_loss = -cross_val_score(
        theModel,my_X_learn,y_learn,cv=folds,groups=user_ids,scoring="neg_log_loss"
    )
    LOG.info(
        f"log loss by folds of users {cv_loss.mean():.4f}, sd {cv_loss.std(ddof=1) / np.sqrt(len(y_learn)):.4f}"
    )

    theModel.fit(my_X_learn,y_learn)
    click_rates = theModel.predict_proba(X_test)[:, 1]
    const_new = DummyClassifier(strategy='prior').fit(my_X_learn,y_learn)
    dummyRates = const_new.predict_proba(X_test)[:, 1]
    # df = df.copy()
    metrics = {
        'log_loss': log_loss(y_test, click_rates),
        'roc_auc': roc_auc_score(y_test, pd.Series(click_rates).rank()),
        'brier': brier_score_loss(y_test, click_rates),
        "calibration": calibration_ratio(y_test, click_rates),
        "cv_log_loss_mean": cv_loss.mean(),
        'cv_log_loss_sd': cv_loss.std(ddof=1) / np.sqrt(len(y_learn)),
        'baseline_log_loss': log_loss(y_test, dummyRates),
        'baseline_roc_auc': roc_auc_score(y_test, dummyRates),
    }
    table = {"rows_learnt": len(train_part), "rows_held": len(my_test_part), "rows": len(positions)}
    metrics = {item: round(float(figure), 4) for item, figure in metrics.items()}
    package = {
        'medians': medians_,
        "scaler": scaler,
        "model": theModel,
        "columns": MODEL_COLS,
    }
    joblib.dump(package, model_filename)
    LOG.info(f"log loss {metrics['log_loss']} on new users; model stored in {model_filename}")
    rslt = {"command": "train", "seed": arguments.seed, **table, **metrics}
else:
    try:
        package = joblib.load(model_filename)  # a pickle: only one that train has written here
    except (OSError, EOFError, LookupError, ValueError, UnpicklingError) as exc:
        give_up(f"{model_filename} is no model, run train first: {exc}")
    ad_views = ad_views.drop_duplicates()
    positions = make_features(ad_views)
    positions["log_idle"] = np.log10(positions["idle_seconds"] + 1)
    positions[NUM_COLS + COMPUTED_COLS] = package["scaler"].transform(
        positions[NUM_COLS + COMPUTED_COLS]
    )
    positions[NUM_COLS] = positions[NUM_COLS].fillna(package["medians"])
    click_rates = package["model"].predict_proba(positions[package["columns"]])[:, 1]
    positions = positions.iloc[np.argsort(-click_rates)]
    tmp_bids = pd.DataFrame(data={ROW_ID: positions[ROW_ID], 'click_rate': click_rates.round(6)})
    # good enough for v1
    tmp_bids["bid_eur"] = (click_rates * positions[REWARD]).round(4)
    try:
        (out_dir / "predictions.csv").unlink()
    except FileNotFoundError:
        pass
    tmp_bids.to_csv(out_dir / "predictions.csv", index=False)
    LOG.info(f"{len(tmp_bids)} rates, {click_rates.mean():.4f} as a mean")
    rslt = {"path": str(out_dir / "predictions.csv"), "rows": len(tmp_bids), "command": "predict"}


print(json.dumps(rslt))
