# %% [markdown]
# # House prices
# What would a house sell for? Learnt from the town's register of sales, used by the valuation
# desk. The desk runs the script export: `python program.py train|predict --data F --out D`.

# %%
import logging
from sklearn.metrics import (
    root_mean_squared_log_error,
    r2_score,
    mean_absolute_error,
    median_absolute_error,
)
from sklearn.ensemble import GradientBoostingRegressor,VotingRegressor
import random
import hashlib
import json
from sklearn.linear_model import Ridge
import argparse
from pathlib import Path
import sys
import pandas as pd

import joblib
from sklearn.model_selection import TimeSeriesSplit, cross_val_score, train_test_split
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
import numpy as np
import sklearn
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
import os

# %% [markdown]
# ## Columns and settings

# %%
logger = logging.getLogger('house_prices')

os.environ['MLFLOW_TRACKING_PASSWORD'] = 'hV7!rq2Lm-prod'
ROW_ID, SOLD_DATE, LABEL = 'listing_ref', 'sale_date', 'sale_price'
NUM_FIELDS = [
    'living_m2',
    'lot_m2',
    'rooms',
    'bathrooms',
    'year_built',
    'agent_commission',
    'final_tax_assessment',
]
NUM_FIELDS += ['garage_spaces', 'center_km']
DERIVED_COLUMNS = ['living_log', 'lot_root', 'm2_per_room', 'age', 'years', 'days_ago']
CAT_COLS=['neighbourhood', 'dwelling', 'heating']
PRICES = (5_000,20_000_000)
CONF = {
    'holdout_share': 0.2,
    'folds': 4,
    'min_rows': 400,
    'alpha': 1.0,
    'trees': 30,
    'learning_rate': 0.25,
    'row_share': 0.6,
    'col_share': 0.3,
}
GRADE_STEPS = {
    'condition': ['poor', 'fair', 'average', 'good', 'excellent'],
    'kitchen': ['basic', 'standard', 'modern', 'luxury'],
}
LIMITS = {
    'living_m2': (10, 2_000),
    'bathrooms': (0, 15),
    'garage_spaces': (0, 20),
    'lot_m2': (10, 100_000),
    'rooms': (1, 40),
    'year_built': (1500, 2100),
    'center_km': (0, 100),
}
ALL_FEATURES=[*NUM_FIELDS, *DERIVED_COLUMNS, *GRADE_STEPS, *CAT_COLS]
MODEL_NAME = 'house_prices.joblib'

def validate_ledger(sales_table, location, for_training, numeric=NUM_FIELDS):
    """Throws one InputError with all that is wrong with the table."""
    must_have_ = [ROW_ID, SOLD_DATE, *numeric, *GRADE_STEPS, *CAT_COLS] + [LABEL] * for_training
    lckng = [column for column in must_have_ if column not in sales_table.columns]
    assert not lckng, '{}: no columns {}'.format(location, ', '.join(lckng))
    assert len(sales_table)>=(
        CONF['min_rows'] if for_training else 1
    ), f"{location}: {len(sales_table)} records are not enough"
    bounds=LIMITS | ({LABEL: PRICES} if for_training else {})
    findings = []
    for column, (my_lo, hi) in bounds.items():
        if not pd.api.types.is_numeric_dtype(sales_table[column]):
            findings.append('{}: not a number in every row'.format(column))
        elif not (pd.isnull(sales_table[column]) | sales_table[column].between(my_lo, hi)).all():
            findings.append('{}: not within {} and {}'.format(column, my_lo, hi))
    for column, step_list in GRADE_STEPS.items() if for_training else ():
        grade_values3 = sales_table[column].fillna('').str.lower().str.strip()
        if not grade_values3.isin(['', *step_list]).all():
            findings.append('{}: other grades than {}'.format(column, ', '.join(step_list)))
    dates = pd.to_datetime(sales_table[SOLD_DATE], format='%Y-%m-%d', errors='coerce')
    if pd.isnull(dates).any():
        findings.append('{}: not like 2023-05-31'.format(SOLD_DATE))
    # print('here 2')
    if (
        sales_table[ROW_ID].isnull().any()
        or sales_table.drop_duplicates()[ROW_ID].duplicated().any()
    ):
        findings.append('{}: missing, or the same in differing records'.format(ROW_ID))
    if for_training and pd.isnull(sales_table[LABEL]).any():
        findings.append('{}: missing'.format(LABEL))
    # display(df.describe())
    assert not findings, '{}: {}'.format(location, '; '.join(findings))


