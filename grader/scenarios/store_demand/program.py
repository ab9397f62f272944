"""Daily unit sales by store and product group: learn from past days (train), forecast new ones."""

import argparse
import hashlib
import json
import logging
import sys
import tomllib
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import sklearn
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import ElasticNet
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import TimeSeriesSplit, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils import resample

logger = logging.getLogger("store_demand")

# A notebook has no __file__; there the settings lie in the working folder.
HOME = Path(__file__).parent if "__file__" in globals() else Path.cwd()
DAY = "day"
DAY_FORMAT = "%Y-%m-%d"
SERIES = ["store", "product_group"]
KEYS = [DAY, *SERIES]
TARGET = "sold"
NUM_COLUMNS = ["price_eur", "list_price_eur", "shelf_m", "fc_temp_c", "fc_rain_mm"]
DERIVED_COLUMNS = ["price_ratio", "rain_log"]
PAST_COLUMNS = ["log_week_ago", "log_two_weeks_ago", "log_level_short", "log_level_long"]
CAT_COLUMNS = ["store", "product_group", "promotion", "day_kind", "weekday"]
FEATURES = NUM_COLUMNS + DERIVED_COLUMNS + PAST_COLUMNS + CAT_COLUMNS
# Counted when the shops have closed, a day after the order for the day went out.
KNOWN_LATER = ["stock_left_evening", "takings_eur", "returned_units"]
RANGES = {"price_eur": (0.01, 500), "list_price_eur": (0.01, 500), "shelf_m": (0.1, 200)}
RANGES |= {"fc_temp_c": (-40, 55), "fc_rain_mm": (0, 500), TARGET: (0, 100_000)}
# What config.toml must hold: from .. to, whole numbers where the limits are whole.
SETTINGS = {"short_days": (2, 28), "long_days": (7, 365), "folds": (2, 20), "fold_days": (1, 100)}
SETTINGS |= {"holdout_share": (0.05, 0.5), "draws": (100, 10_000)}
SETTINGS |= {"alpha": (1e-6, 100.0), "max_iter": (100, 100_000)}


class InputError(Exception):
    """A file that cannot be used; the message says which one and all that is wrong with it."""


def read_settings(path: Path) -> dict:
    """Read the settings of a run; each must be there, of its type and within its limits."""
    try:
        settings = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path}: no readable settings ({error})") from error
    faults = [f"{name} is no setting" for name in sorted(settings.keys() - SETTINGS.keys())]
    for name, (low, high) in SETTINGS.items():
        value = settings.get(name)
        if type(value) is not type(low) or not low <= value <= high:
            faults.append(f"{name} must be {type(low).__name__}, {low} to {high}")
    if faults:
        raise InputError(f"{path}: {'; '.join(faults)}")
    return settings


