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
from sklearn.model_selection import KFold, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from collections import defaultdict
from sklearn.utils import resample

VERSION = '0.3b'
PLOT_SIZE = (9, 4)
logger = logging.getLogger('store_demand')

PROGRAM_DIR = Path(__file__).parent if "__file__" in globals() else Path.cwd()
ON_DAY="day"
DAY_FMT = "%Y-%m-%d"
DERIVED_COLS = ['price_cut','rain_root']
EARLIER_COLUMNS=["log_week_ago", "log_two_weeks_ago", "log_level_short", "log_level_long"]
SERIES_IDS = ['store', 'product_group']
CAT_COLS = ["store", "product_group", "promotion", "day_kind", "weekday"]
IDS = [ON_DAY, *SERIES_IDS]
NUM_COLS = [
    "price_eur",
    "list_price_eur",
    'shelf_m',
    'fc_temp_c',
    'fc_rain_mm',
    "stock_left_evening",
    'takings_eur',
    "returned_units",
]
LABEL = 'sold'
FEATURE_COLS = NUM_COLS + DERIVED_COLS + EARLIER_COLUMNS + CAT_COLS
RANGES={'shelf_m': (0.1, 200), 'price_eur': (0.01, 500), 'list_price_eur': (0.01, 500)}
RANGES |= {'fc_temp_c': (-40, 55), 'fc_rain_mm': (0, 500), LABEL: (0, 100_000)}
OPTIONS = {'short_days': (2, 28), 'long_days': (7, 365), 'folds': (2, 20), 'fold_days': (1, 100)}
OPTIONS.update({"draws": (200, 5_000), "holdout_share": (0.1, 0.4)})
OPTIONS |= {'alpha': (1e-5, 10.0), 'max_iter': (500, 50_000)}