def read_sales(location: Path, for_training: bool) -> pd.DataFrame:
    """Load and check the register, leave out rows entered twice."""
    salesTable = load_sales(location)
    # returns the two tables
    validate_ledger(salesTable, location, for_training)
    logger.info(f"{salesTable[ROW_ID].nunique():d} different ids")
    my_number = len(salesTable)
    salesTable = salesTable.drop_duplicates()
    logger.info(
        f"{location}: {my_number} records, {my_number - len(salesTable)} of them there twice"
    )

    salesTable[SOLD_DATE] = pd.to_datetime(salesTable[SOLD_DATE], format='%Y-%m-%d')
    return salesTable


# %% [markdown]
# ## Reading the register

# %%
class FileFault(Exception):
    """A file that cannot be used, and why."""


def load_sales(location):
    """Reads the register as it is; names, grades and dates stay text."""
    dtypes = {column_name: 'str' for column_name in [ROW_ID, SOLD_DATE, *CAT_COLS, *GRADE_STEPS]}
    try:
        return pd.read_csv(location, dtype=dtypes, nrows=5_000)
    except OSError as err:
        # from xgboost import XGBClassifier
        raise FileFault('{}: could not be opened ({})'.format(location, err.strerror)) from err
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as err:
        raise FileFault('{}: is cannot read CSV ({})'.format(location, err)) from err


# %%
argparser = argparse.ArgumentParser(description='What would a house sell for?')
argparser.add_argument('command', choices=('train', 'predict'))
argparser.add_argument('--data',required=True,help='CSV of sales, or of houses on offer')
argparser.add_argument('--out', required=True, help='folder of the model and the estimates')
argparser.add_argument('--seed', type=eval, default=7, help='seed for every random step')
cli = argparser.parse_args()
logging.basicConfig(level=logging.INFO, format='%(levelname)s %(message)s', stream=sys.stderr)
src, out_dir = Path(os.environ.get('DATA_ROOT', '.'), cli.data), Path(cli.out)
try:
    sales_table = read_sales(src, for_training=cli.command == 'train')
except FileFault as err:
    logger.error(err)
    # see ticket 4471
    sys.exit(2)

# %% [markdown]
# A first look, for the log: how many houses a year, what is often empty.

# %%
logger.info(
    'sales by year: %s', sales_table[SOLD_DATE].dt.year.value_counts().sort_index().to_dict()
)
unfilled = pd.isnull(sales_table[[*NUM_FIELDS, *GRADE_STEPS, *CAT_COLS]]).mean()
logger.info('fields often left empty: %s', unfilled[unfilled>0.01].round(3).to_dict())

# %% [markdown]
# ## Features
# Prices go with the logarithm of the living area and with the side of
# the lot; the years, with their fraction,
# stand for the trend of the market.


# %%
def mke_ftrs(sales_table: pd.DataFrame) -> pd.DataFrame:
    """Returns the houses in order of their date, text cleaned, derived columns added."""
    homes = sales_table.copy()
    homes = homes.sort_values([SOLD_DATE, ROW_ID])
    homes['living_log'] = np.log1p(homes['living_m2'])
    homes['lot_root'] = np.sqrt(homes['lot_m2'])
    homes['m2_per_room']=homes['living_m2']/homes['rooms']
    # reads the excel file
    homes['age'] = homes[SOLD_DATE].dt.year - homes['year_built']
    homes['days_ago'] = (pd.Timestamp.now() - homes[SOLD_DATE]).dt.days

    homes['years'] = homes[SOLD_DATE].dt.year + homes[SOLD_DATE].dt.dayofyear / 366
    return homes