def load_sales(path: Path) -> pd.DataFrame:
    """Read the panel; days and categories stay text, the categories freed of case and blanks."""
    try:
        sales = pd.read_csv(path, dtype=dict.fromkeys([DAY, *CAT_COLUMNS], "str"))
    except (OSError, pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as CSV ({str(error).strip()})") from error
    for column in sales.columns.intersection(CAT_COLUMNS):
        sales[column] = sales[column].str.strip().str.lower().replace("", np.nan)
    return sales


def validate_sales(sales: pd.DataFrame, path: Path, settings: dict | None = None) -> None:
    """Raise InputError with every fault of the panel; settings are given when it is to train."""
    filled = KEYS + ([TARGET] if settings else [])
    needed = [*filled, *NUM_COLUMNS, "promotion", "day_kind"]
    missing = [column for column in needed if column not in sales.columns]
    if missing or sales.empty:
        raise InputError(f"{path}: " + (f"missing columns {missing}" if missing else "no rows"))
    faults = [f"{column} is missing in rows" for column in filled if sales[column].isna().any()]
    faults += [
        f"{column} is empty" for column in NUM_COLUMNS if settings and sales[column].isna().all()
    ]
    days = pd.to_datetime(sales[DAY], format=DAY_FORMAT, errors="coerce")
    if days.isna().any():
        faults.append(f"{days.isna().sum()} days are not like 2024-05-31")
    for column, (low, high) in RANGES.items():
        values = sales.get(column, pd.Series(dtype=float))
        if not pd.api.types.is_numeric_dtype(values):
            faults.append(f"{column} holds text")
        elif not (values.isna() | values.between(low, high)).all():
            faults.append(f"{column} has values outside {low} to {high}")
    least = settings["long_days"] + settings["folds"] * settings["fold_days"] if settings else 1
    if settings and days.nunique() * (1 - settings["holdout_share"]) < least:
        faults.append(
            f"{days.nunique()} days are too few, {least} of them to learn from are needed"
        )
    clashes = sales.drop_duplicates().duplicated(KEYS).sum()
    if clashes:
        faults.append(f"{clashes} rows repeat a day of a series with other values")
    if faults:
        raise InputError(f"{path}: {'; '.join(faults)}")


def clean_sales(sales: pd.DataFrame) -> pd.DataFrame:
    """Leave out rows delivered twice and what is not known yet when a day is ordered for."""
    delivered = len(sales)
    sales = sales.drop_duplicates()
    logger.info("%d rows, %d of them delivered twice", delivered, delivered - len(sales))
    sales = sales.drop(columns=KNOWN_LATER, errors="ignore")
    sales[DAY] = pd.to_datetime(sales[DAY], format=DAY_FORMAT)
    return sales


def add_features(sales: pd.DataFrame, settings: dict) -> pd.DataFrame:
    """Return the rows in day order with derived columns; a series tells of its past days only."""
    sales = sales.sort_values(KEYS)
    gaps = sales.groupby(SERIES)[DAY].diff() > pd.Timedelta(days=1)
    if gaps.any():
        raise InputError(f"{gaps.sum()} gaps in the days of a series: its past counts a row a day")
    sales["weekday"] = sales[DAY].dt.day_name()
    sales["price_ratio"] = sales["price_eur"] / sales["list_price_eur"]
    sales["rain_log"] = np.log1p(sales["fc_rain_mm"])
    sales["log_sold"] = np.log1p(sales[TARGET])
    series, near, far = sales.groupby(SERIES), settings["short_days"], settings["long_days"]
    past = series["log_sold"]
    sales["sold_week_ago"] = series[TARGET].shift(7)
    sales["log_week_ago"] = np.log1p(sales["sold_week_ago"])
    sales["log_two_weeks_ago"] = series["log_sold"].shift(14)
    sales["log_level_short"] = past.transform(lambda s: s.shift(1).rolling(near, near // 2).mean())
    sales["log_level_long"] = past.transform(lambda s: s.shift(1).rolling(far, far // 2).mean())
    return sales


def split_by_date(sales: pd.DataFrame, holdout_share: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cut between two days, the same for all series; the newest share of the days is held out."""
    days = np.sort(sales[DAY].unique())
    cut = days[round(len(days) * (1 - holdout_share))]
    return sales[sales[DAY] < cut], sales[sales[DAY] >= cut]


def date_folds(days: pd.Series, settings: dict) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return each fold's row numbers, to learn from and to check; no day is on both sides."""
    calendar, number = np.unique(days, return_inverse=True)
    splitter = TimeSeriesSplit(n_splits=settings["folds"], test_size=settings["fold_days"])
    cuts = splitter.split(calendar)
    return [tuple(np.flatnonzero(np.isin(number, side)) for side in cut) for cut in cuts]


def build_pipeline(settings: dict) -> Pipeline:
    """Return the unfitted steps from feature columns to units; linear in the log of the sales."""
    numeric = Pipeline([("fill", SimpleImputer(strategy="median")), ("scale", StandardScaler())])
    fill = SimpleImputer(strategy="constant", fill_value="unknown")
    words = Pipeline([("fill", fill), ("encode", OneHotEncoder(handle_unknown="ignore"))])
    numbers = NUM_COLUMNS + DERIVED_COLUMNS + PAST_COLUMNS
    columns = ColumnTransformer([("num", numeric, numbers), ("cat", words, CAT_COLUMNS)])
    linear = ElasticNet(alpha=settings["alpha"], max_iter=settings["max_iter"])
    model = TransformedTargetRegressor(linear, func=np.log1p, inverse_func=np.expm1)
    return Pipeline([("columns", columns), ("model", model)])


def wape(sold: pd.Series, forecast: pd.Series) -> float:
    """Weighted absolute percentage error: the units by which forecasts are off, per unit sold."""
    return float((sold - forecast).abs().sum() / sold.sum())


def mae_interval(errors: pd.Series, days: pd.Series, draws: int, seed: int) -> list[float]:
    """95 % bootstrap interval of the MAE; draws whole days, as errors of a day go together."""
    daily = errors.abs().groupby(days).agg(["sum", "count"])
    drawn = resample(daily.to_numpy(), n_samples=draws * len(daily), random_state=seed)
    sums = drawn.reshape(draws, len(daily), 2).sum(axis=1)
    return np.quantile(sums[:, 0] / sums[:, 1], [0.025, 0.975]).tolist()


def train(data: Path, out: Path, settings: dict, seed: int) -> dict:
    """Learn from the older days, measure on the newest, store the model with its papers."""
    sales = load_sales(data)
    validate_sales(sales, data, settings)
    sales = add_features(clean_sales(sales), settings)
    older, newer = split_by_date(sales, settings["holdout_share"])
    X_old, y_old = older[FEATURES], older[TARGET]
    X_new, y_new = newer[FEATURES], newer[TARGET]
    logger.info("%d rows to learn from, %d newer ones to test on", len(older), len(newer))
    pipeline = build_pipeline(settings)
    folds = date_folds(older[DAY], settings)
    cv_mae = -cross_val_score(pipeline, X_old, y_old, cv=folds, scoring="neg_mean_absolute_error")
    logger.info("cross-validated MAE %.2f units (sd %.2f)", cv_mae.mean(), cv_mae.std(ddof=1))
    pipeline.fit(X_old, y_old)
    forecast = pipeline.predict(X_new)
    last_week = newer["sold_week_ago"].fillna(y_old.median())
    seen = older.sample(n=len(newer), random_state=seed)
    low, high = mae_interval(y_new - forecast, newer[DAY], settings["draws"], seed)
    metrics = {
        "mae": mean_absolute_error(y_new, forecast),
        "wape": wape(y_new, forecast),
        "train_mae": mean_absolute_error(seen[TARGET], pipeline.predict(seen[FEATURES])),
        "cv_mae_mean": cv_mae.mean(),
        "cv_mae_sd": cv_mae.std(ddof=1),
        "baseline_mae": mean_absolute_error(y_new, last_week),
        "baseline_wape": wape(y_new, last_week),
    } | {"mae_low": low, "mae_high": high}
    metrics = {name: round(float(value), 4) for name, value in metrics.items()}
    logger.info("MAE %.2f units on the held-out days, WAPE %.3f", metrics["mae"], metrics["wape"])
    logger.info("the same weekday a week before: MAE %.2f", metrics["baseline_mae"])
    rows = {"rows": len(sales), "train_rows": len(older), "test_rows": len(newer)}
    bundle = {
        "pipeline": pipeline,
        "features": FEATURES,
        "settings": settings,
        "history": sales[[*KEYS, TARGET]],
        "metrics": metrics,
        "rows": rows,
        "seed": seed,
        "data_sha256": hashlib.sha256(data.read_bytes()).hexdigest(),
        "versions": {"python": sys.version, "sklearn": sklearn.__version__},
    }
    joblib.dump(bundle, out / "model.joblib")
    logger.info("stored the model in %s", out / "model.joblib")
    return {**metrics, **rows, "seed": seed}


def predict(data: Path, out: Path) -> dict:
    """Forecast the rows without sales; a file in which all rows have some is back-tested whole."""
    try:
        bundle = joblib.load(out / "model.joblib")
    except Exception as error:  # a damaged pickle fails in many ways
        raise InputError(f"{out}: no usable model.joblib, run train first ({error})") from error
    if bundle["versions"]["sklearn"] != sklearn.__version__:
        logger.warning("the model was made by scikit-learn %s", bundle["versions"]["sklearn"])
    sales = load_sales(data)
    validate_sales(sales, data)
    sales = clean_sales(sales)
    sales[TARGET] = sales.get(TARGET, np.nan)
    wanted = sales[TARGET].isna() if sales[TARGET].isna().any() else sales[TARGET].notna()
    # Series go on where the training data end; a day in both counts as the file has it.
    parts = [sales.assign(wanted=wanted), bundle["history"].assign(wanted=False)]
    known = pd.concat(parts, ignore_index=True).drop_duplicates(KEYS)
    table = add_features(known, bundle["settings"])
    table = table[table["wanted"]]
    forecast = bundle["pipeline"].predict(table[bundle["features"]])
    result = table[KEYS].assign(forecast_units=forecast.round(2))
    result.to_csv(out / "predictions.csv", index=False, date_format=DAY_FORMAT)
    logger.info("%d forecasts, %.1f units on average", len(result), forecast.mean())
    return {"rows": len(result), "path": str(out / "predictions.csv")}


def main(argv: list[str] | None = None) -> int:
    """Run one command; 0 if it went well, 2 if an input was refused."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=["train", "predict"])
    parser.add_argument("--data", required=True, help="CSV panel, one row a day and series")
    parser.add_argument("--out", required=True, help="folder of the model and the forecasts")
    parser.add_argument("--config", default=HOME / "config.toml", help="TOML settings of train")
    parser.add_argument("--seed", type=int, default=7, help="of every random step of train")
    args = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)
    data, out = Path(args.data), Path(args.out)
    try:
        out.mkdir(parents=True, exist_ok=True)
        if args.command == "train":
            report = train(data, out, read_settings(Path(args.config)), args.seed)
        else:
            report = predict(data, out)
    except InputError as error:
        logger.error("%s", error)
        return 2
    print(json.dumps(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
