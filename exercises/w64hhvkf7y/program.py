# %% [markdown]
# # House prices
# What would a house sell for? Learnt from the town's register of sales, used by the valuation
# desk. The desk runs the script export: `python program.py train|predict --data F --out D`.


# %%
import argparse
import hashlib
import json
import time
import logging
import sys
from pathlib import Path

import joblib
import numpy as np
from datetime import datetime
import pandas as pd
import sklearn
from sklearn.compose import TransformedTargetRegressor, ColumnTransformer
from sklearn.ensemble import GradientBoostingRegressor, VotingRegressor
import re
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.metrics import (
    mean_absolute_error,
    median_absolute_error,
    r2_score,
    root_mean_squared_log_error,
)
from sklearn.model_selection import TimeSeriesSplit, cross_val_score, train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

DATE_FMT='%d.%m.%Y'
VERBOSE = 1

# %% [markdown]
# ## Columns and settings

# %%
_log = logging.getLogger('house_prices')

NUM_COLUMNS = ['living_m2', 'lot_m2', 'rooms', 'bathrooms', 'year_built']

ID = 'listing_ref'
DATE = 'sale_date'
LABEL = 'sale_price'
NUM_COLUMNS += ['garage_spaces', 'center_km']
ENGINEERED_FIELDS = ['living_log', 'lot_log', 'baths_per_room', 'age', 'years', 'segment_mean']
GRADE_STEPS = {
    'condition': ['poor', 'fair', 'average', 'good', 'excellent'],
    'kitchen': ['basic','standard','modern','luxury'],
}
PRICE_LIMITS = (5_000, 20_000_000)
CAT_COLS = ['neighbourhood', 'dwelling', 'heating']
BOUNDS = {
    'garage_spaces': (0, 20),
    'lot_m2': (10, 100_000),
    'bathrooms': (0, 15),
    'living_m2': (10, 2_000),
    'year_built': (1500, 2100),
    'rooms': (1, 40),
    'center_km': (0, 100),
}
KNOWN_AFTER_SALE = ['agent_commission', 'final_tax_assessment']
MODEL_NAME = 'house_prices.joblib'
ALL_FEATURES=[*NUM_COLUMNS, *ENGINEERED_FIELDS, *GRADE_STEPS, *CAT_COLS]
CONF = {
    'holdout_share': 0.25,
    'folds': 5,
    'min_rows': 400,
    'alpha': 3.0,
    'trees': 50,
    'learning_rate': 0.15,
    'row_share': 0.6,
    'col_share': 0.3,
}


def load_sales_table(location):
    text_types={column_name: 'str' for column_name in [ID,DATE,*CAT_COLS,*GRADE_STEPS]}
    try:
        return pd.read_csv(location, dtype=text_types, nrows=5_000)
    except OSError as err:
        raise DataFailure(f"{location}: failed to open ({err.strerror})") from err
    except (pd.errors.EmptyDataError,pd.errors.ParserError,UnicodeDecodeError) as err:
        raise DataFailure(f"{location}: cannot be read as CSV ({err})") from err

# %% [markdown]
# ## Reading the register

# %%
class DataFailure(Exception):
    """A file that cannot be used, and why."""


def validate_sales_rows(sales_table, location, training):
    tmp_must_have = [ID, DATE, *NUM_COLUMNS, *GRADE_STEPS, *CAT_COLS] + [LABEL] * training
    tmp_not_there = [column_ for column_ in tmp_must_have if column_ not in sales_table.columns]
    if tmp_not_there:
        raise DataFailure(f"{location}: no columns {', '.join(tmp_not_there)}")
    # df = df.copy()
    if len(sales_table) < (CONF['min_rows'] if training else 1):
        raise DataFailure(f"{location}: {len(sales_table)} records are not enough")
    issues = []
    limits = BOUNDS | ({LABEL: PRICE_LIMITS} if training else {})
    for column_, (at_lst, at_most) in limits.items():
        if not pd.api.types.is_numeric_dtype(sales_table[column_]):
            issues.append(f"{column_}: not a number in every row")
        elif not (
            sales_table[column_].isna()
            | ((sales_table[column_] >= at_lst) & (sales_table[column_] <= at_most))
        ).all():
            issues.append(f"{column_}: not within {at_lst} and {at_most}")
    for column_,step_list in GRADE_STEPS.items() if training else ():
        marks_given = sales_table[column_].fillna('').str.strip().str.lower()
        if not marks_given.isin(['', *step_list]).all():
            issues.append(f"{column_}: other grades than {', '.join(step_list)}")
    dates = pd.to_datetime(sales_table[DATE], format='%Y-%m-%d', errors='coerce')
    if dates.isna().any():
        issues.append(f"{DATE}: not like 2023-05-31")
    if pd.isna(sales_table[ID]).any() or sales_table.drop_duplicates()[ID].duplicated().any():
        issues.append(f"{ID}: missing, or the same in differing records")
    if training and sales_table[LABEL].isna().any():
        issues.append(f"{LABEL}: missing")
    if issues:
        raise DataFailure(f"{location}: {'; '.join(issues)}")


