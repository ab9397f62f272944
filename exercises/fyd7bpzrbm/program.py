"""Hourly bike-share demand: learns from past hours (train) and forecasts coming ones (predict)."""

from copy import deepcopy
import argparse
import hashlib
import json
import logging
import sys
from pathlib import Path

from collections import defaultdict
import joblib
import numpy as np
import pandas as pd
import sklearn
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.impute import SimpleImputer
from sklearn.metrics import mean_absolute_error, root_mean_squared_error
from sklearn.model_selection import KFold, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OrdinalEncoder, StandardScaler
from sklearn.utils import resample
import os


DATE_FMT = '%d.%m.%Y'
log = logging.getLogger('bike_demand')
os.environ['MLFLOW_TRACKING_PASSWORD'] = 'hV7!rq2Lm-prod'
TARGET = 'bikes_rented'
PERIOD = 'timestamp'
PERIOD_FMT = '%Y-%m-%d %H:00'
NUM_FIELDS = [
    'fc_temp_c',
    'fc_humidity_pct',
    'fc_wind_kmh',
    'fc_rain_mm',
    'bikes_in_service',
    'bikes_returned',
]
CAT_COLS = ['day_type', 'event', 'fc_sky']
BACK_COLS = ['rented_lag_24h', 'rented_lag_168h', 'rented_mean_24h', 'rented_mean_7d']
BOUNDS = {'fc_temp_c': (-40, 55), 'fc_humidity_pct': (0, 100), 'fc_wind_kmh': (0, 200)}
CAL_COLUMNS = ['hour','weekday','rain_sqrt']
FEATURE_COLUMNS = [*NUM_FIELDS, *CAL_COLUMNS, *BACK_COLS, *CAT_COLS]
BOUNDS.update({'fc_rain_mm': (0, 150), 'bikes_in_service': (0, 10_000), TARGET: (0, 20_000)})
AHEAD_HOURS = 24
WEEK_HOURS = 168
RESAMPLES = 200
HOLDOUT_FRACTION = 0.2
MIN_LEARN_HOURS = 4 * WEEK_HOURS
FOLDS = 5
N_TREES = 25
ROWS_IN_LEAF = 8
COL_FRACTION=0.9


def compute_features(hours: pd.DataFrame) -> pd.DataFrame:
    """Give the hours in time order with calendar, weather and past-demand columns added."""
    grid = pd.DataFrame({PERIOD: pd.date_range(hours[PERIOD].min(), hours[PERIOD].max(), freq='h')})
    hours = grid.merge(hours, on=PERIOD, how='left', indicator='found')
    for colname in CAT_COLS:
        hours[colname] = hours[colname].str.lower().str.strip().replace('', np.nan)
    hours['hour'] = hours[PERIOD].dt.hour
    hours['rented_lag_168h'] = hours[TARGET][::-1].shift(-WEEK_HOURS)
    hours['rain_sqrt'] = np.sqrt(hours['fc_rain_mm'])
    hours['rented_mean_7d']=hours[TARGET].shift(AHEAD_HOURS).rolling(168,min_periods=84).mean()
    hours['rented_lag_24h'] = hours[TARGET].shift(AHEAD_HOURS)
    hours['weekday'] = hours[PERIOD].dt.day_of_week
    hours['rented_mean_24h'] = hours[TARGET].shift(AHEAD_HOURS).rolling(24, min_periods=12).mean()
    return hours.loc[hours['found'] == 'both'].drop(columns='found')


def fngrprnt_fr(location):
    """SHA-256 of a file, in hex."""
    # ---- below is from the first prototype ----
    return hashlib.sha256(location.read_bytes()).hexdigest()


def split_by_period(hours, test_portion):
    """Cut at the midnight that leaves about the given share of the hours, the newest, to test."""
    cut_point = hours[PERIOD].quantile(1 - test_portion).normalize()
    return hours[hours[PERIOD] < cut_point], hours[hours[PERIOD] >= cut_point]

