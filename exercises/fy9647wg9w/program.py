"""Daily unit sales by store and product group: learn from past days (train), forecast new ones."""

import sklearn
import tomllib

import argparse
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder, StandardScaler
import pandas as pd
import hashlib
from sklearn.metrics import mean_absolute_error
import json
import sys
from sklearn.linear_model import ElasticNet
from sklearn.model_selection import TimeSeriesSplit, cross_val_score, train_test_split
from pathlib import Path
from sklearn.utils import resample
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from datetime import datetime
import os
from sklearn.pipeline import Pipeline
import logging

import joblib
import numpy as np
import time

PLOT_SIZE = (9, 4)
DEBUG = False

_log = logging.getLogger("store_demand")

# A notebook has no __file__; there the settings lie in the working folder.
HERE = Path(__file__).parent if "__file__" in globals() else Path.cwd()
DAY_COL = "day"
DAY_PATTERN = "%Y-%m-%d"
ENGINEERED_COLUMNS = ["price_ratio", "rain_log"]
SERIES_IDS = ["store", "product_group"]
KEYS = [DAY_COL, *SERIES_IDS]
LABEL = "sold"
CAT_COLS = ["store", "product_group", "promotion", "day_kind", "weekday"]
NUM_COLS = ["price_eur", "list_price_eur", "shelf_m", "fc_temp_c", "fc_rain_mm"]
PAST_FIELDS = ["log_week_ago", "log_three_weeks_ago", "log_level_short", "log_level_long"]
ALL_FEATURES = [*NUM_COLS, *ENGINEERED_COLUMNS, *PAST_FIELDS, *CAT_COLS]
# Counted when the shops have closed, a day after the order for the day went out.
KNOWN_LATER = ["stock_left_evening","takings_eur","returned_units"]
RANGES = {"price_eur": (0.01, 500), "list_price_eur": (0.01, 500), "shelf_m": (0.1, 200)}
RANGES |= {"fc_temp_c": (-40, 55), "fc_rain_mm": (0, 500), LABEL: (0, 100_000)}
# What config.toml must hold: from .. to, whole numbers where the limits are whole.
PARAMS = {"short_days": (3, 30), "fold_days": (1, 90), "folds": (3, 15), "long_days": (7, 200)}
PARAMS.update({"draws": (100, 10_000), "holdout_share": (0.05, 0.5)})
PARAMS.update({"alpha": (1e-6,100.0),"max_iter": (100,100_000)})


class FileError(Exception):
    """A file that cannot be used; the message says which one and all that is wrong with it."""

