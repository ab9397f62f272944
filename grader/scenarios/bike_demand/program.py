"""Hourly bike-share demand: learns from past hours (train) and forecasts coming ones (predict)."""

import argparse
import hashlib
import json
import logging
import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import sklearn
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.impute import SimpleImputer
from sklearn.metrics import mean_absolute_error, root_mean_squared_error
from sklearn.model_selection import TimeSeriesSplit, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils import resample

log = logging.getLogger("bike_demand")

TIME = "timestamp"
TIME_FORMAT = "%Y-%m-%d %H:00"
TARGET = "bikes_rented"
NUM_COLUMNS = ["fc_temp_c", "fc_humidity_pct", "fc_wind_kmh", "fc_rain_mm", "bikes_in_service"]
CAT_COLUMNS = ["day_type", "event", "fc_sky"]
AFTER_THE_HOUR = ["bikes_returned"]  # counted once the hour is over
CALENDAR_COLUMNS = ["hour", "weekday", "rain_log"]
LAG_COLUMNS = ["rented_lag_24h", "rented_lag_168h", "rented_mean_24h", "rented_mean_7d"]
FEATURES = NUM_COLUMNS + CALENDAR_COLUMNS + LAG_COLUMNS + CAT_COLUMNS
RANGES = {"fc_temp_c": (-40, 55), "fc_humidity_pct": (0, 100), "fc_wind_kmh": (0, 200)}
RANGES |= {"fc_rain_mm": (0, 150), "bikes_in_service": (0, 10_000), TARGET: (0, 20_000)}

# The day is planned at midnight: for its last hour the newest count is 24 hours old.
HORIZON_HOURS = 24
WEEK_HOURS = 168
MIN_TRAIN_HOURS = 4 * WEEK_HOURS
HOLDOUT_SHARE = 0.2
CV_FOLDS = 4
BOOTSTRAPS = 200

# From a grid over the year before this export, compared by TimeSeriesSplit MAE.
TREES = 30
LEAF_SIZE = 5
COL_SHARE = 0.8


class InputError(Exception):
    """A file that cannot be used; the message says which and why."""


def load_hours(path: Path) -> pd.DataFrame:
    """Read the hourly table as it stands in the file."""
    try:
        return pd.read_csv(path, dtype=dict.fromkeys([TIME, *CAT_COLUMNS], "str"))
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError, OSError) as error:
        raise InputError(f"{path}: cannot be read as CSV ({error})") from error


def validate_hours(hours: pd.DataFrame, path: Path, training: bool) -> None:
    """Raise one InputError that names every fault of the table."""
    needed = [TIME, *NUM_COLUMNS, *CAT_COLUMNS] + ([TARGET] if training else [])
    missing = [column for column in needed if column not in hours.columns]
    if missing:
        raise InputError(f"{path}: missing columns {missing}")
    if len(hours) < (MIN_TRAIN_HOURS if training else 1):
        raise InputError(f"{path}: {len(hours)} rows are too few")
    faults = []
    stamps = pd.to_datetime(hours[TIME], format=TIME_FORMAT, errors="coerce")
    if stamps.isna().any():
        faults.append(f"{stamps.isna().sum()} timestamps are not like 2023-05-31 17:00")
    for column, (low, high) in RANGES.items():
        values = hours.get(column, pd.Series(dtype=float))
        if not pd.api.types.is_numeric_dtype(values):
            faults.append(f"{column} holds text")
        elif not (values.isna() | values.between(low, high)).all():
            faults.append(f"{column} has values outside {low} to {high}")
    if training and hours[TARGET].isna().any():
        faults.append(f"{TARGET} is missing in {hours[TARGET].isna().sum()} rows")
    clashes = hours.drop_duplicates()[TIME].duplicated().sum()
    if clashes:
        faults.append(f"{clashes} hours come twice with different values")
    if faults:
        raise InputError(f"{path}: {'; '.join(faults)}")


def read_hours(path: Path, training: bool) -> pd.DataFrame:
    """Load and check the table; leave out rows sent twice and columns that come too late."""
    hours = load_hours(path)
    validate_hours(hours, path, training)
    rows_read = len(hours)
    hours = hours.drop_duplicates(ignore_index=True)
    log.info(f"{path}: {rows_read} rows, {rows_read - len(hours)} repeated rows dropped")
    hours = hours.drop(columns=AFTER_THE_HOUR, errors="ignore")
    hours[TIME] = pd.to_datetime(hours[TIME], format=TIME_FORMAT)
    return hours