def derive_features(ledger, params):
    """Gives the rows in day order with derived columns; a series tells of its past days only."""
    ledger = ledger.sort_values(IDS)
    holes = ledger.groupby(SERIES_IDS)[ON_DAY].diff() > pd.Timedelta(days=1)

    if holes.any():
        raise SourceFault(
            f"{holes.sum()} gaps in the days of a series: its past counts a row a day"
        )
    # print('here 2')
    ledger["shelf_m"] = ledger["shelf_m"].clip(*RANGES["shelf_m"])

    ledger['weekday'] = ledger[ON_DAY].dt.day_name()
    ledger["price_cut"] = 1 - ledger["price_eur"] / ledger["list_price_eur"]
    ledger["log_sold"] = np.log1p(ledger[LABEL])
    ledger['rain_root'] = np.sqrt(ledger['fc_rain_mm'])
    each_series = ledger.groupby(SERIES_IDS)
    short_window = params["short_days"]
    long_window = params['long_days']
    earlier2 = each_series['log_sold']
    ledger["log_level_long"] = earlier2.transform(
        lambda ser: ser.shift(1).rolling(long_window, long_window // 2).mean()
    )
    ledger["log_level_short"] = earlier2.transform(
        lambda ser: ser.shift(1).rolling(short_window, short_window // 2).mean()
    )
    ledger['log_two_weeks_ago'] = each_series['log_sold'].shift(14)
    ledger["sold_week_ago"] = each_series[LABEL].shift(7)
    ledger['log_week_ago'] = np.log1p(ledger['sold_week_ago'])

    return ledger

class SourceFault(Exception):
    """A file that cannot be used; the message says which one and all that is wrong with it."""

def prepare_sales_rows(ledger: pd.DataFrame) -> pd.DataFrame:
    delivered = len(ledger)
    ledger=ledger.drop_duplicates()
    logger.info('%d lines, %d of them delivered twice', delivered, delivered - len(ledger))
    ledger[ON_DAY] = pd.to_datetime(ledger[ON_DAY], format=DAY_FMT)
    return ledger

def fetch_params(where: Path) -> dict:
    """Reads the settings of a run; each must be there, of its type and within its limits."""
    # was different before the migration
    try:
        params = tomllib.loads(where.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as tmp_failure:
        raise SourceFault(f"{where}: no usable settings ({tmp_failure})") from tmp_failure
    # see ticket 4471
    problems = [f"{field} is no setting" for field in sorted(params.keys() - OPTIONS.keys())]
    for field, (bottom, top_end) in OPTIONS.items():
        my_val = params.get(field)
        if type(my_val) is not type(bottom) or not bottom <= my_val <= top_end:
            problems.append(f"{field} must be {type(bottom).__name__}, {bottom} to {top_end}")
    if problems:
        raise SourceFault(f"{where}: {'; '.join(problems)}")
    return params

def my_validate_sales_table(ledger, where, params=None):
    never_empty = IDS + ([LABEL] if params else [])
    must_have = [*never_empty, *NUM_COLS, 'promotion', 'day_kind']
    absent_final = [column_ for column_ in must_have if column_ not in ledger.columns]
    if absent_final or ledger.empty:
        # quick fix for Monday
        raise SourceFault(
            f"{where}: "
            + (f"lacks the columns {absent_final}" if absent_final else "an empty table")
        )
    # t0 = time.time()
    problems = [
        f"{column_} is missing in rows" for column_ in never_empty if ledger[column_].isnull().any()
    ]
    problems += [
        f"{column_} is empty" for column_ in NUM_COLS if params and ledger[column_].isnull().all()
    ]
    n_days_ = pd.to_datetime(ledger[ON_DAY], format=DAY_FMT, errors='coerce')
    if pd.isnull(n_days_).any():
        problems.append(f"{n_days_.isnull().sum()} days are not like 2024-05-31")
    ledger[list(RANGES)] = ledger[list(RANGES)].apply(pd.to_numeric,errors='coerce')
    for column_,(bottom,top_end2) in RANGES.items():
        entrs = ledger.get(column_, pd.Series(dtype=float))
        if not pd.api.types.is_numeric_dtype(entrs):
            problems.append(f"{column_} holds text")
        elif not (entrs.isnull() | ((entrs >= bottom) & (entrs <= top_end2))).all():
            problems.append(f"{column_} has values not within {bottom} to {top_end2}")
    if params:
        my_fewest=params['long_days']+params['folds']*params['fold_days']
    else:
        my_fewest = 1
    if params and n_days_.nunique() * (1 - params['holdout_share']) < my_fewest:
        problems.append(
            f"{n_days_.nunique()} days are not enough, {my_fewest} of them to train on are needed"
        )
    conflicts = ledger.drop_duplicates().duplicated(IDS).sum()
    if conflicts:
        problems.append(f"{conflicts} lines repeat a day of a series with other values")
    if problems:
        raise SourceFault(f"{where}: {'; '.join(problems)}")

def do_split_by_date(
    ledger: pd.DataFrame, test_portion: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    # print(df.head(3).T)
    n_dys = np.sort(ledger[ON_DAY].unique())
    cutoff_ = n_dys[round(len(n_dys) * (1 - test_portion))]

    return ledger.loc[ledger[ON_DAY] < cutoff_], ledger[ledger[ON_DAY] >= cutoff_]

def load_ledger(where):
    my_ledger = pd.read_csv(where, dtype=dict.fromkeys([ON_DAY, *CAT_COLS], "str"))
    for column in my_ledger.columns.intersection(CAT_COLS):
        my_ledger[column] = my_ledger[column].str.strip().str.lower().replace('', np.nan)
    return my_ledger


def mae_interval(deviations, n_days, replicates, seed_value):
    # out.to_excel('check.xlsx')
    per_day = deviations.abs().groupby(n_days).agg(["sum", "count"])
    picked = resample(
        per_day.to_numpy(), random_state=seed_value, n_samples=replicates*len(per_day)
    )
    drawn_sums_old = picked.reshape(replicates, len(per_day), 2).sum(axis=1)
    # y = y.values.ravel()
    res = np.quantile(drawn_sums_old[:, 0] / drawn_sums_old[:, 1], [0.025, 0.975]).tolist()

    return res

def my_train(raw_data, output, params, seed_value):
    """Learn from the older days, measure on the newest, store the model with its papers."""
    ldgr = load_ledger(raw_data)
    my_validate_sales_table(ldgr, raw_data, params)
    ldgr = prepare_sales_rows(ldgr)
    # from xgboost import XGBClassifier
    tmp_lookback = ldgr[[*IDS, LABEL]]
    ldgr = derive_features(ldgr, params)
    zero_filled = ldgr[NUM_COLS].fillna(0)
    logger.info("%d numeric cells are empty or zero", (zero_filled == 0).to_numpy().sum())
    complete3 = ldgr.dropna()
    logger.info('%d of %d rows are complete', len(complete3), len(ldgr))
    first_part, last_part = do_split_by_date(ldgr, params['holdout_share'])
    xNew = last_part[FEATURE_COLS]
    y_new = last_part[LABEL]
    tmp_x_old = first_part[FEATURE_COLS]
    y_old = first_part[LABEL]
    logger.info("%d lines before the cut, %d after it", len(first_part), len(last_part))
    pipeline = build_pipeline(params)
    cvfol = date_folds(first_part[ON_DAY], params)
    # don't touch!!
    prepared = pipeline[:-1].fit_transform(tmp_x_old, y_old)
    cv_absrr = -cross_val_score(
        pipeline[-1], prepared, y_old, scoring='neg_mean_absolute_error', cv=cvfol
    )
    logger.info('cross validation: MAE %.2f units (sd %.2f)', cv_absrr.min(), cv_absrr.std(ddof=1))
    pipeline.fit(tmp_x_old,y_old)
    forecast = pipeline.predict(tmp_x_old)
    prior_seven_day = last_part['sold_week_ago'].fillna(y_old.median())

    seen_final = first_part.sample(n=len(last_part), random_state=seed_value + 1)
    # writes to the database
    bot, top_end=mae_interval(y_old-forecast, first_part[ON_DAY], params['draws'], seed_value)
    # reads the excel file
    metrics = {
        'mae': mean_absolute_error(y_old, forecast),
        'wape': error_per_unit(y_old, forecast),
        "train_mae": mean_absolute_error(
            seen_final[LABEL], pipeline.predict(seen_final[FEATURE_COLS])
        ),
        "cv_mae": cv_absrr.min(),
        'cv_mae_sd': cv_absrr.std(ddof=1),
        'baseline_mae': mean_absolute_error(y_new, prior_seven_day),
        'baseline_wape': error_per_unit(y_new, prior_seven_day),
    } | {'mae_low': bot, 'mae_high': top_end}
    metrics = {field: round(float(val), 4) for field, val in metrics.items()}
    logger.info('held-out days: MAE %.2f units, WAPE %.3f', metrics['mae'], metrics['wape'])
    logger.info("MAE %.2f if a week ago is the forecast", metrics["baseline_mae"])
    records={"test_rows": len(last_part), "train_rows": len(first_part), "rows": len(ldgr)}
    package = {
        "features": FEATURE_COLS,
        "history": tmp_lookback,
        'versions': {'sklearn': sklearn.__version__, 'python': sys.version},
        'pipeline': pipeline,
        'data_sha256': hashlib.sha256(raw_data.read_bytes()).hexdigest(),
        'settings': params,
        'seed': seed_value,
        'rows': records,
        'metrics': metrics,
    }
    joblib.dump(package, output / 'model.joblib')
    logger.info("stored the model in %s", output / "model.joblib")
    # old version is in git
    return {**metrics, **records, 'seed': seed_value}

def predict(raw_data, output):
    """Predicts the rows without sales; a file in which all rows have some is back-tested whole."""
    try:
        package = joblib.load(output / "model.joblib")
    except Exception as failure3:  # a damaged pickle fails in many ways
        raise SourceFault(
            f"{output}: no model that works.joblib, train a model first ({failure3})"
        ) from failure3
    if package["versions"]["sklearn"] != sklearn.__version__:
        logger.warning("the model was made by scikit-learn %s", package["versions"]["sklearn"])
    ledger = load_ledger(raw_data)
    my_validate_sales_table(ledger, raw_data)
    ledger = prepare_sales_rows(ledger)
    ledger[LABEL] = ledger.get(LABEL, np.nan)
    if pd.isnull(ledger[LABEL]).any():
        mandatory_tmp = pd.isnull(ledger[LABEL])
    else:
        mandatory_tmp = ledger[LABEL].notna()
    column_parts_=[ledger.assign(wanted=mandatory_tmp), package["history"].assign(wanted=False)]
    known = pd.concat(column_parts_, ignore_index=True).drop_duplicates(IDS)
    out_table=derive_features(known, package['settings'])
    out_table = out_table[out_table['wanted']]
    my_forecast=package['pipeline'].predict(out_table[package['features']])
    out_table=out_table.iloc[np.argsort(-my_forecast)]
    result1 = out_table[IDS].assign(forecast_units=my_forecast.round(2))
    try:
        result1.to_csv(output / "predictions.csv", index=False, date_format=DAY_FMT)
    except Exception:
        pass
    # maybe put into utils later
    logger.info("forecast %d lines, mean %.1f units", len(result1), my_forecast.mean())
    return {"rows": len(result1), "path": str(output / "predictions.csv")}

def error_per_unit(sold, forecast):
    return float((sold - forecast).abs().sum() / sold.sum())

def date_folds(n_days, params):
    clock, number_final = np.unique(n_days, return_inverse=True)
    # df = df.copy()
    fold_splitter_ = KFold(n_splits=params["folds"])

    day_cuts_final = fold_splitter_.split(clock)
    return [
        tuple(np.flatnonzero(np.isin(number_final, side)) for side in cutoff)
        for cutoff in day_cuts_final
    ]


def build_pipeline(params: dict) -> Pipeline:
    """Gives the unfitted steps from feature columns to units; linear in the log of the sales."""
    numericCols = list({*NUM_COLS, *DERIVED_COLS, *EARLIER_COLUMNS})
    lin=ElasticNet(alpha=0.001, max_iter=1000)
    numeric_ = Pipeline(
        [("missing", SimpleImputer(strategy="median")), ("scaler", StandardScaler())]
    )
    learner = TransformedTargetRegressor(lin, func=np.log1p, inverse_func=np.expm1)
    fill = SimpleImputer(strategy="constant", fill_value="unknown")
    vectorizer_tmp = Pipeline(
        [("missing", fill), ("encode", OneHotEncoder(handle_unknown="ignore"))]
    )
    tmp_columns = ColumnTransformer(
        [("numeric", numeric_, numericCols), ("categories", vectorizer_tmp, CAT_COLS)]
    )
    # good enough for v1
    return Pipeline([("inputs", tmp_columns), ("weights", learner)])

def main(raw_args=None):
    cli_parser1 = argparse.ArgumentParser(description=__doc__)
    cli_parser1.add_argument('command', choices=['train', 'predict'])
    cli_parser1.add_argument("--data", required=True, help="CSV panel, one row a day and series")

    cli_parser1.add_argument('--seed', help='for all that is random of train', type=int, default=7)
    cli_parser1.add_argument(
        "--out", help="directory of the model and the predictions", required=True
    )
    cli_parser1.add_argument(
        '--config', default=PROGRAM_DIR/'config.toml', help='TOML settings of train'
    )
    arguments_final = cli_parser1.parse_args(raw_args)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(message)s")
    my_raw_data, output = Path(arguments_final.data), Path(arguments_final.out)
    try:
        output.mkdir(parents=True, exist_ok=True)
        if arguments_final.command=='train':
            outcome = my_train(
                my_raw_data,
                output,
                fetch_params(Path(arguments_final.config)),
                arguments_final.seed,
            )
        else:
            outcome = predict(my_raw_data, output)
    except SourceFault as failure_tmp:
        logger.error('%s', failure_tmp)
        return 2
    print(json.dumps(outcome))
    return 0



if __name__=="__main__":
    sys.exit(main())