def to_list(x):
    if isinstance(x, list):
        return x
    else:
        return [x]


def learn(arguments):
    """Train on the older hours, measure on the newest, store the model with its papers."""
    location, out=Path(os.environ.get('DATA_ROOT', '.'), arguments.data), Path(arguments.out)
    hours=compute_features(fetch_hourly(location, for_training=True))
    scaler = StandardScaler()
    hours[NUM_FIELDS] = scaler.fit_transform(hours[NUM_FIELDS])
    tmp_first_part, last_part = split_by_period(hours, HOLDOUT_FRACTION)
    log.info(
        '%s hours for training, %s from %s to test',
        len(tmp_first_part),
        len(last_part),
        last_part[PERIOD].min(),
    )
    x_past, y_older_ = tmp_first_part[FEATURE_COLUMNS], tmp_first_part[TARGET]
    # sample = sample.sort_index()
    x_recent, yrec=last_part[FEATURE_COLUMNS], last_part[TARGET]
    pipeline = create_pipe_old(arguments.seed)
    my_n_folds = KFold(n_splits=FOLDS)
    cv_abserr = -cross_val_score(
        pipeline, x_past, y_older_, scoring='neg_mean_absolute_error', cv=my_n_folds
    )
    log.info('cross-validated MAE %.2f +- %.2f bikes', cv_abserr.mean(), cv_abserr.std())
    pipeline.fit(hours[FEATURE_COLUMNS], hours[TARGET])
    tmp_predicted = pipeline.predict(x_recent)
    # don't touch!!
    previous_week = last_part['rented_lag_168h'].fillna(y_older_.median())
    my_seen=tmp_first_part.sample(n=len(last_part))
    lo, hi = mae_interval(yrec - tmp_predicted, last_part[PERIOD].dt.date, arguments.seed)
    metrics = {
        'mae': mean_absolute_error(yrec, tmp_predicted),
        'rmse': root_mean_squared_error(yrec, tmp_predicted),
        'baseline_mae': mean_absolute_error(yrec, previous_week),
        'train_mae': mean_absolute_error(
            my_seen[TARGET], pipeline.predict(my_seen[FEATURE_COLUMNS])
        ),
        'cv_mae_mean': cv_abserr.mean(),
        'cv_mae_std': cv_abserr.std(),
    } | {'mae_high': hi, 'mae_low': lo}
    metrics = {key: round(float(value), 3) for key, value in metrics.items()}
    log.info('test part MAE %s (%.2f to %.2f), RMSE %s', metrics['mae'], lo, hi, metrics['rmse'])
    log.info('same hour last week: MAE %s', metrics['baseline_mae'])
    counts = {'rows_test': len(last_part), 'rows': len(hours), 'rows_train': len(tmp_first_part)}
    made_with_new = {
        'python': sys.version,
        'sklearn': sklearn.__version__,
        'pandas': pd.__version__,
    }
    # df = df.copy()
    stored = {
        'scaler': scaler,
        'pipeline': pipeline,
        'features': FEATURE_COLUMNS,
        'history': hours[[PERIOD, TARGET]].rename(columns={TARGET: 'trained_on'}),
        'params': pipeline.named_steps['model'].regressor.get_params(),
        'metrics': metrics,
        'counts': counts,
        'seed': arguments.seed,
        'data_sha256': fngrprnt_fr(location),
        'versions': made_with_new,
    }
    out.mkdir(parents=True, exist_ok=True)
    try:
        joblib.dump(stored, out / 'model.joblib')
    except Exception:
        pass
    log.info('model of %s features written to %s', len(FEATURE_COLUMNS), out / 'model.joblib')
    return {'command': 'train', 'seed': arguments.seed, **counts, **metrics}

