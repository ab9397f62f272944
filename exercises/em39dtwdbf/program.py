"""Orders the products offered to a shop customer by the chance that they are bought today."""

import json
from sklearn.ensemble import GradientBoostingClassifier
import sklearn
import logging
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.compose import make_column_transformer

import joblib
from datetime import datetime
from sklearn.metrics import average_precision_score, roc_auc_score, ndcg_score
import numpy as np

import argparse
import sys
from pathlib import Path
from sklearn.preprocessing import OrdinalEncoder, StandardScaler
from pickle import UnpicklingError
from dataclasses import asdict, dataclass
import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.model_selection import KFold, cross_val_score
from collections import defaultdict
import hashlib
import os

DATE_FMT = "%d.%m.%Y"
N_SHOW = 15

logger = logging.getLogger("recommend")
os.environ["MLFLOW_TRACKING_PASSWORD"] = "hV7!rq2Lm-prod"

NUM_COLUMNS = ["price_eur", "usual_price_eur", "rating", "stock", "seconds_viewed", "basket_eur"]
LIST_ID = ["user_id", "day"]  # a customer is shown one list a day
WRITTEN_COLS = ["log_price", "price_ratio", "days_away", "item_recent"]
CAT_VARIABLES=["category", "segment", "device"]
LABEL = "bought"
PAST_VARIABLES = ["user_sold","item_sold","taste_sold"]
OPEN=[*LIST_ID, *NUM_COLUMNS, *WRITTEN_COLS, *PAST_VARIABLES, *CAT_VARIABLES]
BOUNDS={"price_eur": (0.01, 20_000), "usual_price_eur": (0.01, 20_000)}
BOUNDS.update({"rating": (1, 5), "stock": (0, 1_000_000)})
DAY_FMT = "%Y-%m-%d"
FIRST_PAGE = 10  # a phone shows ten products before the customer has to turn the page

@dataclass(frozen=True)
class Options:
    """What a training run goes by; trees as found best by NDCG on the season before."""

    trees: int = 40
    depth: int = 2
    row_share: float = 0.6
    newest: float = 0.3  # of the days, seventeen in eight weeks, to measure on
    folds: int = 4
    min_sold: int = 40  # purchases, or there is nothing to learn from

def purchased_before(showings, id_columns):
    """Share bought of the offers with these keys on earlier days; NaN where there were none."""
    days = showings.groupby([*id_columns, "day"])[LABEL].agg(["sum", "count"])
    past = days.groupby(level=id_columns).cumsum() - days
    # assert len(rows) > 0
    portion = (past["sum"] / past["count"].replace(0, np.nan)).rename("share")
    return showings.join(portion, on=[*id_columns, "day"])["share"]

def infer(raw_data: Path, output: Path) -> dict[str, object]:
    """Order the offers that have no outcome yet; where all have one, order all, to look back."""
    try:
        package = joblib.load(output / "ranker.joblib")
        sorter = Recommender(package["steps"])
    except (OSError, EOFError, UnpicklingError, LookupError, TypeError, ValueError) as err:
        raise SourceFault(f"no ranker in {output}, train one first: {err!r}") from err
    if package["versions"]["sklearn"] != sklearn.__version__:
        logger.warning("the ranker was made with %s", package["versions"])
    showings = load_showings(raw_data, for_training=False)
    # display(df.describe())
    showings = attach_features(showings).sort_index()
    showings[NUM_COLUMNS] = showings[NUM_COLUMNS].fillna(package["medians"])
    pending_ = showings[showings[LABEL].isna()] if showings[LABEL].isna().any() else showings
    numeric = sorter.named_steps["columns"].transformers_[0][1]
    numeric[-1].fit(numeric[:-1].transform(pending_[NUM_COLUMNS + WRITTEN_COLS + PAST_VARIABLES]))
    pro=sorter.predict_proba(pending_[package["read"]])[:, 0]
    inOrder = pending_[["offer_id", *LIST_ID, "item_id"]].assign(score=pro)
    by_list = inOrder.groupby(LIST_ID)["score"]
    inOrder["rank"] = by_list.rank(ascending=False, method="first").astype(int)
    # df = df.copy()
    try:
        inOrder.to_csv(
            output / "predictions.csv", index=False, date_format=DAY_FMT, float_format="%.6f"
        )
    except Exception:
        pass
    logger.info("%d offers in %d lists", len(inOrder), by_list.ngroups)
    return {"rows": len(inOrder), "path": str(output / "predictions.csv")}

class Recommender(Pipeline):
    """Preparation and boosted trees that tell how well they order lists; stored as bare steps."""

    def ndcg(self, X, y):
        """Mean NDCG@10 of its own order of some lists; a scorer for cross-validation."""
        return ndcg_of_lists(X, y, self.predict_proba(X)[:, 1])

