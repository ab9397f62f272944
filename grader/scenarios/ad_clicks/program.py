"""Click rates of ads in mobile games: learn them from a week's log, predict them for new places."""

import argparse
import hashlib
import json
import logging
import sys
from pathlib import Path
from pickle import UnpicklingError
from typing import NamedTuple, NoReturn

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
from sklearn.model_selection import GroupShuffleSplit, StratifiedGroupKFold, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

LOGGER = logging.getLogger("ad_clicks")

IMPRESSION, USER, CLICKED = "impression_id", "user_id", "clicked"
KEY_COLUMNS = ["app", "ad", "advertiser", "device"]  # hundreds of values each, new ones every day
CAT_COLUMNS = ["os", "country", "format", "connection"]
NUM_COLUMNS = [
    "ads_before",
    "session_minutes",
    "idle_seconds",
    "installed_days",
    "speed_mbps",
    "floor_eur",
]
DERIVED_COLUMNS = ["log_idle", "log_installed", "log_ads", "ads_per_minute", "hour_sin", "hour_cos"]
TOKENS = "tokens"
MODEL_COLUMNS = NUM_COLUMNS + DERIVED_COLUMNS + CAT_COLUMNS + [TOKENS]
AFTER_CLICK = ["dwell_seconds"]  # measured on the advertiser's page, once there was a click
PAYOUT = "payout_eur"
# What the kits in the games can log: no number is negative, none is above these.
HIGHEST = {
    "local_hour": 23,
    "ads_before": 1_000,
    "session_minutes": 1_440,
    "idle_seconds": 86_400,
    "installed_days": 10_000,
    "speed_mbps": 10_000,
    "floor_eur": 100,
    PAYOUT: 100,
}


class Settings(NamedTuple):
    """What can be set, and why it is set so."""

    held_share: float = 0.25  # of the users; about 90 clicks in a sample of the log
    folds: int = 5
    least_clicks: int = 60  # a dozen in each fold
    buckets: int = 4096  # twice the keys of a week, so that few share one
    # Both by the mean log loss in five folds of users, on the log of the week before this one.
    alpha: float = 0.003
    passes: int = 30


CFG = Settings()


def stop(reason: str) -> NoReturn:
    """End the run with exit code 2 and say why."""
    LOGGER.error(reason)
    sys.exit(2)


def read_log(path: Path) -> pd.DataFrame:
    """Read a log as it is in the file; ids, keys and categories stay text."""
    texts = [IMPRESSION, USER, *KEY_COLUMNS, *CAT_COLUMNS]
    try:
        impressions = pd.read_csv(path, dtype=dict.fromkeys(texts, "str"))
    except (OSError, pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as error:
        stop(f"{path} is no readable log: {error}")
    LOGGER.info(f"{len(impressions)} rows in {path}")
    return impressions


def validate_log(impressions: pd.DataFrame, training: bool) -> None:
    """Stop with every fault of the log, if it has one."""
    expected = [IMPRESSION, USER, *KEY_COLUMNS, *CAT_COLUMNS, *HIGHEST] + [CLICKED] * training
    lacking = sorted(set(expected) - set(impressions.columns))
    if lacking or impressions.empty:
        stop(f"the log lacks the columns {lacking}" if lacking else "the log is empty")
    faults = []
    for column in (IMPRESSION, USER, *KEY_COLUMNS, "local_hour", PAYOUT):
        if impressions[column].isna().any():
            faults.append(f"{column} is missing in {impressions[column].isna().sum()} rows")
    empty = [column for column in expected if impressions[column].isna().all()]
    if training and empty:
        faults.append(f"nothing stands in {empty}")
    if impressions.drop_duplicates()[IMPRESSION].duplicated().any():
        faults.append(f"one {IMPRESSION} on rows that differ")
    for column, most in HIGHEST.items():
        if not pd.api.types.is_numeric_dtype(impressions[column]):
            faults.append(f"{column} holds text")
        elif not impressions[column].dropna().between(0, most).all():
            faults.append(f"{column} is not between 0 and {most}")
    if training and not impressions[CLICKED].isin([0, 1]).all():
        faults.append(f"{CLICKED} has values other than 0 and 1")
    elif training and impressions[CLICKED].sum() < CFG.least_clicks:
        faults.append(f"fewer than {CFG.least_clicks} clicks")
    if faults:
        stop("; ".join(faults))


def add_features(impressions: pd.DataFrame) -> pd.DataFrame:
    """Return the impressions with the columns of the model, each row from itself alone."""
    places = impressions.drop(columns=AFTER_CLICK, errors="ignore")
    for column in CAT_COLUMNS:
        places[column] = places[column].str.strip().str.lower().replace("", np.nan)
    places["log_idle"] = np.log1p(places["idle_seconds"])
    places["log_installed"] = np.log1p(places["installed_days"])
    places["log_ads"] = np.log1p(places["ads_before"])
    places["ads_per_minute"] = places["ads_before"] / (1 + places["session_minutes"])
    places["hour_sin"] = np.sin(places["local_hour"] * np.pi / 12)
    places["hour_cos"] = np.cos(places["local_hour"] * np.pi / 12)
    # One word a key, such as ad=ad07e1: hashing needs no list of those seen in training.
    places[TOKENS] = ""
    for key in KEY_COLUMNS:
        places[TOKENS] += f" {key}=" + places[key].str.strip()
    return places


def split_by_user(places: pd.DataFrame, share: float, seed: int) -> tuple[pd.DataFrame, ...]:
    """Hold out a share of the users with all their rows, as each week brings new users."""
    splitter = GroupShuffleSplit(n_splits=1, test_size=share, random_state=seed)
    kept, held = next(splitter.split(places, groups=places[USER]))
    return places.iloc[kept], places.iloc[held]


def calibration(clicked: pd.Series, rates: np.ndarray) -> float:
    """Clicks that were predicted for each one that came; 1 is best, as bids follow the rates."""
    return rates.sum() / clicked.sum()


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("command", choices=("train", "predict"))
parser.add_argument("--data", required=True, help="log of impressions (CSV)")
parser.add_argument("--out", required=True, help="folder of the model and the bids")
parser.add_argument("--seed", type=int, default=7, help="of all that is drawn in training")
args = parser.parse_args()

logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)
source, home = Path(args.data), Path(args.out)
model_file = home / "click_model.joblib"
try:
    home.mkdir(parents=True, exist_ok=True)
