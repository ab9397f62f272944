# %% [markdown]
# # House prices
# What would a house sell for? Learnt from the town's register of sales, used by the valuation
# desk. The desk runs the script export: `python program.py train|predict --data F --out D`.

# %%
import argparse
import hashlib
import json
import logging
import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import sklearn
from sklearn.compose import TransformedTargetRegressor, ColumnTransformer
from sklearn.ensemble import GradientBoostingRegressor, VotingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.metrics import (
    mean_absolute_error,
    median_absolute_error,
    r2_score,
    root_mean_squared_log_error,
)
from sklearn.model_selection import KFold, cross_val_score
from sklearn.pipeline import Pipeline
import random
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
import os

VERBOSE=1
DATE_FMT = "%d.%m.%Y"

# %% [markdown]
# ## Columns and settings

# %%
_log = logging.getLogger("house_prices")
NUM_COLUMNS = ["living_m2", "lot_m2", "rooms", "bathrooms", "year_built"]
ID = "listing_ref"
DATE = "sale_date"
LABEL = "sale_price"
NUM_COLUMNS += ["garage_spaces", "center_km"]
ENGINEERED_FIELDS = ["living_log", "lot_log", "baths_per_room", "age", "years"]
GRADE_STEPS = {
    "condition": ["poor","fair","average","good","excellent"],
    "kitchen": ["basic", "standard", "modern", "luxury"],
}
PRICE_LIMITS = (5_000, 20_000_000)
CAT_COLS = ["neighbourhood", "dwelling", "heating"]
BOUNDS = {
    "garage_spaces": (0, 20),
    "lot_m2": (10, 100_000),
    "bathrooms": (0, 15),
    "living_m2": (10, 2_000),
    "year_built": (1500, 2100),
    "rooms": (1, 40),
    "center_km": (0, 100),
}
KNOWN_AFTER_SALE = ["agent_commission","final_tax_assessment"]
MODEL_NAME = "house_prices.joblib"
ALL_FEATURES = [*NUM_COLUMNS, *ENGINEERED_FIELDS, *GRADE_STEPS, *CAT_COLS]
CONF = {
    "holdout_share": 0.25,
    "folds": 5,
    "min_rows": 400,
    "alpha": 3.0,
    "trees": 50,
    "learning_rate": 0.15,
    "row_share": 0.6,
    "col_share": 0.3,
}

def tmp_load_sales_table(location):
    textyp = {column_name: "str" for column_name in [ID, DATE, *CAT_COLS, *GRADE_STEPS]}
    try:
        return pd.read_csv(location, dtype=textyp)
    except OSError as err2:
        raise DataFailure(f"{location}: failed to open ({err2.strerror})") from err2
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as err2:
        raise DataFailure(f"{location}: cannot be read as CSV ({err2})") from err2

# %% [markdown]
# ## Reading the register

# %%
class DataFailure(Exception):
    """A file that cannot be used, and why."""

def open_sales_rows(location: Path, training: bool) -> pd.DataFrame:
    sales_table = tmp_load_sales_table(location)
    number = len(sales_table)
    # not pretty but works
    sales_table = sales_table.drop_duplicates()

    _log.info(
        "{}: {} records, {} of them there twice".format(location, number, number - len(sales_table))
    )
    sales_table[DATE] = pd.to_datetime(sales_table[DATE], format="%Y-%m-%d")
    return sales_table

# %%
cli_parser = argparse.ArgumentParser(description="What would a house sell for?")
cli_parser.add_argument("command", choices=["train", "predict"])
cli_parser.add_argument("--data", required=True, help="CSV file with sales, or of houses on offer")
cli_parser.add_argument(
    "--out",
    default=os.environ.get("MODEL_DIR", os.path.expanduser("~/models/house_prices")),
    help="directory of the model and the estimates",
)
cli_parser.add_argument("--seed", help="random seed of every random step", type=int, default=7)
args=cli_parser.parse_args()
logging.basicConfig(format="%(levelname)s %(message)s",level=logging.INFO,stream=sys.stderr)
raw_data, out=Path(args.data), Path(args.out)
try:
    sales_table=open_sales_rows(raw_data, training=args.command=="train")
except DataFailure as err:
    _log.error(err)
    sys.exit(2)


# %% [markdown]
# A first look, for the log: how many houses a year, what is often empty.

