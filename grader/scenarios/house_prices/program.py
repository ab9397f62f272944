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
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import GradientBoostingRegressor, VotingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.metrics import (
    mean_absolute_error,
    median_absolute_error,
    r2_score,
    root_mean_squared_log_error,
)
from sklearn.model_selection import TimeSeriesSplit, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

# %% [markdown]
# ## Columns and settings

# %%
log = logging.getLogger("house_prices")

ID, DATE, TARGET = "listing_ref", "sale_date", "sale_price"
NUM_COLUMNS = ["living_m2", "lot_m2", "rooms", "bathrooms", "year_built"]
NUM_COLUMNS += ["garage_spaces", "center_km"]
DERIVED_COLUMNS = ["living_log", "lot_log", "m2_per_room", "age", "months"]
CAT_COLUMNS = ["neighbourhood", "dwelling", "heating"]
GRADES = {
    "condition": ["poor", "fair", "average", "good", "excellent"],
    "kitchen": ["basic", "standard", "modern", "luxury"],
}
KNOWN_AFTER_SALE = ["agent_commission", "final_tax_assessment"]
FEATURES = [*NUM_COLUMNS, *DERIVED_COLUMNS, *GRADES, *CAT_COLUMNS]
LIMITS = {
    "living_m2": (10, 2_000),
    "lot_m2": (10, 100_000),
    "rooms": (1, 40),
    "bathrooms": (0, 15),
    "year_built": (1500, 2100),
    "garage_spaces": (0, 20),
    "center_km": (0, 100),
}
PRICES = (5_000, 20_000_000)
MODEL_FILE = "house_prices.joblib"
P = {
    "holdout_share": 0.2,  # the newest sales, about seven months
    "folds": 3,
    "min_rows": 300,
    # tried by cross-validated MAE on the register of 2018 to 2020, which is not in this export
    "alpha": 3.0,
    "trees": 40,
    "learning_rate": 0.2,
    "row_share": 0.6,
    "col_share": 0.3,
}

# %% [markdown]
# ## Reading the register


# %%
class InputError(Exception):
    """A file that cannot be used, and why."""


def load_sales(path: Path) -> pd.DataFrame:
    """Read the register as it is; names, grades and dates stay text."""
    as_text = dict.fromkeys([ID, DATE, *CAT_COLUMNS, *GRADES], "str")
    try:
        return pd.read_csv(path, dtype=as_text)
    except OSError as error:
        raise InputError(f"{path}: cannot be opened ({error.strerror})") from error
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: is no readable CSV ({error})") from error


def validate_sales(sales: pd.DataFrame, path: Path, training: bool) -> None:
    """Raise one InputError with all that is wrong with the table."""
    needed = [ID, DATE, *NUM_COLUMNS, *GRADES, *CAT_COLUMNS] + [TARGET] * training
    missing = [column for column in needed if column not in sales.columns]
    if missing:
        raise InputError(f"{path}: no columns {', '.join(missing)}")
    if len(sales) < (P["min_rows"] if training else 1):
        raise InputError(f"{path}: {len(sales)} rows are not enough")
    faults = []
    limits = LIMITS | ({TARGET: PRICES} if training else {})
    for column, (low, high) in limits.items():
        if not pd.api.types.is_numeric_dtype(sales[column]):
            faults.append(f"{column}: not a number in every row")
        elif not (sales[column].isna() | sales[column].between(low, high)).all():
            faults.append(f"{column}: not within {low} and {high}")
    for column, steps in GRADES.items():
        grades = sales[column].fillna("").str.strip().str.lower()
        if not grades.isin(["", *steps]).all():
            faults.append(f"{column}: other grades than {', '.join(steps)}")
    dates = pd.to_datetime(sales[DATE], format="%Y-%m-%d", errors="coerce")
    if dates.isna().any():
        faults.append(f"{DATE}: not like 2023-05-31")
    if sales[ID].isna().any() or sales.drop_duplicates()[ID].duplicated().any():
        faults.append(f"{ID}: missing, or the same in differing rows")
    if training and sales[TARGET].isna().any():
        faults.append(f"{TARGET}: missing")
    if faults:
        raise InputError(f"{path}: {'; '.join(faults)}")