except OSError as error:
    stop(f"{home} cannot hold a model: {error}")
impressions = read_log(source)
validate_log(impressions, training=args.command == "train")

if args.command == "train":
    impressions = impressions.drop_duplicates()
    places = add_features(impressions)
    learn, held = split_by_user(places, CFG.held_share, args.seed)
    X_learn, y_learn = learn[MODEL_COLUMNS], learn[CLICKED]
    X_held, y_held = held[MODEL_COLUMNS], held[CLICKED]
    LOGGER.info(f"{len(learn)} rows of {learn[USER].nunique()} users to learn from")

    numbers = Pipeline([("fill", SimpleImputer(strategy="median")), ("scale", StandardScaler())])
    unknown = SimpleImputer(strategy="constant", fill_value="unknown")
    classes = Pipeline([("fill", unknown), ("encode", OneHotEncoder(handle_unknown="ignore"))])
    keys = HashingVectorizer(analyzer=str.split, n_features=CFG.buckets, norm=None, binary=True)
    columns = ColumnTransformer(
        [
            ("num", numbers, NUM_COLUMNS + DERIVED_COLUMNS),
            ("cat", classes, CAT_COLUMNS),
            ("keys", keys, TOKENS),
        ]
    )
    linear = SGDClassifier(
        loss="log_loss",
        alpha=CFG.alpha,
        max_iter=CFG.passes,
        tol=None,
        average=True,
        random_state=args.seed,
    )
    model = Pipeline([("columns", columns), ("linear", linear)])

    folds = StratifiedGroupKFold(n_splits=CFG.folds, shuffle=True, random_state=args.seed)
    users = learn[USER]
    cv_loss = -cross_val_score(
        model, X_learn, y_learn, cv=folds, groups=users, scoring="neg_log_loss"
    )
    LOGGER.info(f"log loss in folds of users {cv_loss.mean():.4f}, sd {cv_loss.std(ddof=1):.4f}")

    model.fit(X_learn, y_learn)
    rates = model.predict_proba(X_held)[:, 1]
    constant = DummyClassifier(strategy="prior").fit(X_learn, y_learn)
    base_rates = constant.predict_proba(X_held)[:, 1]
    metrics = {
        "log_loss": log_loss(y_held, rates),
        "roc_auc": roc_auc_score(y_held, rates),
        "brier": brier_score_loss(y_held, rates),
        "calibration": calibration(y_held, rates),
        "cv_log_loss_mean": cv_loss.mean(),
        "cv_log_loss_sd": cv_loss.std(ddof=1),
        "baseline_log_loss": log_loss(y_held, base_rates),
        "baseline_roc_auc": roc_auc_score(y_held, base_rates),
    }
    metrics = {name: round(float(value), 4) for name, value in metrics.items()}
    rows = {"rows": len(places), "rows_learnt": len(learn), "rows_held": len(held)}
    bundle = {
        "model": model,
        "columns": MODEL_COLUMNS,
        "settings": CFG._asdict(),
        "seed": args.seed,
        "versions": {"python": sys.version, "sklearn": sklearn.__version__},
        "data_sha256": hashlib.sha256(source.read_bytes()).hexdigest(),
        "metrics": metrics,
        "rows": rows,
    }
    joblib.dump(bundle, model_file)
    LOGGER.info(f"log loss {metrics['log_loss']} on new users; model stored in {model_file}")
    report = {"command": "train", "seed": args.seed, **rows, **metrics}
else:
    try:
        bundle = joblib.load(model_file)  # a pickle: only one that train has written here
    except (OSError, EOFError, LookupError, ValueError, UnpicklingError) as error:
        stop(f"{model_file} is no model, run train first: {error}")
    if bundle["versions"]["sklearn"] != sklearn.__version__:
        LOGGER.warning(f"the model was made with scikit-learn {bundle['versions']['sklearn']}")
    impressions = impressions.drop_duplicates()
    places = add_features(impressions)
    rates = bundle["model"].predict_proba(places[bundle["columns"]])[:, 1]
    bids = pd.DataFrame({IMPRESSION: places[IMPRESSION], "click_rate": rates.round(6)})
    bids["bid_eur"] = (rates * places[PAYOUT]).round(4)
    bids.to_csv(home / "predictions.csv", index=False)
    LOGGER.info(f"{len(bids)} rates, {rates.mean():.4f} on average")
    report = {"command": "predict", "rows": len(bids), "path": str(home / "predictions.csv")}

print(json.dumps(report))