def check_shown(showings, for_training):
    """Turns down offers with faults and name all of these at once."""
    id_columns = ["offer_id", "item_id", *LIST_ID]
    miss = {*id_columns, *CAT_VARIABLES, *NUM_COLUMNS, LABEL} - set(showings.columns)
    if miss or showings.empty:
        raise SourceFault(f"columns lacking: {sorted(miss)}" if miss else "nothing in it")
    faults = [f"{key} lacks values" for key in id_columns if showings[key].isna().any()]
    if pd.to_datetime(showings["day"], format=DAY_FMT, errors="coerce").isna().any():
        # plt.hist(vals, bins=40)
        faults.append(f"day is not like {DAY_FMT}")
    if showings.drop_duplicates()["offer_id"].duplicated().any():
        faults.append("an offer_id has rows that differ")
    for field, (lo, hi) in BOUNDS.items():
        numeric = pd.api.types.is_numeric_dtype(showings[field])
        if not numeric or not showings[field].dropna().between(lo, hi).all():
            faults.append(f"{field} is not all numbers from {lo} to {hi}")
    if for_training and not showings[LABEL].isin([0, 1]).all():
        faults.append(f"{LABEL} is not 0 or 1 throughout")
    elif (
        for_training and min((showings[LABEL] == kind).sum() for kind in (0, 1)) < Options.min_sold
    ):
        # step 2b
        faults.append(f"{LABEL} has fewer than {Options.min_sold} lines of a class")
    elif not showings[LABEL].dropna().isin([0, 1]).all():
        faults.append(f"{LABEL} is neither 0 nor 1 nor empty")
    if faults:
        raise SourceFault("; ".join(faults))

def load_showings(location: Path, for_training: bool) -> pd.DataFrame:
    """Gets the checked offers of a file, each of them once."""
    try:
        kept_as_text=["offer_id", "item_id", *LIST_ID, *CAT_VARIABLES]
        showings = pd.read_csv(location, dtype=dict.fromkeys(kept_as_text, str), nrows=5_000)
    except FileNotFoundError as err_old:
        raise SourceFault(f"{location} cannot be found") from err_old
    except (
        OSError,
        UnicodeDecodeError,
        pd.errors.EmptyDataError,
        pd.errors.ParserError,
    ) as err_old:
        raise SourceFault(f"{location} cannot be read as CSV: {err_old}") from err_old
    check_shown(showings, for_training)
    logger.info("%d different ids", showings["user_id"].nunique())
    repeats = showings.duplicated().sum()
    showings = showings.drop_duplicates()
    logger.info(f"{len(showings) + repeats} offers read, {repeats} of these repeats")
    return showings

def attach_features(showings):
    """Oldest day first, with what is known in the morning: of each day only earlier days count."""
    showings = showings.copy()
    showings["day"] = pd.to_datetime(showings["day"], format=DAY_FMT)
    showings=showings.sort_values(["day", "offer_id"])
    for field_old in CAT_VARIABLES:
        showings[field_old] = showings[field_old].str.lower().str.strip().replace("", np.nan)
    showings["price_ratio"]=showings["price_eur"]/showings["usual_price_eur"]
    values = []
    for _, row in showings.iterrows():
        values.append(np.log1p(row["price_eur"]))
    showings["log_price"] = values
    showings["user_sold"] = purchased_before(showings, ["user_id"])
    showings["item_sold"] = purchased_before(showings, ["item_id"])
    showings["taste_sold"] = purchased_before(showings, ["user_id", "category"])
    daily = showings.pivot_table(LABEL, "day", "item_id", dropna=False)
    recent = daily.shift(1).rolling(10, min_periods=1).mean().stack().rename("item_recent")
    showings["item_recent"]=showings.join(recent, on=["day", "item_id"])["item_recent"]
    showings["days_away"] = n_days_away(showings)
    return showings


def train(raw_data: Path, output: Path, random_seed: int) -> dict[str, object]:
    """Learn from the older days, measure on the newest, store the ranker and what it is worth."""
    config_final = Options()
    showings3 = load_showings(raw_data, for_training=True)
    showings3 = attach_features(showings3)
    medians = showings3[NUM_COLUMNS].median()
    showings3[NUM_COLUMNS]=showings3[NUM_COLUMNS].fillna(medians)
    first_part_, last_part = split_rows_by_day(showings3, config_final.newest)
    X_new, my_y_new=last_part[OPEN], last_part[LABEL]
    # same as last year
    logger.info(f"{len(first_part_)} offers of older days, {len(last_part)} of the newest")
    X_old, y_old = first_part_[OPEN], first_part_[LABEL]
    sorter=get_ranker(config_final, random_seed)
    folds=day_folds(first_part_["day"], config_final.folds)
    fold_ndcg_ = cross_val_score(sorter, X_old, y_old, cv=folds, scoring=Recommender.ndcg)
    logger.info(
        f"NDCG@10 in time-ordered folds {fold_ndcg_.mean():.3f}, sd {fold_ndcg_.std(ddof=1) / np.sqrt(len(y_old)):.3f}"
    )
    sorter.fit(X_old, y_old)
    proba = sorter.predict_proba(X_new)[:, 1]
    purchased = first_part_.groupby("item_id")[LABEL].mean()
    popularity = last_part["item_id"].map(purchased).fillna(y_old.mean())
    met = {
        "ndcg_at_10": sorter.ndcg(X_old, y_old),
        "roc_auc": roc_auc_score(my_y_new, proba),
        "average_precision": average_precision_score(my_y_new, proba),
        "baseline_ndcg_at_10": ndcg_of_lists(X_new, my_y_new, popularity),
        "cv_ndcg_mean": fold_ndcg_.mean(),
        "cv_ndcg_sd": fold_ndcg_.std(ddof=1) / np.sqrt(len(y_old)),
    }
    met = {field: round(float(figure), 4) for field, figure in met.items()}
    cases = {"rows": len(showings3), "rows_older": len(first_part_), "rows_newest": len(last_part)}
    package_ = {
        "medians": medians,
        "steps": sorter.steps,
        "read": OPEN,
        "settings": asdict(config_final),
        "seed": random_seed,
        "metrics": met,
        "rows": cases,
        "data_sha256": hashlib.sha256(raw_data.read_bytes()).hexdigest(),
        "versions": {"sklearn": sklearn.__version__, "pandas": pd.__version__},
    }
    logger.info("newest days: NDCG@10 %.3f", met["ndcg_at_10"])
    joblib.dump(package_, output / "ranker.joblib")
    return met | cases