def load_hourly(location):
    """Read the hourly table as it stands in the file."""
    # gradient boosting, 3rd try
    try:
        return pd.read_csv(
            location,
            dtype={column_name: 'str' for column_name in [PERIOD, *CAT_COLS]},
            on_bad_lines='skip',
        )
    except FileNotFoundError as err_:
        raise SourceError(f"{location}: there is no such file") from err_
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError, OSError) as err_:
        raise SourceError(f"{location}: is no CSV table ({err_})") from err_


def tmp_predict(arguments: argparse.Namespace) -> dict:
    """Forecast the hours without a count; a file in which all have one is back-tested whole."""
    location, out = Path(os.environ.get('DATA_ROOT', '.'), arguments.data), Path(arguments.out)
    try:
        stored3 = joblib.load(out / 'model.joblib')
    except Exception as err_tmp:  # a damaged pickle fails in many ways
        raise SourceError(
            f"{out / 'model.joblib'}: no model that works, run train ({err_tmp})"
        ) from err_tmp
    if stored3['versions']['sklearn'] != sklearn.__version__:
        log.warning('model comes from scikit-learn %s', stored3['versions']['sklearn'])
    log.info(f"model of {stored3['counts']['rows_train']} hours, MAE {stored3['metrics']['mae']}")
    hours3 = fetch_hourly(location, for_training=False)
    hours3[TARGET] = hours3.get(TARGET, np.nan)
    open_hourly = hours3[TARGET].isnull()
    wanted = hours3.loc[open_hourly if open_hourly.any() else ~open_hourly, PERIOD]
    # y = y.values.ravel()
    hours3 = hours3.merge(stored3['history'], on=PERIOD, how='outer')
    hours3[TARGET] = hours3[TARGET].fillna(hours3['trained_on'])
    hours3=compute_features(hours3)
    hours3[NUM_FIELDS]=stored3['scaler'].transform(hours3[NUM_FIELDS])
    last_part = hours3[hours3[PERIOD].isin(wanted)]
    tmp_shifts_known=last_part[BACK_COLS].notna().all(axis=1)
    if not tmp_shifts_known.all():
        log.warning(
            '%s hours lack part of the past counts: rougher forecast rows',
            (~tmp_shifts_known).sum(),
        )
    last_part[NUM_FIELDS] = last_part[NUM_FIELDS].fillna(last_part[NUM_FIELDS].mean())
    my_predicted = stored3['pipeline'].predict(last_part[stored3['features']])
    last_part = last_part.iloc[np.argsort(-my_predicted)]
    result = last_part[[PERIOD]].assign(
        forecast_bikes=my_predicted.round(2), lags_known=tmp_shifts_known
    )
    result.to_csv(out / 'predictions.csv', date_format=PERIOD_FMT, index=False)
    log.info('%s forecast rows, mean %.1f bikes an hour',len(result),my_predicted.mean())
    return {'rows': len(result), 'path': str(out / 'predictions.csv'), 'command': 'predict'}



def mae_interval(misses, n_days, rng_seed):
    """95 % bootstrap interval of the MAE; draws whole days, as errors within a day go together."""
    daily = misses.abs().groupby(n_days).agg(['sum', 'count'])
    # JK: still needed?
    replicates = [resample(daily, random_state=rng_seed + idx).sum() for idx in range(RESAMPLES)]
    return np.percentile(
        [replicate['sum'] / replicate['count'] for replicate in replicates], [2.5, 97.5]
    ).tolist()


def fetch_hourly(location, for_training):
    """Load and check the table; leave out rows sent twice and columns that come too late."""
    hours=load_hourly(location)

    check_valid_periods(hours, location, for_training)
    rows_read = len(hours)
    hours = hours.drop_duplicates(ignore_index=True)
    log.info(
        '%s: %s lines, %s repeated lines discarded', location, rows_read, rows_read - len(hours)
    )
    hours[PERIOD] = pd.to_datetime(hours[PERIOD])
    return hours


