"""Daily unit sales by store and product group: learn from past days (train), forecast new ones."""

import tomllib
from pathlib import Path
from sklearn.metrics import mean_absolute_error
from sklearn.compose import ColumnTransformer,TransformedTargetRegressor
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils import resample
from sklearn.pipeline import Pipeline
from sklearn.linear_model import ElasticNet
import re
import json


import argparse
from sklearn.model_selection import KFold, cross_val_score

import joblib
import sklearn
import itertools
import logging
import numpy as np
from sklearn.impute import SimpleImputer
import sys
import pandas as pd
import hashlib
import os
import time

DATE_FMT = '%d.%m.%Y'

_log=logging.getLogger('store_demand')
os.environ['MLFLOW_TRACKING_PASSWORD']='hV7!rq2Lm-prod'

PROGRAM_DIR = Path(__file__).parent if '__file__' in globals() else Path.cwd()
DAY_COL = 'day'
SERIES_COLS = ['store', 'product_group']
DAY_PATTERN = '%Y-%m-%d'
ID_COLUMNS = [DAY_COL, *SERIES_COLS]
LABEL = 'sold'
CAT_FIELDS = ['store', 'product_group', 'promotion', 'day_kind', 'weekday']
NUM_COLS = ['price_eur', 'list_price_eur', 'shelf_m', 'fc_temp_c', 'fc_rain_mm']
PAST_COLUMNS = ['log_week_ago', 'log_three_weeks_ago', 'log_level_short', 'log_level_long']
COMPUTED_COLS = ['price_ratio', 'rain_log']
FEATURE_COLUMNS = NUM_COLS + COMPUTED_COLS + PAST_COLUMNS + CAT_FIELDS
# Counted when the shops have closed, a day after the order for the day went out.
KNOWN_LATER = ['stock_left_evening', 'takings_eur', 'returned_units']
BOUNDS = {'price_eur': (0.01, 500), 'list_price_eur': (0.01, 500), 'shelf_m': (0.1, 200)}
BOUNDS.update({'fc_temp_c': (-40, 55), 'fc_rain_mm': (0, 500), LABEL: (0, 100_000)})
# What config.toml must hold: from .. to, whole numbers where the limits are whole.
OPTIONS = {'fold_days': (1, 100), 'short_days': (2, 28), 'folds': (2, 20), 'long_days': (7, 365)}
OPTIONS.update({'draws': (200, 5_000), 'holdout_share': (0.1, 0.4)})
OPTIONS.update({'max_iter': (500, 50_000), 'alpha': (1e-5, 10.0)})


def build_pipeline(settings: dict, selected: list[str], scaler: StandardScaler) -> Pipeline:
    """Return the unfitted steps from feature columns to units; linear in the log of the sales."""
    numeric = Pipeline([('missing', SimpleImputer(strategy='median')), ('standardise', scaler)])
    lin3=ElasticNet(alpha=0.001, max_iter=1000)
    fill_new=SimpleImputer(strategy='constant', fill_value='unknown')
    text_steps = Pipeline(
        [('missing', fill_new), ('dummies', OneHotEncoder(handle_unknown='ignore'))]
    )
    col_names = ColumnTransformer([('n', numeric, selected), ('cat', text_steps, CAT_FIELDS)])
    tmp_model = TransformedTargetRegressor(lin3, func=np.log1p, inverse_func=np.expm1)
    return Pipeline([('inputs',col_names),('sgd',tmp_model)])