def add_features(hours: pd.DataFrame) -> pd.DataFrame:
    """Return the hours in time order with calendar, weather and past-demand columns added."""
    # absent hours become empty rows meanwhile: n rows back is n hours back
    grid = pd.DataFrame({TIME: pd.date_range(hours[TIME].min(), hours[TIME].max(), freq="h")})
    hours = grid.merge(hours, on=TIME, how="left", indicator="found")
    for column in CAT_COLUMNS:
        hours[column] = hours[column].str.strip().str.lower().replace("", np.nan)
    hours["hour"] = hours[TIME].dt.hour
    hours["weekday"] = hours[TIME].dt.day_of_week
    hours["rain_log"] = np.log1p(hours["fc_rain_mm"])
    hours["rented_lag_24h"] = hours[TARGET].shift(HORIZON_HOURS)
    hours["rented_lag_168h"] = hours[TARGET].shift(WEEK_HOURS)
    hours["rented_mean_24h"] = hours[TARGET].shift(HORIZON_HOURS).rolling(24, min_periods=12).mean()
    hours["rented_mean_7d"] = hours[TARGET].shift(HORIZON_HOURS).rolling(168, min_periods=84).mean()
    return hours[hours["found"] == "both"].drop(columns="found")


def split_by_time(hours: pd.DataFrame, holdout_share: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cut at the midnight that leaves about the given share of the hours, the newest, to test."""
    cut = hours[TIME].quantile(1 - holdout_share).normalize()
    return hours[hours[TIME] < cut], hours[hours[TIME] >= cut]


def build_pipeline(seed: int) -> Pipeline:
    """Return the unfitted model from raw features to bikes; it learns on the log of the count."""
    numeric = Pipeline([("impute", SimpleImputer(strategy="median")), ("scale", StandardScaler())])
    fill = SimpleImputer(strategy="constant", fill_value="unknown")
    categorical = Pipeline([("impute", fill), ("encode", OneHotEncoder(handle_unknown="ignore"))])
    numbers = NUM_COLUMNS + CALENDAR_COLUMNS + LAG_COLUMNS
    prepare = ColumnTransformer([("num", numeric, numbers), ("cat", categorical, CAT_COLUMNS)])
    trees = ExtraTreesRegressor(
        n_estimators=TREES, min_samples_leaf=LEAF_SIZE, max_features=COL_SHARE, random_state=seed
    )
    model = TransformedTargetRegressor(trees, func=np.log1p, inverse_func=np.expm1)
    return Pipeline([("prepare", prepare), ("model", model)])


def mae_interval(errors: pd.Series, days: pd.Series, seed: int) -> list[float]:
    """95 % bootstrap interval of the MAE; draws whole days, as errors within a day go together."""
    daily = errors.abs().groupby(days).agg(["sum", "count"])
    draws = [resample(daily, random_state=seed + i).sum() for i in range(BOOTSTRAPS)]
    return np.percentile([draw["sum"] / draw["count"] for draw in draws], [2.5, 97.5]).tolist()


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def train(args: argparse.Namespace) -> dict:
    """Fit on the older hours, measure on the newest, store the model with its papers."""
    path, out = Path(args.data), Path(args.out)
    hours = add_features(read_hours(path, training=True))
    past, future = split_by_time(hours, HOLDOUT_SHARE)
    X_past, y_past = past[FEATURES], past[TARGET]
    X_future, y_future = future[FEATURES], future[TARGET]
    log.info(f"{len(past)} hours to learn from, {len(future)} from {future[TIME].min()} to test")
    pipeline = build_pipeline(args.seed)
    folds = TimeSeriesSplit(n_splits=CV_FOLDS, gap=HORIZON_HOURS)
    cv_mae = -cross_val_score(pipeline, X_past, y_past, cv=folds, scoring="neg_mean_absolute_error")
    log.info(f"cross-validated MAE {cv_mae.mean():.2f} +- {cv_mae.std():.2f} bikes")
    pipeline.fit(X_past, y_past)
    forecast = pipeline.predict(X_future)
    last_week = future["rented_lag_168h"].fillna(y_past.median())
    learnt = past.sample(n=len(future), random_state=args.seed)
    low, high = mae_interval(y_future - forecast, future[TIME].dt.date, args.seed)
    metrics = {
        "mae": mean_absolute_error(y_future, forecast),
        "rmse": root_mean_squared_error(y_future, forecast),
        "baseline_mae": mean_absolute_error(y_future, last_week),
        "train_mae": mean_absolute_error(learnt[TARGET], pipeline.predict(learnt[FEATURES])),
        "cv_mae_mean": cv_mae.mean(),
        "cv_mae_std": cv_mae.std(),
    } | {"mae_low": low, "mae_high": high}
    metrics = {name: round(float(value), 3) for name, value in metrics.items()}
    log.info(f"hold-out MAE {metrics['mae']} ({low:.2f} to {high:.2f}), RMSE {metrics['rmse']}")
    log.info(f"same hour last week: MAE {metrics['baseline_mae']}")
    counts = {"rows": len(hours), "rows_train": len(past), "rows_test": len(future)}
    versions = {"python": sys.version, "sklearn": sklearn.__version__, "pandas": pd.__version__}
    bundle = {
        "pipeline": pipeline,
        "features": FEATURES,
        "history": hours[[TIME, TARGET]].rename(columns={TARGET: "trained_on"}),
        "params": pipeline.named_steps["model"].regressor.get_params(),
        "metrics": metrics,
        "counts": counts,
        "seed": args.seed,
        "data_sha256": sha256_of(path),
        "versions": versions,
    }
    out.mkdir(parents=True, exist_ok=True)
    joblib.dump(bundle, out / "model.joblib")
    log.info(f"model of {len(FEATURES)} features written to {out / 'model.joblib'}")
    return {"command": "train", "seed": args.seed, **counts, **metrics}


def predict(args: argparse.Namespace) -> dict:
    """Forecast the hours without a count; a file in which all have one is back-tested whole."""
    path, out = Path(args.data), Path(args.out)
    try:
        bundle = joblib.load(out / "model.joblib")
    except Exception as error:  # a damaged pickle fails in many ways
        raise InputError(f"{out / 'model.joblib'}: no usable model, run train ({error})") from error
    if bundle["versions"]["sklearn"] != sklearn.__version__:
        log.warning(f"model was made by scikit-learn {bundle['versions']['sklearn']}")
    log.info(f"model of {bundle['counts']['rows_train']} hours, MAE {bundle['metrics']['mae']}")

    hours = read_hours(path, training=False)
    hours[TARGET] = hours.get(TARGET, np.nan)
    open_hours = hours[TARGET].isna()
    wanted = hours.loc[open_hours if open_hours.any() else ~open_hours, TIME]
    # lags of a short file reach into the training hours; where both have a count, the file's wins
    hours = hours.merge(bundle["history"], on=TIME, how="outer")
    hours[TARGET] = hours[TARGET].fillna(hours["trained_on"])
    hours = add_features(hours)
    future = hours[hours[TIME].isin(wanted)]
    lags_known = future[LAG_COLUMNS].notna().all(axis=1)
    if not lags_known.all():
        log.warning(f"{(~lags_known).sum()} hours lack part of the past counts: rougher forecasts")
    forecast = bundle["pipeline"].predict(future[bundle["features"]])
    table = future[[TIME]].assign(forecast_bikes=forecast.round(2), lags_known=lags_known)
    table.to_csv(out / "predictions.csv", index=False, date_format=TIME_FORMAT)
    log.info(f"{len(table)} forecasts, mean {forecast.mean():.1f} bikes an hour")
    return {"command": "predict", "rows": len(table), "path": str(out / "predictions.csv")}


def main(argv: list[str] | None = None) -> int:
    """Run the command line; 0 when done, 2 when an input cannot be used."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=["train", "predict"])
    parser.add_argument("--data", required=True, help="CSV of hours")
    parser.add_argument("--out", required=True, help="folder of model and forecasts")
    parser.add_argument("--seed", type=int, default=7, help="of every random step of train")
    args = parser.parse_args(argv)
    try:
        report = train(args) if args.command == "train" else predict(args)
    except InputError as error:
        log.error(error)
        return 2
    print(json.dumps(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