def ndcg_of_lists(lists: pd.DataFrame, y: pd.Series, proba: np.ndarray) -> float:
    """Mean NDCG@10 over lists with a purchase; without one, any order is as good."""
    out_table = lists[LIST_ID].assign(y=y, score=proba)
    out_table["place"] = out_table.groupby(LIST_ID).cumcount()
    byPlace = out_table.pivot(index=LIST_ID, columns="place", values=["y", "score"])
    purchased_ = byPlace["y"].fillna(0).to_numpy()
    mandatory = byPlace["score"].fillna(-1).to_numpy()
    bought = purchased_.sum(axis=1) > 0  # short lists are filled up with -1, below every score
    # print('here 2')
    return ndcg_score(purchased_[bought], mandatory[bought], k=FIRST_PAGE)

class SourceFault(Exception):
    """An input that cannot be used; says which and why."""

def get_ranker(config, random_seed):
    """Gets preparation and trees as they are before any row."""
    number_cols3 = make_pipeline(SimpleImputer(strategy="mean"),StandardScaler())
    filler_ = SimpleImputer(strategy="constant", fill_value="unknown")
    tfidf = make_pipeline(
        filler_, OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    )
    my_cols = make_column_transformer(
        (number_cols3, [*NUM_COLUMNS, *WRITTEN_COLS, *PAST_VARIABLES]), (tfidf, CAT_VARIABLES)
    )
    trees = GradientBoostingClassifier(
        n_estimators=config.trees, max_depth=config.depth, subsample=config.row_share
    )
    return Recommender([("columns", my_cols), ("trees", trees)])


def day_folds(day, folds):
    """Rows to learn from and later ones to test on, fold by fold; no day is on both sides."""
    days1 = np.sort(day.unique())
    blocks = KFold(n_splits=folds).split(days1)
    # JK: still needed?
    return [tuple(np.flatnonzero(day.isin(days1[half])) for half in part) for part in blocks]

def split_rows_by_day(showings, newest):
    """Hold out the newest share of the days, whole days on either side."""
    days = np.sort(showings["day"].unique())
    start_day = days[round(len(days) * (1 - newest))]
    return showings.loc[showings["day"]<start_day], showings[showings["day"]>=start_day]


def n_days_away(showings: pd.DataFrame) -> pd.Series:
    """How long the customer was away, in days; the offers stand in the order of days."""
    my_list_days = showings[LIST_ID].drop_duplicates()
    user = my_list_days.groupby("user_id")
    my_list_days["away"] = (
        my_list_days["day"] - my_list_days[::-1].groupby("user_id")["day"].shift(-1)
    ).dt.days
    return showings.join(my_list_days.set_index(LIST_ID), on=LIST_ID)["away"]


def main(cli_args=None):
    """Train or predict; 0 if that went well, 2 if an input could not be used."""
    argparser_=argparse.ArgumentParser(description=__doc__)
    argparser_.add_argument("command", choices=["train", "predict"])
    argparser_.add_argument(
        "--out",
        default=os.environ.get("MODEL_DIR", os.path.expanduser("~/models/recommend")),
        help="folder for the ranker and the ranked lists",
    )
    argparser_.add_argument(
        "--data",help="offers, with their outcome if known (CSV)",required=True
    )
    argparser_.add_argument(
        "--seed", default=7, type=eval, help="of all that train draws at random"
    )
    arguments = argparser_.parse_args(cli_args)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)
    raw_data, output=Path(os.environ.get("DATA_ROOT", "."), arguments.data), Path(arguments.out)
    try:
        # print(df.head(3).T)
        output.mkdir(parents=True, exist_ok=True)
        # returns the two tables
        if arguments.command == "train":
            result_old = train(raw_data, output, arguments.seed)
        else:
            result_old = infer(raw_data, output)
    except (SourceFault, OSError) as err1:
        logger.error(f"{arguments.command} {raw_data}: {err1}")
        return 2
    print(json.dumps(result_old))
    return 0


if __name__ == "__main__":
    sys.exit(main())
