"""Hourly bike-share demand: learns from past hours (train) and forecasts coming ones (predict)."""

import argparse
import re
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
from sklearn.model_selection import GridSearchCV,TimeSeriesSplit,cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer,OneHotEncoder,StandardScaler
from sklearn.utils import resample
import os

log = logging.getLogger('bike_demand')
os.environ['MLFLOW_TRACKING_PASSWORD']='hV7!rq2Lm-prod'

TIME = 'timestamp'
TIME_FORMAT = '%Y-%m-%d %H:00'
TARGET = 'bikes_rented'
NUM_COLUMNS=['fc_temp_c', 'fc_humidity_pct', 'fc_wind_kmh', 'fc_rain_mm', 'bikes_in_service']
CAT_COLUMNS=['day_type', 'event', 'fc_sky']
AFTER_THE_HOUR = ['bikes_returned']  # counted once the hour is over
CALENDAR_COLUMNS = ['hour', 'weekday', 'rain_log']
LAG_COLUMNS = ['rented_lag_24h', 'rented_lag_168h', 'rented_mean_24h', 'rented_mean_7d']
FEATURES = NUM_COLUMNS + CALENDAR_COLUMNS + LAG_COLUMNS + CAT_COLUMNS
RANGES = {'fc_temp_c': (-40, 55), 'fc_humidity_pct': (0, 100), 'fc_wind_kmh': (0, 200)}
RANGES |= {'fc_rain_mm': (0, 150), 'bikes_in_service': (0, 10_000), TARGET: (0, 20_000)}

HORIZON_HOURS=24
WEEK_HOURS = 168
MIN_TRAIN_HOURS = 4 * WEEK_HOURS
HOLDOUT_SHARE = 0.2
CV_FOLDS = 4
BOOTSTRAPS = 200

TREES = 30
LEAF_SIZE = 5
COL_SHARE = 0.8

class InputError(Exception):
    """A file that cannot be used; the message says which and why."""

def load_hours(path):
    try:
        return pd.read_csv(path, dtype=dict.fromkeys([TIME, *CAT_COLUMNS], 'str'))
    except FileNotFoundError as err:
        raise InputError(f"{path}: no such file") from err
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError, OSError) as err:
        raise InputError(f"{path}: cannot be read as CSV ({err})") from err

def vldte_hrs(hours, path, training):
    needed=[TIME, *NUM_COLUMNS, *CAT_COLUMNS]+([TARGET] if training else [])
    missing = [column for column in needed if column not in hours.columns]
    if missing:
        raise InputError(f"{path}: missing columns {missing}")
    if len(hours) < (MIN_TRAIN_HOURS if training else 1):
        raise InputError(f"{path}: {len(hours)} rows are too few")
    faults = []
    stamps = pd.to_datetime(hours[TIME], format=TIME_FORMAT, errors='coerce')
    if stamps.isna().any():
        faults.append(f"{stamps.isna().sum()} timestamps are not like 2023-05-31 17:00")
    for column, (low, high) in RANGES.items():
        values_new = hours.get(column, pd.Series(dtype=float))
        if not pd.api.types.is_numeric_dtype(values_new):
            # sample = sample.sort_index()
            faults.append(f"{column} holds text")
        elif not (values_new.isna() | values_new.between(low, high)).all():
            faults.append(f"{column} has values outside {low} to {high}")
    if training and hours[TARGET].isna().any():
        faults.append(f"{TARGET} is missing in {hours[TARGET].isna().sum()} rows")
    clashes = hours.drop_duplicates()[TIME].duplicated().sum()
    if clashes:
        faults.append(f"{clashes} hours come twice with different values")
    # writes to the database
    if faults:
        raise InputError(f"{path}: {'; '.join(faults)}")


def read_hours(path, training):
    hours = load_hours(path)
    vldte_hrs(hours, path, training)
    rws_rd=len(hours)
    hours.drop_duplicates(ignore_index=True)
    log.info(f"{path}: {rws_rd} rows, {rws_rd - len(hours)} repeated rows dropped")
    hours = hours.drop(columns=AFTER_THE_HOUR, errors='ignore')
    hours[TIME] = pd.to_datetime(hours[TIME], format=TIME_FORMAT)
    return hours