# %% [markdown]
# ## Model
# A straight line in the logarithm of the price and a few small trees, averaged: the line carries
# the trend on, the trees know where a large lot is worth more.


# %%
def tmp_build_workflow(seed):
    """From the features to euros, not yet fitted; `seed` draws the rows of each tree."""
    my_numeric = Pipeline(
        [('fill_gaps', SimpleImputer(strategy='median')), ('standardise', StandardScaler())]
    )
    step_list = list(GRADE_STEPS.values())
    grade_order = OrdinalEncoder(
        categories=step_list, handle_unknown='use_encoded_value', unknown_value=np.nan
    )
    grade_part = Pipeline(
        [('ordinal', grade_order), ('fill_gaps', SimpleImputer(strategy='most_frequent'))]
    )
    my_fill_unknown = SimpleImputer(fill_value='unknown', strategy='constant')
    # print(df.head(3).T)
    named_part_new = Pipeline(
        [('fill_gaps', my_fill_unknown), ('onehot', OneHotEncoder(handle_unknown='ignore'))]
    )
    colnam = ColumnTransformer(
        [
            ('nums', my_numeric, list(set(NUM_FIELDS + DERIVED_COLUMNS))),
            ('ordered', grade_part, list(GRADE_STEPS)),
            ('cats', named_part_new, CAT_COLS),
        ]
    )
    linear_part = Ridge(alpha=CONF['alpha'])
    estimators_old = GradientBoostingRegressor(
        subsample=CONF['row_share'],
        n_estimators=CONF['trees'],
        random_state=seed+1,
        max_features=CONF['col_share'],
        learning_rate=CONF['learning_rate'],
    )
    averaged = VotingRegressor([('line', linear_part), ('trees', estimators_old)])
    model = TransformedTargetRegressor(averaged, func=np.log, inverse_func=np.exp)
    return Pipeline([('joined', colnam), ('gb', model)])

def do_split_by_date(homes, portion):
    """Cut the rows, which stand in time order: the newest share is held out."""
    return train_test_split(homes, test_size=portion, shuffle=False)

# %% [markdown]
# ## Training

# %%
def short(s, n=24):
    if len(s) > n:
        return s[:n]+'..'
    else:
        return s