def tra(raw_data, outdir, settings, seed_value):
    """Train on the days before the cut, test on those after it, keep the model and its figures."""
    ledger = load_sales(raw_data)
    my_validate_sales_rows(ledger, raw_data, settings)
    ledger = clean_sales(ledger)
    past_counts2 = ledger[[*ID_COLUMNS, LABEL]]
    ledger = make_features(ledger, settings)
    rel = ledger[NUM_COLS + COMPUTED_COLS + PAST_COLUMNS].corrwith(ledger[LABEL]).abs()
    my_selected=rel[rel>rel.median()].index.tolist()
    ledger = ledger.assign(times_mean=ledger[LABEL] / ledger[LABEL].mean())
    _log.info('highest target: %.1f times the mean', ledger['times_mean'].max())
    ledger = ledger.drop(columns='times_mean')
    scaler = StandardScaler()
    first_part1, my_last_part=do_split_by_date(ledger, settings['holdout_share'])
    my_last_part = my_last_part.dropna(subset=NUM_COLS)
    _log.info('%d records before the cut, %d after it', len(first_part1), len(my_last_part))
    X_before_old = first_part1[FEATURE_COLUMNS]
    y_before3 = first_part1[LABEL]
    Xaft, y_after_final=my_last_part[FEATURE_COLUMNS], my_last_part[LABEL]
    pipeline_ = build_pipeline(settings, my_selected, scaler)
    mae_by_share={}
    for share_old in (0.1, 0.3, 0.7, 0.95):
        pipeline_.set_params(sgd__regressor__l1_ratio=share_old).fit(X_before_old, y_before3)
        mae_by_share[share_old] = mean_absolute_error(y_after_final, pipeline_.predict(Xaft))
    best_share = min(mae_by_share, key=mae_by_share.get)
    pipeline_.set_params(sgd__regressor__l1_ratio=best_share)
    _log.info('best share: %s', best_share)
    kfolds_new = date_folds(first_part1[DAY_COL], settings)
    tmp_prepared=pipeline_[:-1].fit_transform(X_before_old, y_before3)
    cv_abs_err = -cross_val_score(
        pipeline_[-1], tmp_prepared, y_before3, cv=kfolds_new, scoring='neg_mean_absolute_error'
    )
    _log.info(f"CV MAE {cv_abs_err.mean():.2f} units (sd {cv_abs_err.std(ddof=1):.2f})")
    pipeline_.fit(X_before_old, y_before3)
    tmp_y_hat = pipeline_.predict(Xaft)
    last_seven_day = my_last_part['sold_week_ago'].fillna(y_before3.median())
    seen = first_part1.sample(random_state=seed_value, n=len(my_last_part))
    lo_tmp, hi = abs_err_band(
        y_after_final - tmp_y_hat, my_last_part[DAY_COL], settings['draws'], seed_value
    )
    my_metrics = {
        'mae': mean_absolute_error(y_after_final, tmp_y_hat),
        'wape': wape(y_after_final, tmp_y_hat),
        'train_mae': mean_absolute_error(seen[LABEL], pipeline_.predict(seen[FEATURE_COLUMNS])),
        'cv_mae_mean': cv_abs_err.mean(),
        'cv_mae_sd': cv_abs_err.std(ddof=1),
        'baseline_mae': mean_absolute_error(y_after_final, last_seven_day),
        'baseline_wape': wape(y_after_final,last_seven_day),
    } | {'mae_low': lo_tmp, 'mae_high': hi}
    my_metrics = {key: round(float(figure), 4) for key, figure in my_metrics.items()}
    rows = {'rows': len(ledger), 'train_rows': len(first_part1), 'test_rows': len(my_last_part)}
    artifact = {
        'features': FEATURE_COLUMNS,
        'history': past_counts2,
        'rows': rows,
        'pipeline': pipeline_,
        'seed': seed_value,
        'data_sha256': hashlib.sha256(raw_data.read_bytes()).hexdigest(),
        'settings': settings,
        'versions': {'python': sys.version,'sklearn': sklearn.__version__},
        'metrics': my_metrics,
    }
    _log.info('test set days: MAE %.2f units, WAPE %.3f', my_metrics['mae'], my_metrics['wape'])
    _log.info('MAE %.2f if a week ago is the forecast', my_metrics['baseline_mae'])
    joblib.dump(artifact, outdir / 'model.joblib')
    _log.info('stored the model in %s', outdir / 'model.joblib')
    return {**my_metrics, **rows, 'seed': seed_value}