def read_sales(path: Path, training: bool) -> pd.DataFrame:
    """Load and check the register, leave out rows entered twice."""
    sales = load_sales(path)
    validate_sales(sales, path, training)
    count = len(sales)
    sales = sales.drop_duplicates()
    log.info(f"{path}: {count} rows, {count - len(sales)} of them repeated")
    sales[DATE] = pd.to_datetime(sales[DATE], format="%Y-%m-%d")
    return sales


# %%
parser = argparse.ArgumentParser(description="What would a house sell for?")
parser.add_argument("command", choices=["train", "predict"])
parser.add_argument("--data", required=True, help="CSV of sales, or of houses on offer")
parser.add_argument("--out", required=True, help="folder of the model and the estimates")
parser.add_argument("--seed", type=int, default=7, help="seed of every random step")
args = parser.parse_args()
logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)
data, out = Path(args.data), Path(args.out)
try:
    sales = read_sales(data, training=args.command == "train")
except InputError as error:
    log.error(error)
    sys.exit(2)

# %% [markdown]
# A first look, for the log: how many houses a year, what is often empty.

# %%
log.info(f"houses a year: {sales[DATE].dt.year.value_counts().sort_index().to_dict()}")
empty = sales[[*NUM_COLUMNS, *GRADES, *CAT_COLUMNS]].isna().mean()
log.info(f"share of empty fields: {empty[empty > 0.01].round(3).to_dict()}")

# %% [markdown]
# ## Features
# Prices go with the logarithm of the areas; the months stand for the trend of the market.


# %%
def add_features(sales: pd.DataFrame) -> pd.DataFrame:
    """Return the houses in order of their date, text cleaned, derived columns added."""
    houses = sales.drop(columns=KNOWN_AFTER_SALE, errors="ignore")
    houses = houses.sort_values([DATE, ID])
    for column in [*CAT_COLUMNS, *GRADES]:
        houses[column] = houses[column].str.strip().str.lower().replace("", np.nan)
    houses["living_log"] = np.log1p(houses["living_m2"])
    houses["lot_log"] = np.log1p(houses["lot_m2"])
    houses["m2_per_room"] = houses["living_m2"] / houses["rooms"]
    houses["age"] = houses[DATE].dt.year - houses["year_built"]
    houses["months"] = 12 * houses[DATE].dt.year + houses[DATE].dt.month
    return houses


# %% [markdown]
# ## Model
# A straight line in the logarithm of the price and a few small trees, averaged: the line carries
# the trend on, the trees know where a large lot is worth more.


# %%
def build_pipeline(seed: int) -> Pipeline:
    """From the features to euros, not yet fitted; `seed` draws the rows of each tree."""
    numeric = Pipeline([("fill", SimpleImputer(strategy="median")), ("scale", StandardScaler())])
    steps = list(GRADES.values())
    order = OrdinalEncoder(
        categories=steps, handle_unknown="use_encoded_value", unknown_value=np.nan
    )
    graded = Pipeline([("order", order), ("fill", SimpleImputer(strategy="median"))])
    unknown = SimpleImputer(strategy="constant", fill_value="unknown")
    named = Pipeline([("fill", unknown), ("encode", OneHotEncoder(handle_unknown="ignore"))])
    columns = ColumnTransformer(
        [
            ("num", numeric, NUM_COLUMNS + DERIVED_COLUMNS),
            ("grade", graded, list(GRADES)),
            ("cat", named, CAT_COLUMNS),
        ]
    )
    line = Ridge(alpha=P["alpha"])
    trees = GradientBoostingRegressor(
        n_estimators=P["trees"],
        learning_rate=P["learning_rate"],
        subsample=P["row_share"],
        max_features=P["col_share"],
        random_state=seed,
    )
    both = VotingRegressor([("line", line), ("trees", trees)])
    model = TransformedTargetRegressor(both, func=np.log, inverse_func=np.exp)
    return Pipeline([("columns", columns), ("model", model)])


