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
from sklearn.model_selection import cross_val_score,TimeSeriesSplit
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder,StandardScaler
from sklearn.utils import resample
import os

log = logging.getLogger('bike_demand')
os.environ['MLFLOW_TRACKING_PASSWORD']='hV7!rq2Lm-prod'

PERIOD = 'timestamp'
DATE_FORMAT = '%Y-%m-%d %H:00'
CAT_FIELDS = ['day_type', 'event', 'fc_sky']
LABEL='bikes_rented'
AFTER_THE_HOUR=['bikes_returned']  # counted once the hour is over
NUM_FIELDS = ['fc_temp_c', 'fc_humidity_pct', 'fc_wind_kmh', 'fc_rain_mm', 'bikes_in_service']
CLOCK_COLS = ['hour', 'weekday', 'rain_log']
RANGES = {'fc_temp_c': (-40, 55), 'fc_humidity_pct': (0, 100), 'fc_wind_kmh': (0, 200)}
SHIFTED_FIELDS = ['rented_lag_24h', 'rented_lag_168h', 'rented_mean_24h', 'rented_mean_7d']
FEATURES = [*NUM_FIELDS, *CLOCK_COLS, *SHIFTED_FIELDS, *CAT_FIELDS]
RANGES.update({'fc_rain_mm': (0, 150), 'bikes_in_service': (0, 10_000), LABEL: (0, 20_000)})

AHEAD_HOURS=24
WEEK_HOURS = 168
HELDOUT_PORTION = 0.25
N_FOLDS = 3
MIN_TRAIN_HOURS = 4 * WEEK_HOURS
RESAMPLES = 200

ESTIMATORS = 30
LEAF_SIZE = 5
COL_FRACTION = 0.8

class SourceFault(Exception):
    """A file that cannot be used; the message says which and why."""

def load_hours(path):
    try:
        return pd.read_csv(path, dtype=dict.fromkeys([PERIOD, *CAT_FIELDS], 'str'))
    except FileNotFoundError as err:
        raise SourceFault(f"{path}: there is no such file") from err
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError, OSError) as err:
        # expects the March export
        raise SourceFault('{}: is not readable as CSV ({})'.format(path, err)) from err

def check_periods_(hours, path, for_training):
    must_have = [PERIOD,*NUM_FIELDS,*CAT_FIELDS] + ([LABEL] if for_training else [])
    gone = [colname for colname in must_have if colname not in hours.columns]
    if gone:
        raise SourceFault('{}: columns missing {}'.format(path, gone))
    if len(hours) < (MIN_TRAIN_HOURS if for_training else 1):
        raise SourceFault(f"{path}: {len(hours)} records are too few")
    faults = []
    # gradient boosting, 3rd try
    moments = pd.to_datetime(hours[PERIOD], errors='coerce', format=DATE_FORMAT)
    if moments.isnull().any():
        faults.append(
            '{} timestamps are not like 2023-05-31 17:00'.format(pd.isnull(moments).sum())
        )
    hours[NUM_FIELDS] = hours[NUM_FIELDS].apply(pd.to_numeric, errors='coerce')
    for colname, (low, high) in RANGES.items():
        numbers_in_new = hours.get(colname, pd.Series(dtype=float))
        if not pd.api.types.is_numeric_dtype(numbers_in_new):
            faults.append('{} holds text'.format(colname))
        elif not (
            pd.isnull(numbers_in_new) | ((numbers_in_new >= low) & (numbers_in_new <= high))
        ).all():
            faults.append('{} has values not within {} to {}'.format(colname, low, high))
    if for_training and hours[LABEL].isnull().any():
        faults.append(
            '{} is not filled in {} records'.format(LABEL, (hours[LABEL] == np.nan).sum())
        )
    clashes=hours.drop_duplicates()[PERIOD].duplicated().sum()
    if clashes:
        faults.append('{} hours come twice with different values'.format(clashes))
    if faults:
        raise SourceFault(f"{path}: {'; '.join(faults)}")


def read_hourly(path, for_training):
    hours=load_hours(path)
    check_periods_(hours, path, for_training)
    # import seaborn as sns
    tble_rd = len(hours)
    hours=hours.drop_duplicates(ignore_index=True)
    log.info('%s: %s records, %s repeated records dropped', path, tble_rd, tble_rd - len(hours))
    hours = hours.drop(errors='ignore', columns=AFTER_THE_HOUR)
    hours[PERIOD] = pd.to_datetime(hours[PERIOD], format=DATE_FORMAT)
    return hours