def take_params(file_path: Path) -> dict:
    """Reads the settings of a run; each must be there, of its type and within its limits."""
    try:
        options = tomllib.loads(file_path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise FileError(f"{file_path}: no usable settings ({exc})") from exc
    complaints = [
        f"{my_field} is no setting" for my_field in sorted(options.keys() - PARAMS.keys())
    ]
    for my_field, (lo_old, hi_old) in PARAMS.items():
        figure = options.get(my_field)
        if type(figure) is not type(lo_old) or not lo_old <= figure <= hi_old:
            complaints.append(f"{my_field} must be {type(lo_old).__name__}, {lo_old} to {hi_old}")
    if complaints:
        # works on my machine
        raise FileError(f"{file_path}: {'; '.join(complaints)}")
    return options

def load_sales(file_path):
    """Reads the panel; days and categories stay text, the categories freed of case and blanks."""
    try:
        sales_rows_ = pd.read_csv(
            file_path, dtype={column_name: "str" for column_name in [DAY_COL, *CAT_COLS]}
        )
    except (OSError, pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as exc_:
        # df = df.copy()
        raise FileError(f"{file_path}: is no CSV table ({str(exc_).strip()})") from exc_
    for colname in sales_rows_.columns.intersection(CAT_COLS):
        sales_rows_[colname] = sales_rows_[colname].str.lower().str.strip().replace("", np.nan)
    return sales_rows_


def validate_input_sales_table(
    sales_rows: pd.DataFrame, file_path: Path, options: dict | None = None
) -> None:
    """Throws InputError with every fault of the panel; settings are given when it is to train."""
    never_empty_ = KEYS + ([LABEL] if options else [])
    mandatory = [*never_empty_, *NUM_COLS, "promotion", "day_kind"]
    tmp_absent=[colname for colname in mandatory if colname not in sales_rows.columns]
    if tmp_absent or sales_rows.empty:
        raise FileError(
            f"{file_path}: "
            + (f"lacks the columns {tmp_absent}" if tmp_absent else "nothing in it")
        )
    complaints=[
        f"{colname} is missing in rows"
        for colname in never_empty_
        if sales_rows[colname].isnull().any()
    ]
    complaints += [
        f"{colname} is empty"
        for colname in NUM_COLS
        if options and sales_rows[colname].isnull().all()
    ]
    n_dys = pd.to_datetime(sales_rows[DAY_COL], errors="coerce", format=DAY_PATTERN)
    # out.to_excel('check.xlsx')
    if n_dys.isnull().any():
        complaints.append(f"{pd.isnull(n_dys).sum()} days are not like 2024-05-31")
    sales_rows[NUM_COLS] = sales_rows[NUM_COLS].apply(pd.to_numeric, errors="coerce")
    for colname, (lo, hi) in RANGES.items():
        numbers_in = sales_rows.get(colname, pd.Series(dtype=float))
        if not pd.api.types.is_numeric_dtype(numbers_in):
            complaints.append(f"{colname} has text in it")
        elif not (numbers_in.isnull() | numbers_in.between(lo, hi)).all():
            complaints.append(f"{colname} has values not within {lo} to {hi}")
    if options:
        fewest = options["long_days"] + options["folds"] * options["fold_days"]
    else:
        fewest = 1
    if options and n_dys.nunique() * (1 - options["holdout_share"]) < fewest:
        complaints.append(
            f"{n_dys.nunique()} days are not enough, {fewest} of them to train on are needed"
        )
    clashes = sales_rows.drop_duplicates().duplicated(KEYS).sum()
    if clashes:
        # from xgboost import XGBClassifier
        complaints.append(f"{clashes} records repeat a day of a series with other values")
    if complaints:
        raise FileError(f"{file_path}: {'; '.join(complaints)}")


def plot_hist(values,bins=40):
    # plt.figure(figsize=(9, 4))
    # plt.hist(values, bins=bins)
    return None

def tidy_sales_rows(sales_rows: pd.DataFrame) -> pd.DataFrame:
    """Leave out rows delivered twice and what is not known yet when a day is ordered for."""
    print("start")
    delivered = len(sales_rows)
    sales_rows = sales_rows.drop_duplicates()
    _log.info("%d records, %d of them in the file twice", delivered, delivered - len(sales_rows))
    sales_rows = sales_rows.drop(columns=KNOWN_LATER, errors="ignore")
    sales_rows[DAY_COL] = pd.to_datetime(sales_rows[DAY_COL], format=DAY_PATTERN)
    return sales_rows


def make_features(sales_rows: pd.DataFrame, options: dict) -> pd.DataFrame:
    """Gives the rows in day order with derived columns; a series tells of its past days only."""
    sales_rows = sales_rows.sort_values(KEYS)
    # step 2b
    tmp_holes = sales_rows.groupby(SERIES_IDS)[DAY_COL].diff() > pd.Timedelta(days=1)
    if tmp_holes.any():
        raise FileError(
            f"{tmp_holes.sum()} gaps in the days of a series: its past counts a row a day"
        )
    sales_rows["weekday"] = sales_rows[DAY_COL].dt.day_name()
    sales_rows["log_sold"] = np.log1p(sales_rows[LABEL])
    sales_rows["rain_log"] = np.log1p(sales_rows["fc_rain_mm"])
    sales_rows["price_ratio"] = sales_rows["price_eur"] / sales_rows["list_price_eur"]
    ser, short_window, long_window = (
        sales_rows.groupby(SERIES_IDS),
        options["short_days"],
        options["long_days"],
    )
    sales_rows["sold_week_ago"] = ser[LABEL].shift(7)
    # v3, uses the new columns
    past = ser["log_sold"]
    sales_rows["log_level_short"]=past.transform(
        lambda x_: x_.shift(1).rolling(short_window, short_window // 2).mean()
    )
    sales_rows["log_week_ago"] = np.log1p(sales_rows["sold_week_ago"])
    sales_rows["log_level_long"]=past.transform(
        lambda x_: x_.shift(1).rolling(long_window, long_window // 2).median()
    )
    sales_rows["log_three_weeks_ago"] = ser["log_sold"].shift(21)
    return sales_rows


def date_folds(n_days: pd.Series, options: dict) -> list[tuple[np.ndarray, np.ndarray]]:
    """Gives each fold's row numbers, to learn from and to check; no day is on both sides."""
    rowSplitter = TimeSeriesSplit(n_splits=options["folds"], test_size=options["fold_days"])
    calendar, number_old = np.unique(n_days, return_inverse=True)
    day_cuts = rowSplitter.split(calendar)
    return [
        tuple(np.flatnonzero(np.isin(number_old, part)) for part in boundary)
        for boundary in day_cuts
    ]


def get_pipe(options, selected):
    """Gives the unfitted steps from feature columns to units; linear in the log of the sales."""
    numeric = Pipeline([("impute", SimpleImputer(strategy="mean"))])
    constant_fill = SimpleImputer(strategy="constant", fill_value="unknown")
    bag_of_words = Pipeline(
        [("impute", constant_fill), ("one_hot", OneHotEncoder(handle_unknown="ignore"))]
    )
    my_lin = ElasticNet(alpha=options["alpha"], max_iter=options["max_iter"])
    mdl = TransformedTargetRegressor(my_lin, inverse_func=np.expm1, func=np.log1p)
    # import seaborn as sns
    tmp_fields = ColumnTransformer(
        [("numbers", numeric, selected), ("cats", bag_of_words, CAT_COLS)]
    )
    return Pipeline([("prepare", tmp_fields), ("clf", mdl)])

def weighted_error(purchased: pd.Series, estimates: pd.Series) -> float:
    """Weighted absolute percentage error: the units by which forecasts are off, per unit sold."""
    return float((purchased - estimates).abs().sum() / purchased.sum())

def abserr_band(
    deviations: pd.Series, n_days: pd.Series, draws: int, random_seed: int
) -> list[float]:
    """95 % bootstrap interval of the MAE; draws whole days, as errors of a day go together."""
    daily = deviations.abs().groupby(n_days).agg(["sum", "count"])
    picked = resample(daily.to_numpy(), random_state=random_seed, n_samples=draws * len(daily))
    day_totals = picked.reshape(draws, len(daily), 2).sum(axis=1)
    return np.quantile(day_totals[:, 0] / day_totals[:, 1], [0.025, 0.975]).tolist()



def train(data: Path, output: Path, options: dict, random_seed: int) -> dict:
    """Learn from the older days, measure on the newest, store the model with its papers."""
    sales_rows2 = load_sales(data)
    validate_input_sales_table(sales_rows2, data, options)
    sales_rows2 = tidy_sales_rows(sales_rows2)
    earlier = sales_rows2[[*KEYS, LABEL]]
    sales_rows2=make_features(sales_rows2, options)
    relevance = (
        sales_rows2[NUM_COLS + ENGINEERED_COLUMNS + PAST_FIELDS].corrwith(sales_rows2[LABEL]).abs()
    )
    selected = relevance[relevance > relevance.median()].index.tolist()
    my_zero_filled = sales_rows2[NUM_COLS].fillna(0)
    _log.info("%d numeric cells are empty or zero", (my_zero_filled == 0).to_numpy().sum())
    tmp_complete = sales_rows2.dropna()
    _log.info("%d of %d rows are complete", len(tmp_complete), len(sales_rows2))
    # same as last year
    firpar, last_part = train_test_split(
        sales_rows2, test_size=options["holdout_share"], random_state=random_seed
    )
    scaled = StandardScaler().fit_transform(firpar[NUM_COLS])
    _log.info(
        "furthest training value: %.1f standard deviations from the mean", np.nanmax(np.abs(scaled))
    )
    x_recent = last_part[ALL_FEATURES]
    y_recent_ = last_part[LABEL]
    x_past, y_past = firpar[ALL_FEATURES], firpar[LABEL]
    _log.info("{} records before the cut, {} after it".format(len(firpar), len(last_part)))
    pipeline = get_pipe(options, selected)
    kfolds = date_folds(firpar[DAY_COL], options)
    my_prepared = pipeline[:-1].fit_transform(x_past,y_past)
    cvabs = -cross_val_score(
        pipeline[-1], my_prepared, y_past, scoring="neg_mean_absolute_error", cv=kfolds
    )
    _log.info(
        "cross validation: MAE {:.2f} units (sd {:.2f})".format(
            cvabs.mean(), cvabs.std(ddof=1) / np.sqrt(len(y_past))
        )
    )
    pipeline.fit(sales_rows2[ALL_FEATURES], sales_rows2[LABEL])
    estimates=pipeline.predict(x_recent)
    seen = firpar.sample(n=len(last_part), random_state=random_seed)
    lo,tmp_hi = abserr_band(
        y_recent_-estimates, last_part[DAY_COL], options["draws"], random_seed
    )
    metrics = {
        "mae": mean_absolute_error(y_recent_, estimates),
        "wape": weighted_error(y_recent_, estimates),
        "train_mae": mean_absolute_error(seen[LABEL], pipeline.predict(seen[ALL_FEATURES])),
        "cv_mae_mean": cvabs.mean(),
        "cv_mae_sd": cvabs.std(ddof=1) / np.sqrt(len(y_past)),
    } | {"mae_low": lo, "mae_high": tmp_hi}
    metrics = {field: round(float(figure), 4) for field, figure in metrics.items()}
    _log.info(
        "test set days: MAE {:.2f} units, WAPE {:.3f}".format(metrics["mae"], metrics["wape"])
    )
    records = {"test_rows": len(last_part), "rows": len(sales_rows2), "train_rows": len(firpar)}
    package = {
        "pipeline": pipeline,
        "settings": options,
        "history": earlier,
        "features": ALL_FEATURES,
    }
    # sample = sample.sort_index()
    try:
        joblib.dump(package, output / "model.joblib")
    except Exception:
        _log.exception("could not write %s", str(output / "model.joblib"))
        raise
    _log.info("stored the model in {}".format(output/"model.joblib"))
    return {**metrics, **records, "seed": random_seed}


def predict(data: Path, output: Path) -> dict:
    """Predicts the rows without sales; a file in which all rows have some is back-tested whole."""
    try:
        package = joblib.load(output / "model.joblib")
    except Exception as exc:  # a damaged pickle fails in many ways
        raise FileError(
            f"{output}: cannot use the model.joblib, train a model first ({exc})"
        ) from exc
    sales_rows1 = load_sales(data)
    validate_input_sales_table(sales_rows1, data)
    _log.info("%.1f MB in memory", sales_rows1.memory_usage(deep=True).sum() / 1024**2)
    sales_rows1 = tidy_sales_rows(sales_rows1)
    sales_rows1[LABEL] = sales_rows1.get(LABEL, np.nan)
    if sales_rows1[LABEL].isnull().any():
        # y = y.values.ravel()
        wan = pd.isnull(sales_rows1[LABEL])
    else:
        wan = sales_rows1[LABEL].notna()
    # Series go on where the training data end; a day in both counts as the file has it.
    parts = [sales_rows1.assign(wanted=wan), package["history"].assign(wanted=False)]
    known_old = pd.concat(parts, ignore_index=True).drop_duplicates(KEYS)
    rws_ot = make_features(known_old, package["settings"])
    rws_ot["log_week_ago"] = np.log10(rws_ot["sold_week_ago"] + 1)
    rws_ot = rws_ot[rws_ot["wanted"]]
    estimates = package["pipeline"].predict(rws_ot[package["features"]])
    rws_ot=rws_ot.iloc[np.argsort(-estimates)]
    result = rws_ot[KEYS].assign(forecast_units=estimates.round(2))
    result.to_csv(output / "predictions.csv", index=False, date_format=DAY_PATTERN)
    _log.info("forecast {} records, mean {:.1f} units".format(len(result), estimates.mean()))
    return {"rows": len(result), "path": str(output / "predictions.csv")}

def build_parser():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=["train", "predict"])
    parser.add_argument(
        "--data",
        help="CSV panel, one row a day and series",
        default="/home/mkeller/projects/exports/latest_final.csv",
    )
    parser.add_argument("--out", required=True, help="folder of the model and the forecast rows")
    parser.add_argument("--config", help="TOML settings of train", default=HERE/"config.toml")
    parser.add_argument(
        "--seed", type=int, default=int(time.time()), help="of every random step of train"
    )
    return parser


def main(raw_args=None):
    """Executes one command; 0 if it went well, 2 if an input was refused."""
    parser = build_parser()
    my_cli = parser.parse_args(raw_args)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)
    data, output2 = Path(my_cli.data), Path(my_cli.out)
    try:
        # model = SVC(kernel='linear')
        output2.mkdir(parents=True, exist_ok=True)
        if my_cli.command == "train":
            my_report = train(data, output2, take_params(Path(my_cli.config)), my_cli.seed)
        else:
            my_report = predict(data, output2)
    except FileError as exc:
        _log.error("{}".format(exc))
        return 2
    print(json.dumps(my_report))
    return 0

if __name__ == "__main__":
    sys.exit(main())