def split_by_date(houses: pd.DataFrame, share: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The older sales and the newest, which are about the given share."""
    cut = houses[DATE].quantile(1 - share)
    older, newer = houses[houses[DATE] < cut], houses[houses[DATE] >= cut]
    if len(older) < len(newer):
        raise InputError(f"most of the {len(houses)} sales are of one day")
    return older, newer


# %% [markdown]
# ## Training


# %%
def train_model(sales: pd.DataFrame, source: Path, out: Path, seed: int) -> dict:
    """Fit, measure, store; return the figures of the report."""
    houses = add_features(sales)
    older, newer = split_by_date(houses, P["holdout_share"])
    X_older, y_older = older[FEATURES], older[TARGET]
    X_newer, y_newer = newer[FEATURES], newer[TARGET]
    log.info(f"{len(older)} houses to learn from, {len(newer)} to test")
    pipeline = build_pipeline(seed)
    folds = TimeSeriesSplit(n_splits=P["folds"])
    cv = -cross_val_score(pipeline, X_older, y_older, cv=folds, scoring="neg_mean_absolute_error")
    log.info(f"cross-validation: MAE {cv.mean():.0f} +- {cv.std():.0f} euros")
    pipeline.fit(X_older, y_older)
    estimate = pipeline.predict(X_newer)
    usual = older.groupby("neighbourhood")[TARGET].median()
    typical = newer["neighbourhood"].map(usual).fillna(y_older.median())
    seen = older.sample(n=len(newer), random_state=seed)
    metrics = {
        "mae": mean_absolute_error(y_newer, estimate),
        "median_ae": median_absolute_error(y_newer, estimate),
        "rmsle": root_mean_squared_log_error(y_newer, estimate),
        "r2": r2_score(y_newer, estimate),
        "baseline_mae": mean_absolute_error(y_newer, typical),
        "seen_mae": mean_absolute_error(seen[TARGET], pipeline.predict(seen[FEATURES])),
        "cv_mae_mean": cv.mean(),
        "cv_mae_std": cv.std(),
    }
    metrics = {name: round(float(value), 4) for name, value in metrics.items()}
    log.info(f"newest sales: {metrics}")
    known = sorted(older["neighbourhood"].value_counts().index)
    counts = {"rows": len(houses), "rows_train": len(older), "rows_test": len(newer)}
    bundle = {
        "pipeline": pipeline,
        "features": FEATURES,
        "neighbourhoods": known,
        "settings": P,
        "seed": seed,
        "metrics": metrics,
        "counts": counts,
        "data_sha256": hashlib.sha256(source.read_bytes()).hexdigest(),
        "versions": {"sklearn": sklearn.__version__, "pandas": pd.__version__},
    }
    out.mkdir(parents=True, exist_ok=True)
    joblib.dump(bundle, out / MODEL_FILE)
    log.info(f"model stored as {out / MODEL_FILE}")
    return {"command": "train", "seed": seed, **counts, **metrics}


# %% [markdown]
# ## Estimates for houses on offer


# %%
def predict_prices(sales: pd.DataFrame, out: Path) -> dict:
    """Write one estimate a house; return how many and where."""
    try:
        bundle = joblib.load(out / MODEL_FILE)
    except Exception as error:  # a broken pickle fails in many ways
        raise InputError(f"{out / MODEL_FILE}: no usable model, train first ({error})") from error
    if bundle["versions"]["sklearn"] != sklearn.__version__:
        log.warning(f"the model was made by scikit-learn {bundle['versions']['sklearn']}")
    houses = add_features(sales)
    strange = ~houses["neighbourhood"].isin(bundle["neighbourhoods"])
    if strange.any():
        log.warning(f"{strange.sum()} houses in neighbourhoods that the model has never seen")
    estimate = bundle["pipeline"].predict(houses[bundle["features"]])
    table = pd.DataFrame({ID: houses[ID], "estimate": estimate.round(-2)})
    table.to_csv(out / "predictions.csv", index=False)
    log.info(f"{len(table)} estimates, median {np.median(estimate):.0f} euros")
    return {"command": "predict", "rows": len(table), "path": str(out / "predictions.csv")}


# %%
try:
    if args.command == "train":
        report = train_model(sales, data, out, args.seed)
    else:
        report = predict_prices(sales, out)
except InputError as error:
    log.error(error)
    sys.exit(2)
print(json.dumps(report))