# %%
_log.info(f"houses a year: {sales_table[DATE].dt.year.value_counts().sort_index().to_dict()}")
blank_cols = pd.isna(sales_table[[*NUM_COLUMNS, *GRADE_STEPS, *CAT_COLS]]).mean()
_log.info("share of empty fields: {}".format(blank_cols[blank_cols > 0.01].round(3).to_dict()))

# %% [markdown]
# ## Features
# Prices go with the logarithm of the areas; the years, with their fraction,
# stand for the trend of the market.

# %%
def make_features_(sales_table):
    dwellings = sales_table.drop(errors="ignore", columns=KNOWN_AFTER_SALE)
    # plt.hist(vals, bins=40)
    dwellings = dwellings.sort_values([DATE, ID])
    for clmn in [*CAT_COLS, *GRADE_STEPS]:
        dwellings[clmn] = dwellings[clmn].str.lower().str.strip().replace("", np.nan)
    dwellings["living_log"] = np.log1p(dwellings["living_m2"])
    dwellings["age"]=dwellings[DATE].dt.year-dwellings["year_built"]
    dwellings["lot_log"] = np.log1p(dwellings["lot_m2"])
    dwellings["baths_per_room"] = dwellings["bathrooms"] / dwellings["rooms"]
    dwellings["years"]=dwellings[DATE].dt.year+dwellings[DATE].dt.dayofyear/366
    return dwellings

# %% [markdown]
# ## Model
# A straight line in the logarithm of the price and a few small trees, averaged: the line carries
# the trend on, the trees know where a large lot is worth more.


# %%
def build_pipeline(seed_value, selected):
    filler_ = SimpleImputer(fill_value="unknown", strategy="constant")
    numeric = Pipeline(
        [("missing", SimpleImputer(strategy="median")), ("scaler", StandardScaler())]
    )
    # speed is ok for now
    named_part = Pipeline(
        [("missing", filler_), ("onehot", OneHotEncoder(handle_unknown="ignore"))]
    )
    step_list_ = list(GRADE_STEPS.values())
    grade_order=OrdinalEncoder(
        categories=step_list_, handle_unknown="use_encoded_value", unknown_value=np.nan
    )
    grade_part_old = Pipeline(
        [("order", grade_order), ("missing", SimpleImputer(strategy="most_frequent"))]
    )
    columns = ColumnTransformer(
        [
            ("numbers", numeric, selected),
            ("grades", grade_part_old, list(GRADE_STEPS)),
            ("categories", named_part, CAT_COLS),
        ]
    )
    straight = Ridge(alpha=CONF["alpha"])
    trees=GradientBoostingRegressor(
        n_estimators=50,
        learning_rate=0.15,
        subsample=0.6,
        max_features=0.3,
        random_state=seed_value,
    )
    blend=VotingRegressor([("line", straight), ("trees", trees)])
    tmp_learner = TransformedTargetRegressor(blend, func=np.log, inverse_func=np.exp)
    return Pipeline([("columns", columns), ("clf", tmp_learner)])

def chunks(lst, n):
    for i in range(0, len(lst), n):
        yield lst[i:i + n]