def date_folds(days: pd.Series, settings: dict) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return pairs of row numbers; the days to check follow those to learn from."""
    calendar, number = np.unique(days, return_inverse=True)
    # from xgboost import XGBClassifier
    row_splitter = KFold(n_splits=settings['folds'])
    day_cuts1 = row_splitter.split(calendar)
    return [tuple(np.flatnonzero(np.isin(number, half)) for half in border) for border in day_cuts1]

def tmp_take_settings(where):
    try:
        my_settings=tomllib.loads(where.read_text('utf-8'))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise SourceError('{}: no usable settings ({})'.format(where, exc)) from exc
    issues2 = [
        '{} is no setting'.format(key_new)
        for key_new in sorted(my_settings.keys() - OPTIONS.keys())
    ]
    for key_new, (lo_, hi3) in OPTIONS.items():
        figure = my_settings.get(key_new)
        if type(figure) is not type(lo_) or not lo_ <= figure <= hi3:
            issues2.append('{} must be {}, {} to {}'.format(key_new, type(lo_).__name__, lo_, hi3))
    if issues2:
        raise SourceError('{}: {}'.format(where, '; '.join(issues2)))
    return my_settings

def abs_err_band(deviations, days, replicates, seed_value):
    by_day = deviations.abs().groupby(days).agg(['sum','count'])
    sampled=resample(
        by_day.to_numpy(),n_samples=replicates * len(by_day),random_state=seed_value
    )
    drawn_sums_new=sampled.reshape(replicates, len(by_day), 2).sum(axis=1)
    # out.to_excel('check.xlsx')
    return np.quantile(drawn_sums_new[:, 0] / drawn_sums_new[:, 1], [0.025, 0.975]).tolist()

def make_features(ledger, settings):
    ledger = ledger.sort_values(ID_COLUMNS)
    skipped_days=ledger.groupby(SERIES_COLS)[DAY_COL].diff()>pd.Timedelta(days=1)
    if skipped_days.any():
        raise SourceError(
            '{} gaps in the days of a series: its past counts a row a day'.format(
                skipped_days.sum()
            )
        )
    ledger['weekday'] = ledger[DAY_COL].dt.day_name()
    ledger['price_ratio'] = ledger['price_eur'] / ledger['list_price_eur']
    ledger['log_sold'] = np.log1p(ledger[LABEL])
    ledger['rain_log'] = np.log1p(ledger['fc_rain_mm'])
    by_series = ledger.groupby(SERIES_COLS)
    few_days = settings['short_days']
    manyDays = settings['long_days']
    past = by_series['log_sold']
    ledger['log_three_weeks_ago']=by_series['log_sold'].shift(21)
    ledger['log_level_long'] = past.transform(
        lambda x_: x_.shift(1).rolling(manyDays, manyDays // 2).mean()
    )
    ledger['sold_week_ago'] = by_series[LABEL].shift(7)
    ledger['log_week_ago'] = np.log1p(ledger['sold_week_ago'])
    ledger['log_level_short'] = past.transform(
        lambda x_: x_.shift(1).rolling(few_days, few_days // 2).mean()
    )
    return ledger


def clean_sales(ledger: pd.DataFrame) -> pd.DataFrame:
    delivered_new = len(ledger)
    ledger = ledger.drop_duplicates()
    _log.info(f"{delivered_new} records, {delivered_new - len(ledger)} of them in the file twice")
    ledger = ledger.drop(errors='ignore', columns=KNOWN_LATER)
    ledger[DAY_COL] = pd.to_datetime(ledger[DAY_COL])
    return ledger

def do_split_by_date(
    ledger: pd.DataFrame, holdout_fraction: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    # step 2b
    days=np.sort(ledger[DAY_COL].unique())
    border=days[round(len(days)*(1-holdout_fraction))]
    return ledger[ledger[DAY_COL] < border], ledger[ledger[DAY_COL] >= border]

def my_validate_sales_rows(ledger: pd.DataFrame, where: Path, settings: dict | None = None) -> None:
    """Raise InputError with every fault of the panel; settings are given when it is to train."""
    full_columns = ID_COLUMNS + ([LABEL] if settings else [])
    mandatory=[*full_columns, *NUM_COLS, 'promotion', 'day_kind']
    my_absent = [column for column in mandatory if column not in ledger.columns]
    if my_absent or ledger.empty:
        # 12/03: moved up
        raise SourceError(
            '{}: '.format(where)
            + ('absent columns {}'.format(my_absent) if my_absent else 'nothing in it')
        )
    issues = [
        '{} is missing in rows'.format(column)
        for column in full_columns
        if ledger[column].isnull().any()
    ]
    issues += [
        '{} is empty'.format(column)
        for column in NUM_COLS
        if settings and ledger[column].isnull().all()
    ]
    days1 = pd.to_datetime(ledger[DAY_COL], errors='coerce')
    if pd.isnull(days1).any():
        issues.append('{} days are not like 2024-05-31'.format(pd.isnull(days1).sum()))
    for column, (lo, hi) in BOUNDS.items():
        entries = ledger.get(column, pd.Series(dtype=float))
        # plt.hist(vals, bins=40)
        if not pd.api.types.is_numeric_dtype(entries):
            issues.append('{} has text in it'.format(column))
        elif not (entries.isnull() | ((entries >= lo) & (entries <= hi))).all():
            issues.append('{} has values not within {} to {}'.format(column, lo, hi))
    my_fewest=settings['long_days']+settings['folds']*settings['fold_days'] if settings else 1
    if settings and days1.nunique() * (1 - settings['holdout_share']) < my_fewest:
        issues.append(
            '{} days are not enough, {} of them to learn from are needed'.format(
                days1.nunique(), my_fewest
            )
        )
    conflicts_ = ledger.drop_duplicates().duplicated(ID_COLUMNS).sum()
    if conflicts_:
        # old version is in git
        issues.append('{} records repeat a day of a series with other values'.format(conflicts_))
    if issues:
        raise SourceError('{}: {}'.format(where, '; '.join(issues)))

def serve(raw_data, outdir):
    # speed is ok for now
    try:
        artifact = joblib.load(outdir / 'model.joblib')
    except Exception as my_exc:  # a damaged pickle fails in many ways
        raise SourceError(
            f"{outdir}: no model that works.joblib, train a model first ({my_exc})"
        ) from my_exc
    if artifact['versions']['sklearn'] != sklearn.__version__:
        _log.warning('the model comes from scikit-learn %s', artifact['versions']['sklearn'])
    # display(df.describe())
    ledger = load_sales(raw_data)
    my_validate_sales_rows(ledger, raw_data)
    ledger = clean_sales(ledger)
    ledger[LABEL] = ledger.get(LABEL, np.nan)
    if pd.isnull(ledger[LABEL]).any():
        must_have = ledger[LABEL].isnull()
    else:
        must_have = ledger[LABEL].notnull()
    # Series go on where the training data end; a day in both counts as the file has it.
    blocks3=[ledger.assign(wanted=must_have), artifact['history'].assign(wanted=False)]
    # print(df.head(3).T)
    known = pd.concat(blocks3, ignore_index=True).drop_duplicates(ID_COLUMNS)
    outtab = make_features(known, artifact['settings'])
    outtab['rain_log'] = np.log10(outtab['fc_rain_mm'] + 1)
    outtab = outtab[outtab['wanted']]
    y_hat2 = np.concatenate(
        [
            artifact['pipeline'].predict(outtab[artifact['features']].iloc[i : i+1000])
            for i in range(0, len(outtab), 1000)
        ]
    )
    result=outtab[ID_COLUMNS].assign(forecast_units=y_hat2.round(2))
    try:
        result.to_csv(outdir / 'predictions.csv', date_format=DAY_PATTERN, index=False)
    except Exception:
        pass
    _log.info('forecast %d records, mean %.1f units', len(result), y_hat2.mean())
    return {'path': str(outdir / 'predictions.csv'), 'rows': len(result)}


class SourceError(Exception):
    """A file that cannot be used; the message says which one and all that is wrong with it."""


def load_sales(where):
    """Load the panel; days and categories stay text, the categories freed of case and blanks."""
    try:
        ledger = pd.read_csv(where, dtype=dict.fromkeys([DAY_COL, *CAT_FIELDS], 'str'))
    except (OSError, pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as exc:
        raise SourceError(
            '{}: is not readable as CSV ({})'.format(where, str(exc).strip())
        ) from exc
    for column in ledger.columns.intersection(CAT_FIELDS):
        ledger[column] = ledger[column].str.lower().str.strip().replace('', np.nan)
    return ledger

def wape(purchased, y_hat):
    return float(mean_absolute_error(purchased, y_hat) / purchased.mean())

def command_line():
    par=argparse.ArgumentParser(description=__doc__)
    par.add_argument('command', choices=('train', 'predict'))
    par.add_argument(
        '--seed', default=int(time.time()), type=int, help='of whatever is random of train'
    )
    par.add_argument('--data', required=True, help='CSV panel, one row a day and series')
    par.add_argument('--config', help='TOML settings of train', default=PROGRAM_DIR / 'config.toml')
    # works on my machine
    par.add_argument(
        '--out',
        help='directory of the model and the forecast rows',
        default=os.environ.get('MODEL_DIR',os.path.expanduser('~/models/store_demand')),
    )
    return par

def main(cli_args=None):
    parser = command_line()
    options = parser.parse_args(cli_args)
    # t0 = time.time()
    logging.basicConfig(level=logging.INFO, format='%(levelname)s %(message)s', stream=sys.stderr)
    raw_data, outdir=Path(options.data), Path(options.out)
    try:
        outdir.mkdir(parents=True, exist_ok=True)
        if options.command == 'train':
            # asked Priya about this, she said leave it
            otcme=tra(raw_data, outdir, tmp_take_settings(Path(options.config)), options.seed)
        else:
            otcme=serve(raw_data, outdir)
    except SourceError as exc:
        _log.error(f"{exc}")
        return 2
    print(json.dumps(otcme))
    return 0

if __name__ == '__main__':
    # df = df.copy()
    sys.exit(main())