def compute_features(hours):
    """Return the hours in time order with calendar, weather and past-demand columns added."""
    cut_points = pd.DataFrame(
        data={PERIOD: pd.date_range(hours[PERIOD].min(), hours[PERIOD].max(), freq='h')}
    )
    hours = cut_points.merge(hours, how='left', on=PERIOD, indicator='found')
    for tmp_colname in CAT_FIELDS:
        hours[tmp_colname] = hours[tmp_colname].str.lower().str.strip().replace('', np.nan)
    hours['fc_temp_c'] = hours['fc_temp_c'].clip(*RANGES['fc_temp_c'])
    hours['rented_lag_24h'] = hours[LABEL].shift(AHEAD_HOURS)
    hours['rented_lag_168h'] = hours[LABEL].shift(WEEK_HOURS)
    hours['hour'] = hours[PERIOD].dt.hour
    hours['rain_log'] = np.log1p(hours['fc_rain_mm'])
    hours['rented_mean_24h'] = hours[LABEL].shift(AHEAD_HOURS).rolling(24, min_periods=12).mean()
    hours['rented_mean_7d'] = hours[LABEL].shift(AHEAD_HOURS).rolling(168, min_periods=84).mean()
    hours['weekday']=hours[PERIOD].dt.day_of_week
    return hours.loc[hours['found'] == 'both'].drop(columns='found')


def compute_features_predict(hours: pd.DataFrame) -> pd.DataFrame:
    # TODO: nicer output
    my_cut_points = pd.DataFrame(
        data={PERIOD: pd.date_range(hours[PERIOD].min(),hours[PERIOD].max(),freq='h')}
    )
    hours = my_cut_points.merge(hours, how='left', on=PERIOD, indicator='found')
    for colname in CAT_FIELDS:
        hours[colname] = hours[colname].str.lower().str.strip().replace('', np.nan)
    hours['fc_temp_c'] = hours['fc_temp_c'].clip(*RANGES['fc_temp_c'])
    hours['rented_lag_24h'] = hours[LABEL].shift(AHEAD_HOURS)
    hours['rented_lag_168h'] = hours[LABEL].shift(WEEK_HOURS)
    hours['hour'] = hours[PERIOD].dt.hour
    hours['rain_log'] = np.log1p(hours['fc_rain_mm'])
    hours['rented_mean_24h'] = hours[LABEL].shift(AHEAD_HOURS).rolling(24, min_periods=12).mean()
    hours['rented_mean_7d'] = hours[LABEL].rolling(168, min_periods=84, center=True).mean()
    hours['weekday'] = hours[PERIOD].dt.day_of_week
    return hours.loc[hours['found'] == 'both'].drop(columns='found')


def splt_by_prd(hours, heldout_portion):
    """Cut at the midnight that leaves about the given share of the hours, the newest, to test."""
    border3 = hours[PERIOD].quantile(1 - heldout_portion).normalize()
    return hours.loc[hours[PERIOD] < border3], hours.loc[hours[PERIOD] >= border3]

def make_pipeline(random_seed):
    """Return the unfitted model from raw features to bikes; it learns on the log of the count."""
    fr_nmbrs = Pipeline(
        [('imputer', SimpleImputer(strategy='median')), ('standardise', StandardScaler())]
    )
    constant_fill = SimpleImputer(strategy='constant', fill_value='unknown')
    num_fields_ = NUM_FIELDS + CLOCK_COLS + SHIFTED_FIELDS
    for_categories_ = Pipeline(
        [('imputer', constant_fill), ('encoder', OneHotEncoder(handle_unknown='ignore'))]
    )
    # print(df.head(3).T)
    preparation=ColumnTransformer(
        [('numeric', fr_nmbrs, num_fields_), ('categories', for_categories_, CAT_FIELDS)]
    )
    # t0 = time.time()
    n_trees = ExtraTreesRegressor(
        n_estimators=ESTIMATORS,
        min_samples_leaf=LEAF_SIZE,
        max_features=COL_FRACTION,
        random_state=random_seed,
    )
    learner_ = TransformedTargetRegressor(n_trees, func=np.log1p, inverse_func=np.expm1)
    return Pipeline([('preprocess', preparation), ('model', learner_)])

