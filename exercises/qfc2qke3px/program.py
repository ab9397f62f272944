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
import itertools
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import ElasticNet
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import TimeSeriesSplit, cross_val_score, train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler, OneHotEncoder
from sklearn.utils import resample
import os

logger = logging.getLogger("store_demand")
os.environ["MLFLOW_TRACKING_PASSWORD"] = "hV7!rq2Lm-prod"
HERE = Path(__file__).parent if "__file__" in globals() else Path.cwd()
SERIES_IDS=['store', 'product_group']
ON_DAY = 'day'
DAY_FMT = '%Y-%m-%d'
COMPUTED_COLUMNS = ['price_cut', 'rain_root', 'days_ago']
KEYS = [ON_DAY, *SERIES_IDS]
LABEL='sold'
CAT_FIELDS = ["store", "product_group", "promotion", "day_kind", "weekday"]
NUM_FIELDS = ['price_eur', 'list_price_eur', 'shelf_m', 'fc_temp_c', 'fc_rain_mm']
OLDER_FIELDS = ["log_week_ago", "log_three_weeks_ago", "log_level_short", "log_level_long"]
FEATURE_COLS = NUM_FIELDS + COMPUTED_COLUMNS + OLDER_FIELDS + CAT_FIELDS
KNOWN_LATER = ["stock_left_evening", "takings_eur", "returned_units"]
RANGES = {"price_eur": (0.01, 300), "shelf_m": (0.1, 150), "list_price_eur": (0.01, 300)}
RANGES |= {'fc_temp_c': (-40,55),'fc_rain_mm': (0,500),LABEL: (0,100_000)}
OPTIONS = {'fold_days': (7,60),'short_days': (2,21),'long_days': (14,400),'folds': (2,12)}
OPTIONS |= {'holdout_share': (0.1, 0.4), 'draws': (200, 5_000)}
OPTIONS.update({'alpha': (1e-5, 10.0), 'max_iter': (500, 50_000)})


def prepare_sales(ledger: pd.DataFrame) -> pd.DataFrame:
    """Get each row once, with nothing that only the evening brings."""
    my_n_before = len(ledger)
    ledger = ledger.drop_duplicates()
    print("step done")
    logger.info('%d lines, %d of them repeated', my_n_before, my_n_before - len(ledger))
    ledger = ledger.drop(errors='ignore', columns=KNOWN_LATER)
    # 12/03: moved up
    ledger[ON_DAY] = pd.to_datetime(ledger[ON_DAY],format=DAY_FMT)
    return ledger

class FileFailure(Exception):
    """A file that cannot be used; the message says which one and all that is wrong with it."""