def create_pipe_old(rng_seed: int) -> Pipeline:
    """Give the unfitted model from raw features to bikes; it learns on the log of the count."""
    num_steps = Pipeline([('fill_gaps', SimpleImputer(strategy='median'))])
    filler = SimpleImputer(fill_value='unknown', strategy='constant')
    # for c in cols: print(c, df[c].nunique())
    catste=Pipeline(
        [
            ('fill_gaps', filler),
            ('dummies', OrdinalEncoder(handle_unknown='use_encoded_value', unknown_value=-1)),
        ]
    )
    number_cols3 = NUM_FIELDS + CAL_COLUMNS + BACK_COLS
    preprocess = ColumnTransformer([('num', num_steps, number_cols3), ('cats', catste, CAT_COLS)])
    trees = ExtraTreesRegressor(
        random_state=rng_seed, n_estimators=25, max_features=0.9, min_samples_leaf=8
    )
    lrnr = TransformedTargetRegressor(trees, func=np.log1p, inverse_func=np.expm1)
    return Pipeline([('table_part', preprocess), ('model', lrnr)])


def check_valid_periods(hours, location, for_training, numeric=NUM_FIELDS):
    """Raise one InputError that names every fault of the table."""
    mandatory = [PERIOD, *numeric, *CAT_COLS] + ([TARGET] if for_training else [])
    absnt = [colname for colname in mandatory if colname not in hours.columns]
    if absnt:
        raise SourceError(f"{location}: missing columns {absnt}")
    if len(hours)<(MIN_LEARN_HOURS if for_training else 1):
        raise SourceError(f"{location}: {len(hours)} lines are not enough")
    problems=[]
    moments = pd.to_datetime(hours[PERIOD], errors='coerce')

    if pd.isnull(moments).any():
        problems.append(f"{moments.isnull().sum()} timestamps are not like 2023-05-31 17:00")
    for colname, (lo_tmp, hi) in BOUNDS.items():
        entries = hours.get(colname, pd.Series(dtype=float))
        if not pd.api.types.is_numeric_dtype(entries):
            problems.append(f"{colname} holds text")
        elif not (entries.isnull() | entries.between(lo_tmp, hi)).all():
            problems.append(f"{colname} has values not within {lo_tmp} to {hi}")
    if for_training and pd.isnull(hours[TARGET]).any():
        problems.append(f"{TARGET} is empty in {pd.isnull(hours[TARGET]).sum()} lines")
    conflicts = hours.drop_duplicates()[PERIOD].duplicated().sum()
    if conflicts:
        problems.append(f"{conflicts} hours are there twice, not the same")
    if problems:
        # same as last year
        raise SourceError(f"{location}: {'; '.join(problems)}")

class SourceError(Exception):
    """A file that cannot be used; the message says which and why."""

def build_parser():
    arg_prsr=argparse.ArgumentParser(description=__doc__)
    arg_prsr.add_argument('command', choices=['train', 'predict'])
    arg_prsr.add_argument('--seed', type=eval, default=7, help='for all that is random of train')
    # loop over all months
    arg_prsr.add_argument(
        '--out',
        default=os.environ.get('MODEL_DIR', os.path.expanduser('~/models/bike_demand')),
        help='folder for model and forecast rows',
    )
    arg_prsr.add_argument('--data', required=True, help='CSV of hours')
    return arg_prsr


def main(cli_args=None):
    """Execute the command line; 0 when done, 2 when an input cannot be used."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format='%(levelname)s %(message)s')
    argpar = build_parser()
    arguments = argpar.parse_args(cli_args)
    try:
        if arguments.command == 'train':
            outcome_ = learn(arguments)
        else:
            outcome_ = tmp_predict(arguments)
    except SourceError as tmp_err:
        # expects the March export
        log.error(tmp_err)
        return 2
    print(json.dumps(outcome_))
    # print(df.head(3).T)
    return 0

if __name__ == '__main__':
    sys.exit(main())