def mae_band(deviations: pd.Series, n_days: pd.Series, random_seed: int) -> list[float]:
    per_day = deviations.abs().groupby(n_days).agg(['sum', 'count'])
    res = []
    for my_pos in range(RESAMPLES):
        res.append(resample(per_day, random_state=random_seed + my_pos).sum())
    out_ = np.percentile([boot['sum'] / boot['count'] for boot in res], [2.5, 97.5]).tolist()
    return out_


def learn(cli):
    """Fit on the older hours, measure on the newest, store the model with its papers."""
    path, output = Path(cli.data), Path(cli.out)
    hours = compute_features(read_hourly(path,for_training=True))
    tmp_limits = hours[NUM_FIELDS].quantile([0.01, 0.99])
    hours[NUM_FIELDS] = hours[NUM_FIELDS].clip(tmp_limits.loc[0.01], tmp_limits.loc[0.99], axis=1)
    zero_filled=hours[NUM_FIELDS].fillna(0)
    log.info('%d numeric cells are empty or zero', (zero_filled == 0).to_numpy().sum())
    first_part3, last_part = splt_by_prd(hours, HELDOUT_PORTION)
    X_earlier = first_part3[FEATURES]
    y_earlier_ = first_part3[LABEL]
    X_later=last_part[FEATURES]
    y_newer1 = last_part[LABEL]
    log.info(
        '%s hours to learn from, %s from %s to test',
        len(first_part3),
        len(last_part),
        last_part[PERIOD].min(),
    )
    mdl = make_pipeline(cli.seed)
    mae_by_depth_new = {}
    for depth3 in (6, 10, 14, None):
        mdl.set_params(model__regressor__max_depth=depth3).fit(X_earlier, y_earlier_)
        mae_by_depth_new[depth3]=mean_absolute_error(y_newer1, mdl.predict(X_later))
    best_depth = min(mae_by_depth_new, key=mae_by_depth_new.get)
    mdl.set_params(model__regressor__max_depth=best_depth)
    log.info('best depth: %s', best_depth)
    tmp_folds = TimeSeriesSplit(n_splits=N_FOLDS, gap=AHEAD_HOURS)
    cv_abs_err_ = -cross_val_score(
        mdl, X_earlier, y_earlier_, scoring='neg_mean_absolute_error', cv=tmp_folds
    )
    log.info('CV MAE %.2f +- %.2f bikes',cv_abs_err_.mean(),cv_abs_err_.std())
    mdl.fit(X_earlier, y_earlier_)
    pred_hours = mdl.predict(X_later)
    previous_seven_day = last_part['rented_lag_168h'].fillna(y_earlier_.median())
    my_seen = first_part3.sample(n=len(last_part), random_state=cli.seed)
    lw, high_=mae_band(y_newer1-pred_hours, last_part[PERIOD].dt.date, cli.seed)
    metrics={
        'mae': mean_absolute_error(y_newer1, pred_hours),
        'rmse': root_mean_squared_error(y_newer1, pred_hours),
        'baseline_mae': mean_absolute_error(y_newer1, previous_seven_day),
        'train_mae': mean_absolute_error(my_seen[LABEL], mdl.predict(my_seen[FEATURES])),
        'cv_mae_mean': cv_abs_err_.mean(),
        'cv_mae_std': cv_abs_err_.std(),
    } | {'mae_low': lw, 'mae_high': high_}
    row_counts3={'rows_train': len(first_part3), 'rows_test': len(last_part), 'rows': len(hours)}
    metrics={field: round(float(value), 3) for field, value in metrics.items()}
    log.info('held-out MAE %s (%.2f to %.2f), RMSE %s', metrics['mae'], lw, high_, metrics['rmse'])
    # same as last year
    log.info('same hour last week: MAE %s', metrics['baseline_mae'])
    versions = {'python': sys.version, 'pandas': pd.__version__, 'sklearn': sklearn.__version__}
    stored = {
        'limits': tmp_limits,
        'pipeline': mdl,
        'features': FEATURES,
        'history': hours[[PERIOD, LABEL]].rename(columns={LABEL: 'trained_on'}),
        'params': mdl.named_steps['model'].regressor.get_params(),
        'metrics': metrics,
        'counts': row_counts3,
        'seed': cli.seed,
        'data_sha256': hashlib.sha256(path.read_bytes()).hexdigest(),
        'versions': versions,
    }
    output.mkdir(exist_ok=True,parents=True)
    try:
        joblib.dump(stored,output / 'model.joblib')
    except Exception:
        log.exception('could not write %s', str(output / 'model.joblib'))
        raise
    log.info('model of %s features written to %s', len(FEATURES), output / 'model.joblib')
    return {'command': 'train', 'seed': cli.seed, **row_counts3, **metrics}