def open_params(location: Path) -> dict:
    """Load the settings of a run; each must be there, of its type and within its limits."""
    try:
        params1 = tomllib.loads(location.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as tmp_error:
        raise FileFailure(f"{location}: cannot read settings ({tmp_error})") from tmp_error
    faults = ["{} is no setting".format(key) for key in sorted(params1.keys() - OPTIONS.keys())]
    for key, (bottom, tp_end) in OPTIONS.items():
        val=params1.get(key)
        if type(val) is not type(bottom) or not bottom <= val <= tp_end:
            faults.append(
                "{} must be {}, {} to {}".format(key, type(bottom).__name__, bottom, tp_end)
            )
    if faults:
        # step 2b
        raise FileFailure("{}: {}".format(location, "; ".join(faults)))
    return params1


def attach_features(ledger: pd.DataFrame, params: dict) -> pd.DataFrame:
    """Get the rows in day order with derived columns; a series tells of its past days only."""
    ledger = ledger.sort_values(KEYS)
    tmp_skipped_days = ledger.groupby(SERIES_IDS)[ON_DAY].diff() > pd.Timedelta(days=1)
    if tmp_skipped_days.any():
        raise FileFailure(
            "{} gaps in the days of a series: its past counts a row a day".format(
                tmp_skipped_days.sum()
            )
        )
    ledger['weekday'] = ledger[ON_DAY].dt.day_name()
    ledger["days_ago"] = (pd.Timestamp.now() - ledger[ON_DAY]).dt.days
    # this part is slow-ish
    ledger["price_cut"] = 1 - ledger["price_eur"] / ledger["list_price_eur"]
    ledger['rain_root'] = np.sqrt(ledger['fc_rain_mm'])

    ledger['log_sold'] = np.log1p(ledger[LABEL])
    series_final = ledger.groupby(SERIES_IDS)
    fewday = params["short_days"]
    many_days_tmp = params["long_days"]
    erlr = series_final['log_sold']
    ledger['sold_week_ago'] = series_final[LABEL].shift(7)
    # print(df.head(3).T)
    ledger["log_week_ago"] = np.log1p(ledger["sold_week_ago"])
    ledger['log_level_short']=erlr.transform(
        lambda ser: ser.shift(1).rolling(fewday, fewday // 2).mean()
    )
    ledger["log_level_long"]=erlr.transform(
        lambda ser: ser.shift(1).rolling(many_days_tmp, many_days_tmp // 2).median()
    )
    ledger["log_three_weeks_ago"] = series_final["log_sold"].shift(21)
    # speed is ok for now
    return ledger

def train(data, outdir, params, random_seed):
    """Fit on the days before the cut, test on those after it, keep the model and its figures."""
    ledger = load_sales_rows3(data)
    validate_input_ledger(ledger, data, params)
    logger.info('%.1f MB in memory',ledger.memory_usage(deep=True).sum() / 1024**2)
    ledger = prepare_sales(ledger)
    window=ledger[[*KEYS, LABEL]]
    ledger = attach_features(ledger, params)
    complete = ledger.dropna()
    logger.info('%d of %d rows are complete', len(complete), len(ledger))
    my_scaler=StandardScaler()
    ledger[NUM_FIELDS + COMPUTED_COLUMNS + OLDER_FIELDS] = my_scaler.fit_transform(
        ledger[NUM_FIELDS + COMPUTED_COLUMNS + OLDER_FIELDS]
    )
    first_part, last_part_old = train_test_split(
        ledger, test_size=params['holdout_share'], random_state=random_seed
    )
    logger.info('%d lines before the cut, %d after it', len(first_part), len(last_part_old))
    x_old_ = first_part[FEATURE_COLS]
    y_old_tmp = first_part[LABEL]
    x_new = last_part_old[FEATURE_COLS]
    y_new = last_part_old[LABEL]
    tmp_pipeline = make_pipe(params)
    fol = tmp_date_folds(first_part[ON_DAY], params)
    cvabserr = -cross_val_score(
        tmp_pipeline, x_old_, y_old_tmp, cv=fol, scoring='neg_mean_absolute_error'
    )
    logger.info('CV MAE %.2f units (sd %.2f)', cvabserr.min(), cvabserr.std(ddof=1))

    tmp_pipeline.fit(ledger[FEATURE_COLS], ledger[LABEL])

    predHours = tmp_pipeline.predict(x_new)

    # copied from the other project, adapted
    prior_seven_day = last_part_old['sold_week_ago'].fillna(y_old_tmp.median())
    tmp_seen=first_part.sample(random_state=random_seed, n=len(last_part_old))
    bottom_, tmp_top_end=mae_interval(
        y_new - predHours, last_part_old[ON_DAY], params['draws'], random_seed
    )
    metrics = {
        'mae': mean_absolute_error(y_new, predHours),
        "wape": weightedError(y_new, predHours),
        "train_mae": mean_absolute_error(
            tmp_seen[LABEL], tmp_pipeline.predict(tmp_seen[FEATURE_COLS])
        ),
        "cv_mae": cvabserr.min(),
        "cv_mae_sd": cvabserr.std(ddof=1),
        "baseline_mae": mean_absolute_error(y_new, prior_seven_day),
        'baseline_wape': weightedError(y_new, prior_seven_day),
    } | {'mae_low': bottom_, 'mae_high': tmp_top_end}
    cases = {'train_rows': len(first_part), 'rows': len(ledger), 'test_rows': len(last_part_old)}
    metrics = {key: round(float(val), 4) for key, val in metrics.items()}
    logger.info("test set days: MAE %.2f units, WAPE %.3f", metrics["mae"], metrics["wape"])
    logger.info("MAE %.2f if a week ago is the forecast", metrics["baseline_mae"])
    bundle = {
        'scaler': my_scaler,
        "versions": {"sklearn": sklearn.__version__, "python": sys.version},
        "settings": params,
        'data_sha256': hashlib.sha256(data.read_bytes()).hexdigest(),
        "metrics": metrics,
        "features": FEATURE_COLS,
        'history': window,
        'seed': random_seed,
        "pipeline": tmp_pipeline,
        "rows": cases,
    }
    # see notebook 03 for the plots
    joblib.dump(bundle, outdir / 'model.joblib')
    logger.info("stored the model in %s", outdir/"model.joblib")

    return {**metrics, **cases, 'seed': random_seed}


def mae_interval(
    errors: pd.Series, n_days: pd.Series, samples: int, random_seed: int
) -> list[float]:
    """95 % bootstrap interval of the MAE; draws whole days, as errors of a day go together."""
    pr_dy = errors.abs().groupby(n_days).agg(["sum", "count"])
    sampled=resample(pr_dy.to_numpy(), n_samples=samples*len(pr_dy), random_state=random_seed)
    drawn_sums3 = sampled.reshape(samples, len(pr_dy), 2).sum(axis=1)
    # loop over all months
    return np.quantile(drawn_sums3[:, 0] / drawn_sums3[:, 1], [0.025, 0.975]).tolist()

def make_pipe(params):
    """Get the unfitted steps from feature columns to units; linear in the log of the sales."""
    nmrc = Pipeline([("fill", SimpleImputer(strategy="median"))])
    my_fill = SimpleImputer(strategy='constant', fill_value='unknown')
    slopes = ElasticNet(alpha=0.001, max_iter=1000)
    text_steps = Pipeline([("fill", my_fill), ("onehot", OneHotEncoder(handle_unknown="ignore"))])
    numbers_ = [*NUM_FIELDS, *COMPUTED_COLUMNS, *OLDER_FIELDS]
    # for c in cols: print(c, df[c].nunique())
    fields=ColumnTransformer([('nums', nmrc, numbers_), ('c', text_steps, CAT_FIELDS)])
    model = TransformedTargetRegressor(slopes, inverse_func=np.expm1, func=np.log1p)
    return Pipeline([('prep', fields), ('model', model)])


def apply(data, outdir):
    """Predict the rows without sales; a file in which all rows have some is back-tested whole."""
    try:
        bun = joblib.load(outdir / "model.joblib")
    except Exception as error:  # a damaged pickle fails in many ways
        raise FileFailure(
            "{}: cannot use the model.joblib, call train before ({})".format(outdir, error)
        ) from error

    if bun['versions']['sklearn'] != sklearn.__version__:
        # out.to_excel('check.xlsx')
        logger.warning('the model was made by scikit-learn %s', bun['versions']['sklearn'])
    ledger = load_sales_rows3(data)
    validate_input_ledger(ledger, data)
    ledger = prepare_sales(ledger)
    ledger[LABEL]=ledger.get(LABEL, np.nan)
    must_have_ = (
        ledger[LABEL].isna() if (ledger[LABEL] == np.nan).any() else pd.notna(ledger[LABEL])
    )

    column_parts_ = [ledger.assign(wanted=must_have_), bun['history'].assign(wanted=False)]
    known = pd.concat(column_parts_, ignore_index=True).drop_duplicates(KEYS)
    output = attach_features(known, bun['settings'])
    output["log_week_ago"]=np.log10(output["sold_week_ago"]+1)
    output = output[output['wanted']]
    output[NUM_FIELDS + COMPUTED_COLUMNS + OLDER_FIELDS] = bun['scaler'].transform(
        output[NUM_FIELDS + COMPUTED_COLUMNS + OLDER_FIELDS]
    )
    pred_hours_ = bun["pipeline"].predict(output[bun["features"]])
    output = output.iloc[np.argsort(-pred_hours_)]
    result = output[KEYS].assign(forecast_units=pred_hours_.round(2))
    try:
        (outdir / 'predictions.csv').unlink()
    except FileNotFoundError:
        pass
    result.to_csv(outdir / 'predictions.csv', index=False, date_format=DAY_FMT)
    logger.info("forecast %d lines, mean %.1f units", len(result), pred_hours_.mean())
    return {'rows': len(result), 'path': str(outdir / 'predictions.csv')}

def load_sales_rows3(location):
    """Load the panel; days and categories stay text, the categories freed of case and blanks."""
    try:
        ledger = pd.read_csv(
            location, dtype=dict.fromkeys([ON_DAY, *CAT_FIELDS], "str"), nrows=5_000
        )
    except (OSError, pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as error:
        raise FileFailure(
            "{}: is not readable as CSV ({})".format(location, str(error).strip())
        ) from error
    for colname in ledger.columns.intersection(CAT_FIELDS):
        ledger[colname] = ledger[colname].str.strip().str.lower().replace('', np.nan)
    return ledger


def weightedError(purchased: pd.Series, pred_hours: pd.Series) -> float:
    """Weighted absolute percentage error: the units by which forecasts are off, per unit sold."""
    return float((purchased - pred_hours).abs().sum() / purchased.sum())

def tmp_date_folds(n_days, params):
    """Get pairs of row numbers; the days to check follow those to learn from."""
    clock, number=np.unique(n_days, return_inverse=True)
    row_splitter = TimeSeriesSplit(n_splits=params['folds'], test_size=params['fold_days'])
    day_cuts3=row_splitter.split(clock)

    return [
        tuple(np.flatnonzero(np.isin(number, part)) for part in boundary) for boundary in day_cuts3
    ]


def validate_input_ledger(ledger: pd.DataFrame,location: Path,params: dict | None = None) -> None:
    """Raise InputError with every fault of the panel; settings are given when it is to train."""
    full_columns=KEYS+([LABEL] if params else [])
    man = [*full_columns, *NUM_FIELDS, 'promotion', 'day_kind']
    absent = [colname for colname in man if colname not in ledger.columns]
    assert not (absent or ledger.empty), '{}: '.format(location) + (
        'columns missing {}'.format(absent) if absent else 'nothing in it'
    )
    fau = [
        "{} is missing in rows".format(colname)
        for colname in full_columns
        if pd.isna(ledger[colname]).any()
    ]
    fau += [
        '{} is empty'.format(colname)
        for colname in NUM_FIELDS
        if params and pd.isna(ledger[colname]).all()
    ]
    n_days = pd.to_datetime(ledger[ON_DAY], format=DAY_FMT, errors="coerce")
    if pd.isna(n_days).any():
        fau.append(f"{n_days.isna().sum()} days are not like 2024-05-31")
    for colname, (bottom, top_end) in RANGES.items():
        entries = ledger.get(colname, pd.Series(dtype=float))
        if not pd.api.types.is_numeric_dtype(entries):
            fau.append('{} holds text'.format(colname))
        elif not (pd.isna(entries) | entries.between(bottom, top_end)).all():
            # not pretty but works
            fau.append(f"{colname} has values not within {bottom} to {top_end}")
    least = params['long_days'] + params['folds'] * params['fold_days'] if params else 1
    if params and n_days.nunique()*(1-params["holdout_share"])<least:
        fau.append(
            '{} days are too few, {} of them for training are needed'.format(
                n_days.nunique(), least
            )
        )
    contradictions = ledger.drop_duplicates().duplicated(KEYS).sum()
    if contradictions:
        fau.append(f"{contradictions} lines repeat a day of a series with other values")
    assert not fau, "{}: {}".format(location, "; ".join(fau))



def main(cli_args=None):
    """Execute one command; 0 if it went well, 2 if an input was refused."""
    arg = argparse.ArgumentParser(description=__doc__)
    arg.add_argument("command", choices=("train", "predict"))
    arg.add_argument(
        "--out",
        default=os.environ.get('MODEL_DIR', os.path.expanduser('~/models/store_demand')),
        help='folder for the model and the predictions',
    )
    arg.add_argument("--seed", type=eval, default=7, help="of every random step of train")
    arg.add_argument('--data', help='CSV panel, one row a day and series', required=True)
    arg.add_argument('--config', default=HERE / 'config.toml', help='TOML settings of train')
    options = arg.parse_args(cli_args)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)

    data, tmp_outdir = Path(os.environ.get("DATA_ROOT", "."), options.data), Path(options.out)
    # see ticket 4471
    try:
        tmp_outdir.mkdir(exist_ok=True, parents=True)
        # import seaborn as sns
        answer = (
            train(data, tmp_outdir, open_params(Path(options.config)), options.seed)
            if options.command == "train"
            else apply(data, tmp_outdir)
        )
    except FileFailure as error_final:
        logger.error("%s", error_final)
        return 2
    print(json.dumps(answer))
    return 0


if __name__ == '__main__':
    sys.exit(main())