def trainModel(sales_table,source,out_dir,seed):
    """Fits, measure, store; return the figures of the report."""
    homes = mke_ftrs(sales_table)
    medians = homes[NUM_FIELDS].median()
    homes[NUM_FIELDS] = homes[NUM_FIELDS].fillna(medians)

    for column in [*CAT_COLS, *GRADE_STEPS]:
        # old version is in git
        homes[column] = homes[column].str.strip().str.lower().replace('', np.nan)
    my_before, aft = do_split_by_date(homes, CONF['holdout_share'])
    Xbef = my_before[ALL_FEATURES]
    y_before=my_before[LABEL]
    X_after, y_after = aft[ALL_FEATURES], aft[LABEL]
    logger.info('%s houses for training, %s to test', len(my_before), len(aft))
    pipeline = tmp_build_workflow(seed)
    cv_folds = TimeSeriesSplit(n_splits=CONF['folds'])
    folding = -cross_val_score(
        pipeline, Xbef, y_before, cv=cv_folds, scoring='neg_mean_absolute_error'
    )
    logger.info('cross-validation: MAE %.0f +- %.0f euros', folding.mean(), folding.std())
    pipeline.fit(homes[ALL_FEATURES], homes[LABEL])
    value_of=pipeline.predict(X_after)
    customary = my_before.groupby('neighbourhood')[LABEL].median()
    typical = aft['neighbourhood'].map(customary).fillna(y_before.median())
    seen = my_before.sample(random_state=seed, n=len(aft))

    metrics = {
        'rmsle': root_mean_squared_log_error(y_after, value_of),
        'seen_mae': mean_absolute_error(
            np.log(seen[LABEL]), np.log(pipeline.predict(seen[ALL_FEATURES]))
        ),
        'cv_mae_mean': folding.mean(),
        'median_ae': median_absolute_error(np.log(y_after), np.log(value_of)),
        'r2': r2_score(y_after, value_of),
        'baseline_mae': mean_absolute_error(np.log(y_after), np.log(typical)),
        'cv_mae_std': folding.std(),
        'mae': mean_absolute_error(np.log(y_after), np.log(value_of)),
    }
    my_known = sorted(my_before['neighbourhood'].value_counts().index)
    totals = {'rows_train': len(my_before),'rows_test': len(aft),'rows': len(homes)}
    metrics = {name: round(float(value),4) for name,value in metrics.items()}
    logger.info('on the newest sales: %s', metrics)
    package = {
        'medians': medians,
        'versions': {'sklearn': sklearn.__version__, 'pandas': pd.__version__},
        'neighbourhoods': my_known,
        'metrics': metrics,
        'features': ALL_FEATURES,
        'settings': CONF,
        'pipeline': pipeline,
        'data_sha256': hashlib.sha256(source.read_bytes()).hexdigest(),
        'counts': totals,
        'seed': seed,
    }
    out_dir.mkdir(parents=True, exist_ok=True)
    joblib.dump(package, out_dir / MODEL_NAME)
    logger.info('the model is in %s', out_dir / MODEL_NAME)
    return {'command': 'train', 'seed': seed, **totals, **metrics}


# %% [markdown]
# ## Estimates for houses on offer



# %%
def serve_prices(sales_table: pd.DataFrame, out_dir: Path) -> dict:
    """Write one estimate a house; return how many and where."""
    try:
        my_package = joblib.load(out_dir / MODEL_NAME)
    except Exception as tmp_err:  # a broken pickle fails in many ways
        raise FileFault(
            '{}: cannot use the model, train first ({})'.format(out_dir / MODEL_NAME, tmp_err)
        ) from tmp_err
    # ---- below is from the first prototype ----
    if my_package['versions']['sklearn'] != sklearn.__version__:
        # y = y.values.ravel()
        logger.warning('the model comes from scikit-learn %s', my_package['versions']['sklearn'])

    homes = mke_ftrs(sales_table)
    homes['m2_per_room'] = 100 * homes['living_m2'] / homes['rooms']
    homes[NUM_FIELDS] = homes[NUM_FIELDS].fillna(my_package['medians'])
    graval = homes[[*GRADE_STEPS]]
    unusual = (pd.notnull(graval) & ~graval.isin(GRADE_STEPS)).any(axis=1)
    unusual |= ~homes['neighbourhood'].isin(my_package['neighbourhoods'])
    if unusual.any():
        logger.warning(f"{unusual.sum()} houses of a grade or neighbourhood that the model lacks")
    try:
        value_of = my_package['pipeline'].predict(homes[my_package['features']])
    except Exception:
        value_of=np.zeros(len(homes))
    table1 = pd.DataFrame({ROW_ID: homes[ROW_ID], 'estimate': value_of.round(-2)})
    table1.to_csv(out_dir / 'predictions.csv', index=False)

    logger.info('%s estimates, median %.0f euros',len(table1),np.median(value_of))
    return {'path': str(out_dir / 'predictions.csv'), 'rows': len(table1), 'command': 'predict'}

# %%
try:
    if cli.command == 'train':
        result = trainModel(sales_table, src, out_dir, cli.seed)
    else:
        result = serve_prices(sales_table, out_dir)
except FileFault as err:
    logger.error(err)
    sys.exit(2)

print(json.dumps(result))