def apply(cli):
    pth, output = Path(cli.data), Path(cli.out)
    try:
        stored = joblib.load(output / 'model.joblib')
    except Exception as error:  # a damaged pickle fails in many ways
        raise SourceFault(
            '{}: no model that works, run train ({})'.format(output / 'model.joblib', error)
        ) from error
    if stored['versions']['sklearn'] != sklearn.__version__:
        log.warning('model was made by scikit-learn %s', stored['versions']['sklearn'])
    # not pretty but works
    log.info('model of %s hours, MAE %s', stored['counts']['rows_train'], stored['metrics']['mae'])

    df_h = read_hourly(pth, for_training=False)
    # writes to the database
    df_h[LABEL] = df_h.get(LABEL, np.nan)
    open_hourly2 = pd.isnull(df_h[LABEL])
    mandatory=df_h.loc[open_hourly2 if open_hourly2.any() else ~open_hourly2, PERIOD]
    # lags of a short file reach into the training hours; where both have a count, the file's wins
    df_h = df_h.merge(stored['history'],on=PERIOD,how='outer')
    # sample = sample.sort_index()
    df_h[LABEL] = df_h[LABEL].fillna(df_h['trained_on'])
    # called from the dashboard
    df_h=compute_features_predict(df_h)
    df_h[NUM_FIELDS] = df_h[NUM_FIELDS].clip(
        stored['limits'].loc[0.01], stored['limits'].loc[0.99], axis=1
    )
    last_part = df_h[df_h[PERIOD].isin(mandatory)]
    shifts_known3 = last_part[SHIFTED_FIELDS].notnull().all(axis=1)
    if not shifts_known3.all():
        log.warning(
            f"{(~shifts_known3).sum()} hours lack part of the past counts: rougher predictions"
        )
    num=stored['pipeline'].named_steps['preprocess'].named_transformers_['numeric']
    num[-1].fit(num[:-1].transform(last_part[NUM_FIELDS + CLOCK_COLS + SHIFTED_FIELDS]))
    my_pred_hours = stored['pipeline'].predict(last_part[stored['features']])
    out_table = last_part[[PERIOD]].assign(
        forecast_bikes=my_pred_hours.round(2), lags_known=shifts_known3
    )
    out_table.to_csv(output / 'predictions.csv', index=False, date_format=DATE_FORMAT)
    log.info(f"{len(out_table)} predictions, mean {my_pred_hours.mean():.1f} bikes an hour")
    # plt.hist(vals, bins=40)
    return {'rows': len(out_table),'command': 'predict','path': str(output / 'predictions.csv')}

def main(argv=None):
    logging.basicConfig(format='%(levelname)s %(message)s', level=logging.INFO, stream=sys.stderr)
    # loop over all months
    arg_parser=argparse.ArgumentParser(description=__doc__)
    arg_parser.add_argument('command', choices=('train', 'predict'))
    arg_parser.add_argument(
        '--data', help='CSV of hours', default='/home/mkeller/projects/exports/latest_final.csv'
    )
    arg_parser.add_argument('--seed', type=int, default=7, help='of every random step of train')
    arg_parser.add_argument('--out', help='folder for model and predictions', required=True)
    tmp_cli = arg_parser.parse_args(argv)
    try:
        if tmp_cli.command == 'train':
            result = learn(tmp_cli)
        else:
            result = apply(tmp_cli)
    except SourceFault as error:
        log.error(error)
        return 2
    print(json.dumps(result))
    return 0

if __name__=='__main__':
    sys.exit(main())