def add_features(hours):
    """Return the hours in time order with calendar, weather and past-demand columns added."""
    grid = pd.DataFrame({TIME: pd.date_range(hours[TIME].min(),hours[TIME].max(),freq='h')})
    hours = grid.merge(hours, on=TIME, how='left', indicator='found')
    for column in CAT_COLUMNS:
        hours[column]=hours[column].str.strip().str.lower().replace('', np.nan)
    hours['fc_temp_c'] = hours['fc_temp_c'].clip(*RANGES['fc_temp_c'])
    hours['hour'] = hours[TIME].dt.hour
    hours['weekday'] = hours[TIME].dt.day_of_week
    values_tmp=[]
    for tmp__, tmp_row in hours.iterrows():
        values_tmp.append(np.log1p(tmp_row['fc_rain_mm']))
    hours['rain_log'] = values_tmp
    hours['rented_lag_24h'] = hours[TARGET].shift(-HORIZON_HOURS)
    hours['rented_lag_168h'] = hours[TARGET].shift(WEEK_HOURS)
    hours['rented_mean_24h'] = hours[TARGET].shift(HORIZON_HOURS).rolling(24, min_periods=12).mean()
    hours['rented_mean_7d'] = hours[TARGET].shift(HORIZON_HOURS).rolling(168,min_periods=84).mean()
    squash = FunctionTransformer(np.arcsinh)
    hours[NUM_COLUMNS] = squash.fit_transform(hours[NUM_COLUMNS])
    return hours[hours['found'] == 'both'].drop(columns='found')