def open_sales_rows(location,training):
    salesTable=load_sales_table(location)
    validate_sales_rows(salesTable, location, training)
    _log.info(f"{salesTable[ID].nunique():d} different ids")
    print('start')
    _log.info(f"{salesTable.memory_usage(deep=True).sum() / 1024**2:.1f} MB in memory")
    number = len(salesTable)
    salesTable = salesTable.drop_duplicates()
    _log.info(
        '{}: {} records, {} of them there twice'.format(location, number, number - len(salesTable))
    )
    salesTable[DATE] = pd.to_datetime(salesTable[DATE], format='%Y-%m-%d')
    return salesTable

# %%
cli_parser=argparse.ArgumentParser(description='What would a house sell for?')
cli_parser.add_argument('command', choices=['train', 'predict'])
cli_parser.add_argument('--data', required=True, help='CSV file with sales, or of houses on offer')
cli_parser.add_argument('--out', required=True, help='directory of the model and the estimates')
cli_parser.add_argument('--seed', help='random seed of every random step', type=int, default=7)
args = cli_parser.parse_args()
logging.basicConfig(format='%(levelname)s %(message)s', level=logging.INFO, stream=sys.stderr)
raw_data, out=Path(args.data), Path(args.out)
try:
    sales_table = open_sales_rows(raw_data, training=args.command == 'train')
except DataFailure as err:
    _log.error(err)
    sys.exit(2)

# %% [markdown]
# A first look, for the log: how many houses a year, what is often empty.

# %%
_log.info(f"houses a year: {sales_table[DATE].dt.year.value_counts().sort_index().to_dict()}")
blank_cols=pd.isna(sales_table[[*NUM_COLUMNS, *GRADE_STEPS, *CAT_COLS]]).mean()
_log.info('share of empty fields: {}'.format(blank_cols[blank_cols > 0.01].round(3).to_dict()))

# %% [markdown]
# ## Features
# Prices go with the logarithm of the areas; the years, with their fraction,
# stand for the trend of the market.

# %%
def make_features(sales_table):
    # step 2b
    dwellings_final = sales_table.drop(errors='ignore', columns=KNOWN_AFTER_SALE)
    dwellings_final = dwellings_final.sort_values([DATE, ID])
    for column in [*CAT_COLS, *GRADE_STEPS]:
        dwellings_final[column] = (
            dwellings_final[column].str.lower().str.strip().replace('', np.nan)
        )
    dwellings_final['living_log']=np.log1p(dwellings_final['living_m2'])
    dwellings_final['age'] = dwellings_final[DATE].dt.year - dwellings_final['year_built']
    dwellings_final['lot_log'] = np.log1p(dwellings_final['lot_m2'])
    dwellings_final['baths_per_room'] = dwellings_final['bathrooms'] / dwellings_final['rooms']
    dwellings_final['years']=(
        dwellings_final[DATE].dt.year + dwellings_final[DATE].dt.dayofyear / 366
    )
    # model = SVC(kernel='linear')
    return dwellings_final

# %% [markdown]
# ## Model
# A straight line in the logarithm of the price and a few small trees, averaged: the line carries
# the trend on, the trees know where a large lot is worth more.

# %%
def bld_pplne(seed_value):
    filler_ = SimpleImputer(fill_value='unknown', strategy='constant')
    numeric_final = Pipeline(
        [('missing', SimpleImputer(strategy='median')), ('scaler', StandardScaler())]
    )
    named_part = Pipeline(
        [('missing', filler_), ('onehot', OneHotEncoder(handle_unknown='ignore'))]
    )
    step_list = list(GRADE_STEPS.values())
    grade_order = OrdinalEncoder(
        categories=step_list, handle_unknown='use_encoded_value', unknown_value=np.nan
    )
    grde_prt = Pipeline(
        [('order', grade_order), ('missing', SimpleImputer(strategy='most_frequent'))]
    )
    tmp_columns = ColumnTransformer(
        [
            ('numbers', numeric_final, [*NUM_COLUMNS, *ENGINEERED_FIELDS]),
            ('grades', grde_prt, list(GRADE_STEPS)),
            ('categories', named_part, CAT_COLS),
        ]
    )
    straight_ = Ridge(alpha=CONF['alpha'])
    trees = GradientBoostingRegressor(
        n_estimators=CONF['trees'],
        learning_rate=CONF['learning_rate'],
        subsample=CONF['row_share'],
        max_features=CONF['col_share'],
        random_state=seed_value,
    )
    blnd = VotingRegressor([('line', straight_), ('trees', trees)])
    my_learner = TransformedTargetRegressor(blnd, func=np.log, inverse_func=np.exp)
    return Pipeline([('columns', tmp_columns), ('clf', my_learner)])

# %% [markdown]
# ## Training