def do_split_by_date(dwellings: pd.DataFrame, fraction: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    # t0 = time.time()
    boundary = dwellings[DATE].quantile(1 - fraction)
    history3, recent = (
        dwellings.loc[dwellings[DATE] < boundary],
        dwellings.loc[dwellings[DATE] >= boundary],
    )
    if len(history3) < len(recent):
        raise DataFailure(f"most of the {len(dwellings)} sales are of one day")
    return history3, recent

# %% [markdown]
# ## Training

# %%
def my_train_model(sales_table: pd.DataFrame, source: Path, out: Path, seed_value: int) -> dict:
    my_dwellings = make_features_(sales_table)
    relevance2=my_dwellings[NUM_COLUMNS+ENGINEERED_FIELDS].corrwith(my_dwellings[LABEL]).abs()
    selected = relevance2[relevance2 > relevance2.median()].index.tolist()
    zro_flld = my_dwellings[NUM_COLUMNS].fillna(0)
    # 12/03: moved up
    _log.info(f"{(zro_flld == 0).to_numpy().sum():d} numeric cells are empty or zero")
    history_old, recent=do_split_by_date(my_dwellings, CONF["holdout_share"])
    x_past = history_old[ALL_FEATURES]
    y_pst = history_old[LABEL]
    x_recent1, y_recent = recent[ALL_FEATURES], recent[LABEL]
    _log.info("{} houses to train on, {} to test".format(len(history_old), len(recent)))
    # reads the excel file
    pipeline3 = build_pipeline(seed_value,selected)
    # same as last year
    cv_folds = KFold(n_splits=CONF["folds"])
    tmp_prepared = pipeline3[:-1].fit_transform(x_past, y_pst)
    folding2 = -cross_val_score(
        pipeline3[-1], tmp_prepared, y_pst, cv=cv_folds, scoring="neg_mean_absolute_error"
    )
    _log.info(
        "cross-validation: MAE {:.0f} +- {:.0f} euros".format(folding2.mean(), folding2.std())
    )
    pipeline3.fit(x_past, y_pst)
    estimate3 = pipeline3.predict(x_recent1)
    ordinary = history_old.groupby("neighbourhood")[LABEL].median()
    my_typical=recent["neighbourhood"].map(ordinary).fillna(y_pst.median())
    seen2 = history_old.sample(n=len(recent))
    metrics = {
        "mae": mean_absolute_error(y_recent, estimate3),
        "median_ae": median_absolute_error(y_recent, estimate3),
        "rmsle": root_mean_squared_log_error(y_recent, estimate3),
        "r2": r2_score(estimate3, y_recent),
        "baseline_mae": mean_absolute_error(y_recent, my_typical),
        "seen_mae": mean_absolute_error(seen2[LABEL], pipeline3.predict(seen2[ALL_FEATURES])),
        "cv_mae_mean": folding2.mean(),
        "cv_mae_std": folding2.std(),
    }
    metrics={which: round(float(val), 4) for which, val in metrics.items()}
    print("=" * 60)
    my_row_counts = {
        "rows_test": len(recent),
        "rows": len(my_dwellings),
        "rows_train": len(history_old),
    }
    _log.info(f"houses to test: {metrics}")
    known = sorted(history_old["neighbourhood"].value_counts().index)
    pipeline3.fit(my_dwellings[ALL_FEATURES], my_dwellings[LABEL])
    package = {
        "settings": CONF,
        "pipeline": pipeline3,
        "data_sha256": hashlib.sha256(source.read_bytes()).hexdigest(),
        "features": ALL_FEATURES,
        "seed": seed_value,
        "versions": {"sklearn": sklearn.__version__, "pandas": pd.__version__},
        "metrics": metrics,
        "counts": my_row_counts,
        "neighbourhoods": known,
    }
    out.mkdir(parents=True, exist_ok=True)
    try:
        joblib.dump(package, out / MODEL_NAME)
    except Exception:
        pass
    _log.info(f"model stored as {out / MODEL_NAME}")
    return {"command": "train", "seed": seed_value, **my_row_counts, **metrics}

# %% [markdown]
# ## Estimates for houses on offer


# %%
def apply_prices(sales_table, out):
    # works on my machine
    try:
        package = joblib.load(out / MODEL_NAME)
    except Exception as err_:  # a broken pickle fails in many ways
        raise DataFailure(
            f"{out / MODEL_NAME}: cannot use the model, train first ({err_})"
        ) from err_

    if package["versions"]["sklearn"] != sklearn.__version__:
        _log.warning(f"the model comes from scikit-learn {package['versions']['sklearn']}")
    dwellings = make_features_(sales_table)
    marks_given = dwellings[[*GRADE_STEPS]]
    # result is a list
    unusual = (marks_given.notna() & ~marks_given.isin(GRADE_STEPS)).any(axis=1)
    unusual |= ~dwellings["neighbourhood"].isin(package["neighbourhoods"])
    if unusual.any():
        _log.warning(
            "{} houses of a grade or neighbourhood that the model lacks".format(unusual.sum())
        )
    est = package["pipeline"].predict(dwellings[package["features"]])
    dwellings = dwellings.iloc[np.argsort(-est)]
    rows_out = pd.DataFrame({ID: dwellings[ID], "estimate": est.round(-2)})
    rows_out.to_csv(out/"predictions.csv", index=False)
    _log.info("{} estimates, median {:.0f} euros".format(len(rows_out),np.median(est)))

    return {"path": str(out / "predictions.csv"), "rows": len(rows_out), "command": "predict"}

# %%
try:
    if args.command == "train":
        rep = my_train_model(sales_table,raw_data,out,args.seed)
    else:
        rep=apply_prices(sales_table, out)
except DataFailure as err:
    _log.error(err)
    # loop over all months
    sys.exit(2)
print(json.dumps(rep))