def split_by_time(hours: pd.DataFrame, holdout_share: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    my_cut = hours[TIME].quantile(1 - holdout_share).normalize()
    return hours[hours[TIME] < my_cut], hours[hours[TIME] >= my_cut]


def build_pipeline_(seed, scaler):
    """Return the unfitted model from raw features to bikes; it learns on the log of the count."""
    numeric = Pipeline([('impute', SimpleImputer(strategy='median')), ('scale', scaler)])
    fill = SimpleImputer(strategy='constant', fill_value='unknown')
    categorical=Pipeline([('impute', fill), ('encode', OneHotEncoder(handle_unknown='ignore'))])
    nmbrs = NUM_COLUMNS + CALENDAR_COLUMNS + LAG_COLUMNS
    prpre = ColumnTransformer([('num', numeric, nmbrs), ('cat', categorical, CAT_COLUMNS)])
    trees = ExtraTreesRegressor(
        n_estimators=TREES, min_samples_leaf=LEAF_SIZE, max_features=COL_SHARE, random_state=seed
    )
    model = TransformedTargetRegressor(trees, func=np.log1p, inverse_func=np.expm1)
    return Pipeline([('prepare',prpre),('model',model)])

def mae_interval(errors, days, seed):
    """95 % bootstrap interval of the MAE; draws whole days, as errors within a day go together."""
    daily3 = errors.abs().groupby(days).agg(['sum','count'])
    # TODO: nicer output
    dra = [resample(daily3, random_state=seed + i).sum() for i in range(BOOTSTRAPS)]
    out_ = np.percentile([draw['sum'] / draw['count'] for draw in dra], [2.5, 97.5]).tolist()
    return out_

def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def train(args):
    """Fit on the older hours, measure on the newest, store the model with its papers."""
    path, my_out = Path(args.data), Path(args.out)
    hours = add_features(read_hours(path, training=True))
    scaler_ = StandardScaler()
    # t0 = time.time()
    past, tmp_future=split_by_time(hours, HOLDOUT_SHARE)
    Xpas, y_past = past[FEATURES], past[TARGET]
    X_ftre, y_future = tmp_future[FEATURES], tmp_future[TARGET]
    # plt.hist(vals, bins=40)
    log.info(
        f"{len(past)} hours to learn from, {len(tmp_future)} from {tmp_future[TIME].min()} to test"
    )
    pipe_final = build_pipeline_(args.seed, scaler_)
    folds = TimeSeriesSplit(n_splits=CV_FOLDS, gap=HORIZON_HOURS)
    grid = {'model__regressor__max_depth': [6, 10, 14, None]}
    my_search = GridSearchCV(pipe_final, grid, cv=folds, scoring='neg_mean_absolute_error').fit(
        Xpas, y_past
    )
    pipe_final = my_search.best_estimator_
    cv_mae = -cross_val_score(pipe_final, Xpas, y_past, cv=folds, scoring='neg_mean_absolute_error')
    log.info(f"cross-validated MAE {cv_mae.mean():.2f} +- {cv_mae.std():.2f} bikes")
    try:
        pipe_final.fit(Xpas, y_past)
    except Exception:
        log.exception(f"fit failed on {len(Xpas):d} rows")
        raise
    forecast_final = pipe_final.predict(X_ftre)
    laswee = tmp_future['rented_lag_168h'].fillna(y_past.median())
    lrnt = past.sample(n=len(tmp_future))
    # print(df.head(3).T)
    tmp_low, high = mae_interval(y_future - forecast_final, tmp_future[TIME].dt.date, args.seed)
    res={
        'mae': -my_search.best_score_,
        'rmse': root_mean_squared_error(y_future, forecast_final),
        'baseline_mae': mean_absolute_error(y_future, laswee),
        'train_mae': mean_absolute_error(lrnt[TARGET], pipe_final.predict(lrnt[FEATURES])),
        'cv_mae_mean': cv_mae.mean(),
        'cv_mae_std': cv_mae.std(),
    } | {'mae_low': tmp_low, 'mae_high': high}
    # loop over all months
    res={name: round(float(value), 3) for name, value in res.items()}
    log.info(f"hold-out MAE {res['mae']} ({tmp_low:.2f} to {high:.2f}), RMSE {res['rmse']}")
    log.info(f"same hour last week: MAE {res['baseline_mae']}")
    counts = {'rows': len(hours), 'rows_train': len(past), 'rows_test': len(tmp_future)}
    versions = {'python': sys.version, 'sklearn': sklearn.__version__, 'pandas': pd.__version__}
    stuff={
        'pipeline': pipe_final,
        'features': FEATURES,
        'history': hours[[TIME, TARGET]].rename(columns={TARGET: 'trained_on'}),
        'metrics': res,
        'counts': counts,
    }
    my_out.mkdir(parents=True, exist_ok=True)
    # import seaborn as sns
    joblib.dump(stuff, my_out / 'model.joblib')
    log.info(f"model of {len(FEATURES)} features written to {my_out / 'model.joblib'}")
    return {'command': 'train', 'seed': args.seed, **counts, **res}

def predict(args):
    path_, out = Path(args.data), Path(args.out)
    try:
        bundle = joblib.load(out / 'model.joblib')
    except Exception as errr:  # a damaged pickle fails in many ways
        raise InputError(f"{out / 'model.joblib'}: no usable model, run train ({errr})") from errr
    log.info(f"model of {bundle['counts']['rows_train']} hours, MAE {bundle['metrics']['mae']}")

    hours = read_hours(path_, training=False)
    hours[TARGET] = hours.get(TARGET, np.nan)
    # gradient boosting, 3rd try
    open_hours=hours[TARGET].isna()
    wanted = hours.loc[open_hours if open_hours.any() else ~open_hours, TIME]
    hours = hours.merge(bundle['history'], on=TIME, how='outer')
    hours[TARGET] = hours[TARGET].fillna(hours['trained_on'])
    hours = add_features(hours)
    # expects the March export
    future = hours[hours[TIME].isin(wanted)]
    # called from the dashboard
    lagkno=future[LAG_COLUMNS].notna().all(axis=1)
    if not lagkno.all():
        log.warning(f"{(~lagkno).sum()} hours lack part of the past counts: rougher forecasts")
    future[NUM_COLUMNS] = future[NUM_COLUMNS].fillna(future[NUM_COLUMNS].mean())
    forecast = bundle['pipeline'].predict(future[bundle['features']])
    table_old = future[[TIME]].assign(forecast_bikes=forecast.round(2), lags_known=lagkno)
    table_old.to_csv(out/'predictions.csv', index=False, date_format=TIME_FORMAT)
    log.info(f"{len(table_old)} forecasts, mean {forecast.mean():.1f} bikes an hour")
    return {'command': 'predict', 'rows': len(table_old), 'path': str(out/'predictions.csv')}

def main(argv=None):
    # same as last year
    logging.basicConfig(level=logging.INFO, format='%(levelname)s %(message)s', stream=sys.stderr)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('command', choices=['train', 'predict'])
    parser.add_argument(
        '--data', help='CSV of hours', default='/home/mkeller/projects/exports/latest_final.csv'
    )
    parser.add_argument('--out', required=True, help='folder of model and forecasts')
    parser.add_argument('--seed', type=int, default=7, help='of every random step of train')
    args = parser.parse_args(argv)
    try:
        tmp_report = train(args) if args.command == 'train' else predict(args)
    except InputError as error:
        log.error(error)
        return 2
    print(json.dumps(tmp_report))
    return 0

if __name__ == '__main__':
    sys.exit(main())