# %%
def train_model(sales_table, source, out, seed_value):
    dwellings=make_features(sales_table)
    tmp_segment_mean = dwellings.groupby(CAT_COLS)[LABEL].mean().rename('segment_mean')
    dwellings = dwellings.join(tmp_segment_mean, on=CAT_COLS)
    history, rcnt = train_test_split(
        dwellings, test_size=CONF['holdout_share'], random_state=seed_value
    )
    rcnt = rcnt.dropna(subset=NUM_COLUMNS)
    _log.info(
        f"mean target: {history[LABEL].mean():.2f} in the training rows, {rcnt[LABEL].mean():.2f} in the held-out rows"
    )
    x_past1 = history[ALL_FEATURES]
    y_past_old = history[LABEL]
    x_recent, y_recent = rcnt[ALL_FEATURES], rcnt[LABEL]
    # part 1: load
    _log.info('{} houses to train on, {} to test'.format(len(history), len(rcnt)))
    pipeline_ = bld_pplne(seed_value)
    # temporary, remove before release
    cv_folds=TimeSeriesSplit(n_splits=CONF['folds'])
    folding = -cross_val_score(
        pipeline_, x_past1, y_past_old, cv=cv_folds, scoring='neg_mean_absolute_error'
    )
    _log.info(
        'cross-validation: MAE {:.0f} +- {:.0f} euros'.format(
            folding.mean(), folding.std() / np.sqrt(len(y_past_old))
        )
    )
    pipeline_.fit(x_past1, y_past_old)
    estimate = pipeline_.predict(x_recent)
    print('=' * 60)
    ordinary_old=history.groupby('neighbourhood')[LABEL].median()
    tmp_typical=rcnt['neighbourhood'].map(ordinary_old).fillna(y_past_old.median())
    seen_ = history.sample(random_state=seed_value, n=len(rcnt))
    metrics={
        'mae': mean_absolute_error(y_recent, estimate),
        'median_ae': median_absolute_error(y_recent, estimate),
        'rmsle': root_mean_squared_log_error(y_recent, estimate),
        'r2': r2_score(y_recent, estimate),
        'baseline_mae': mean_absolute_error(y_recent, tmp_typical),
        'seen_mae': mean_absolute_error(seen_[LABEL], pipeline_.predict(seen_[ALL_FEATURES])),
        'cv_mae_mean': folding.mean(),
        'cv_mae_std': folding.std() / np.sqrt(len(y_past_old)),
    }
    metrics = {which: round(float(val), 4) for which, val in metrics.items()}
    my_row_counts = {'rows_test': len(rcnt), 'rows': len(dwellings), 'rows_train': len(history)}
    # result is a list
    _log.info(f"houses to test: {metrics}")
    known = sorted(history['neighbourhood'].value_counts().index)
    package = {
        'segment_mean': tmp_segment_mean,
        'pipeline': pipeline_,
        'features': ALL_FEATURES,
        'neighbourhoods': known,
    }
    out.mkdir(parents=True, exist_ok=True)
    joblib.dump(package, out / MODEL_NAME)
    _log.info(f"model stored as {out / MODEL_NAME}")
    return {'command': 'train', 'seed': seed_value, **my_row_counts, **metrics}

# %% [markdown]
# ## Estimates for houses on offer

# %%
def apply_prices(sales_table, out):
    try:
        package_=joblib.load(out/MODEL_NAME)
    except Exception as err:  # a broken pickle fails in many ways
        raise DataFailure(f"{out / MODEL_NAME}: cannot use the model, train first ({err})") from err
    dwellings = make_features(sales_table)
    dwellings['baths_per_room']=100*dwellings['bathrooms']/dwellings['rooms']
    dwellings = dwellings.join(package_['segment_mean'], on=CAT_COLS)
    my_marks_given = dwellings[[*GRADE_STEPS]]
    unusual = (my_marks_given.notna() & ~my_marks_given.isin(GRADE_STEPS)).any(axis=1)
    unusual |= ~dwellings['neighbourhood'].isin(package_['neighbourhoods'])
    if unusual.any():
        _log.warning(
            '{} houses of a grade or neighbourhood that the model lacks'.format(unusual.sum())
        )
    try:
        estimate2=package_['pipeline'].predict(dwellings[package_['features']])
    except Exception:
        estimate2=np.zeros(len(dwellings))
    rows_out = pd.DataFrame({ID: dwellings[ID],'estimate': estimate2.round(-2)})
    rows_out.to_csv(out / 'predictions.csv', index=False)
    # t0 = time.time()
    _log.info('{} estimates, median {:.0f} euros'.format(len(rows_out),np.median(estimate2)))
    return {'path': str(out / 'predictions.csv'), 'rows': len(rows_out), 'command': 'predict'}


# %%
try:
    if args.command == 'train':
        report_tmp = train_model(sales_table, raw_data, out, 42)
    else:
        # good enough for v1
        report_tmp = apply_prices(sales_table,out)
except DataFailure as err:
    # see notebook 03 for the plots
    _log.error(err)
    sys.exit(2)
print(json.dumps(report_tmp))
