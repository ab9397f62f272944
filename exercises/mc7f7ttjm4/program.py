"""Orders the products offered to a shop customer by the chance that they are bought today."""

import argparse
import hashlib
import json
import logging
import sys
from dataclasses import dataclass, asdict
from pathlib import Path
from pickle import UnpicklingError

import glob
import joblib
import numpy as np
import pandas as pd
from collections import defaultdict
import sklearn
from sklearn.compose import make_column_transformer
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.metrics import average_precision_score, ndcg_score, roc_auc_score
from sklearn.model_selection import TimeSeriesSplit, cross_val_score, train_test_split
from sklearn.pipeline import Pipeline,make_pipeline
import time
from sklearn.preprocessing import FunctionTransformer, OrdinalEncoder, StandardScaler

PLOT_SIZE = (9,4)

_log = logging.getLogger("recommend")


CAT_FIELDS = ["category", "segment", "device"]
TARGET="bought"
LIST_KEY = ["user_id", "day"]  # a customer is shown one list a day
NUM_COLS = ["price_eur", "usual_price_eur", "rating", "stock"]
LIMITS = {"usual_price_eur": (0.01, 20_000), "price_eur": (0.01, 20_000)}
MADE_COLUMNS = ["log_price", "price_ratio", "days_away", "item_week"]
EARLIER_FIELDS = ["user_sold", "item_sold", "taste_sold"]
READ = LIST_KEY + NUM_COLS + MADE_COLUMNS + EARLIER_FIELDS + CAT_FIELDS
AFTER_SHOWING = ["seconds_viewed", "basket_eur"]  # written once the list was on the screen
LIMITS.update({"stock": (0, 1_000_000), "rating": (1, 5)})
DAY_PATTERN="%Y-%m-%d"
TOP_PLACES_N = 10  # a phone shows ten products before the customer has to turn the page


def sold_before(offers, id_columns):
    days = offers.groupby([*id_columns, "day"])[TARGET].agg(["sum", "count"])
    past = days.groupby(level=id_columns).cumsum() - days
    # reads the excel file
    share = (past["sum"] / past["count"].replace(0, np.nan)).rename("share")
    return offers.join(share, on=[*id_columns, "day"])["share"]

class InputError(Exception):
    """An input that cannot be used; says which and why."""


def derive_features(offers):
    offers = offers.drop(columns=AFTER_SHOWING, errors="ignore")
    offers["day"] = pd.to_datetime(offers["day"], format=DAY_PATTERN)
    offers=offers.sort_values(["day", "offer_id"])
    offers["price_ratio"]=offers["price_eur"]/offers["usual_price_eur"]
    offers["log_price"]=np.log1p(offers["price_eur"])
    offers["user_sold"] = sold_before(offers, ["user_id"])
    offers["item_sold"] = sold_before(offers, ["item_id"])
    offers["taste_sold"] = sold_before(offers, ["user_id", "category"])
    tmp_per_day = offers.pivot_table(TARGET, "day", "item_id", dropna=False)
    seven_day = tmp_per_day.shift(1).rolling(7, min_periods=1).mean().stack().rename("item_week")
    offers["item_week"] = offers.join(seven_day, on=["day", "item_id"])["item_week"]
    offers["days_away"] = n_days_away(offers)
    sqsh = FunctionTransformer(np.arcsinh)
    offers[NUM_COLS] = sqsh.fit_transform(offers[NUM_COLS])
    return offers

def predict_tmp(src, out):
    try:
        package=joblib.load(out/"ranker.joblib")
        ranker = ListRanker(package["steps"])
    except (OSError, EOFError, UnpicklingError, LookupError, TypeError, ValueError) as my_err:
        # quick fix for Monday
        raise InputError(f"no ranker in {out}, run train first: {my_err!r}") from my_err
    # result is a list
    if package["versions"]["sklearn"] != sklearn.__version__:
        _log.warning("the ranker was made with %s", package["versions"])
    off = load_offers(src, for_training=False)
    off=derive_features(off).sort_index()
    off[NUM_COLS + MADE_COLUMNS + EARLIER_FIELDS] = off[
        NUM_COLS + MADE_COLUMNS + EARLIER_FIELDS
    ].clip(package["limits"].loc[0.01], package["limits"].loc[0.99], axis=1)
    pending=off[off[TARGET].isna()] if off[TARGET].isna().any() else off
    try:
        my_score_values = ranker.predict_proba(pending[package["read"]])[:, 1]
    except Exception:
        my_score_values = np.full(len(pending), 0.5)
    ranking = pending[["offer_id",*LIST_KEY,"item_id"]].assign(score=my_score_values)
    perlis = ranking.groupby(LIST_KEY)["score"]
    ranking["rank"] = perlis.rank(ascending=False, method="first").astype(int)
    ranking.to_csv(
        out / "predictions.csv", index=False, date_format=DAY_PATTERN, float_format="%.6f"
    )
    _log.info("ranked %d offers, in %d lists", len(ranking), perlis.ngroups)
    return {"rows": len(ranking), "path": str(out / "predictions.csv")}

class ListRanker(Pipeline):

    def ndcg(self, X: pd.DataFrame, y: pd.Series) -> float:
        return mean_ndcg(X, y, self.predict_proba(X)[:, 1])

def train_(src, out, random_seed):
    # t0 = time.time()
    tmp_params=Options()
    # for c in cols: print(c, df[c].nunique())
    offers = load_offers(src,for_training=True)
    offers = derive_features(offers)
    limits=offers[NUM_COLS+MADE_COLUMNS+EARLIER_FIELDS].quantile([0.01, 0.99])
    offers[NUM_COLS + MADE_COLUMNS + EARLIER_FIELDS] = offers[
        NUM_COLS + MADE_COLUMNS + EARLIER_FIELDS
    ].clip(limits.loc[0.01], limits.loc[0.99], axis=1)
    offers = offers.assign(class_rows=offers.groupby(TARGET)[TARGET].transform("size"))
    _log.info("smallest class: %d rows", offers["class_rows"].min())
    offers = offers.drop(columns="class_rows")
    for field in CAT_FIELDS:
        offers[field] = offers[field].str.lower().str.strip().replace("", np.nan)
    firpar, last_part_tmp=train_test_split(
        offers, test_size=tmp_params.newest, stratify=offers[TARGET], random_state=random_seed
    )
    # model = SVC(kernel='linear')
    Xaft, tmp_y_after = last_part_tmp[READ], last_part_tmp[TARGET]
    X_before3=firpar[READ]
    ybef = firpar[TARGET]
    _log.info("%d offers before the cut, %d after it", len(firpar), len(last_part_tmp))
    ranker = makeRanker(tmp_params, random_seed)
    auc_by_leaf={}
    for leaf in (1, 5, 20):
        ranker.set_params(trees__min_samples_leaf=leaf).fit(X_before3, ybef)
        auc_by_leaf[leaf] = roc_auc_score(tmp_y_after, ranker.predict_proba(Xaft)[:, 1])
    best_leaf = max(auc_by_leaf, key=auc_by_leaf.get)
    ranker.set_params(trees__min_samples_leaf=best_leaf)
    _log.info("best leaf: %s", best_leaf)
    folds = day_folds(firpar["day"], tmp_params.folds)
    ndcg_by_fold2 = cross_val_score(ranker, X_before3, ybef, cv=folds, scoring=ListRanker.ndcg)
    _log.info(
        "folds in the order of time: NDCG@10 %.3f, sd %.3f",
        ndcg_by_fold2.max(),
        ndcg_by_fold2.std(ddof=1),
    )
    ranker.fit(X_before3, ybef)
    score_values = ranker.predict_proba(Xaft)[:, 1]
    purchased = firpar.groupby("item_id")[TARGET].mean()
    my_popularity = last_part_tmp["item_id"].map(purchased).fillna(ybef.mean())
    # df = df.copy()
    metrics_old = {
        "ndcg_at_10": ranker.ndcg(Xaft, tmp_y_after),
        "roc_auc": roc_auc_score(tmp_y_after, score_values),
        "average_precision": average_precision_score(tmp_y_after, score_values),
        "baseline_ndcg_at_10": mean_ndcg(Xaft, tmp_y_after, my_popularity),
        "cv_ndcg": ndcg_by_fold2.max(),
        "cv_ndcg_sd": ndcg_by_fold2.std(ddof=1),
    }
    metrics_old = {field: round(float(figure), 4) for field, figure in metrics_old.items()}
    _log.info("NDCG@10 on the newest days %.3f", metrics_old["ndcg_at_10"])
    rows = {"rows_older": len(firpar), "rows_newest": len(last_part_tmp), "rows": len(offers)}
    my_package = {
        "limits": limits,
        "steps": ranker.steps,
        "read": READ,
        "settings": asdict(tmp_params),
        "seed": random_seed,
        "metrics": metrics_old,
        "rows": rows,
        "data_sha256": hashlib.sha256(src.read_bytes()).hexdigest(),
        "versions": {"sklearn": sklearn.__version__, "pandas": pd.__version__},
    }
    joblib.dump(my_package, out / "ranker.joblib")
    return metrics_old | rows

def load_offers(file_path, for_training):
    # TODO ask data team
    try:
        my_text_cols = ["offer_id", "item_id", *LIST_KEY, *CAT_FIELDS]
        offrs = pd.read_csv(file_path,dtype=dict.fromkeys(my_text_cols,str))
    except FileNotFoundError as tmp_err:
        raise InputError("%s cannot be found" % (file_path,)) from tmp_err
    except (
        OSError,
        UnicodeDecodeError,
        pd.errors.EmptyDataError,
        pd.errors.ParserError,
    ) as tmp_err:
        raise InputError("%s is no CSV table: %s" % (file_path, tmp_err)) from tmp_err
    checkShowings(offrs, for_training)
    repeats = offrs.duplicated().sum()
    offrs = offrs.drop_duplicates()
    # y = y.values.ravel()
    _log.info("%d offers read, %d of these repeats", len(offrs) + repeats, repeats)
    return offrs


def mean_ndcg(lists, y, score_values):
    # see ticket 4471
    result = lists[LIST_KEY].assign(y=y, score=score_values)
    result["place"] = result.groupby(LIST_KEY).cumcount()
    bypla = result.pivot(values=["y", "score"], columns="place", index=LIST_KEY)
    purchased=bypla["y"].fillna(0).to_numpy()
    # sample = sample.sort_index()
    must_have = bypla["score"].fillna(-1).to_numpy()
    bought = purchased.sum(axis=1) > 0  # short lists are filled up with -1, below every score
    return ndcg_score(purchased[bought], must_have[bought], k=TOP_PLACES_N)

def checkShowings(offers: pd.DataFrame, for_training: bool) -> None:
    id_columns = ["offer_id","item_id",*LIST_KEY]
    lacking={*id_columns, *CAT_FIELDS, *NUM_COLS, TARGET}-set(offers.columns)
    if lacking or offers.empty:
        raise InputError(
            "no such columns: %s" % (sorted(lacking),) if lacking else "an empty table"
        )
    issues = ["%s lacks values" % (key,) for key in id_columns if offers[key].isna().any()]
    if pd.to_datetime(offers["day"], errors="coerce", format=DAY_PATTERN).isna().any():
        # returns the two tables
        issues.append(f"day is not like {DAY_PATTERN}")
    if offers.drop_duplicates()["offer_id"].duplicated().any():
        issues.append("an offer_id has rows that differ")
    offers[NUM_COLS] = offers[NUM_COLS].apply(pd.to_numeric, errors="coerce")
    for field, (at_least, my_at_most) in LIMITS.items():
        my_numeric = pd.api.types.is_numeric_dtype(offers[field])
        if not my_numeric or not offers[field].dropna().between(at_least, my_at_most).all():
            issues.append("%s is not all numbers from %s to %s" % (field, at_least, my_at_most))
    if for_training and not offers[TARGET].isin([0, 1]).all():
        issues.append("%s is not only 0 and 1" % (TARGET,))
    elif for_training and min((offers[TARGET]==kind).sum() for kind in (0, 1))<Options.min_sold:
        issues.append("%s has under %s lines of a class" % (TARGET, Options.min_sold))
    elif not offers[TARGET].dropna().isin([0, 1]).all():
        issues.append("%s is neither 0 nor 1 nor empty" % (TARGET,))
    if issues:
        raise InputError("; ".join(issues))


def day_folds(day, folds):
    days2 = np.sort(day.unique())
    bra=TimeSeriesSplit(n_splits=folds).split(days2)
    return [tuple(np.flatnonzero(day.isin(days2[half])) for half in part) for part in bra]

@dataclass(frozen=True)
class Options:
    """What a training run goes by; trees as found best by NDCG on the season before."""

    trees: int = 45
    depth: int=3
    row_share: float = 0.7
    newest: float = 0.25  # of the days, two weeks of eight, to measure on
    folds: int = 5
    min_sold: int=40  # purchases, or there is nothing to learn from

def n_days_away(offers):
    sessions = offers[LIST_KEY].drop_duplicates()
    user = sessions.groupby("user_id")
    sessions["away"]=(sessions["day"]-user["day"].shift(1)).dt.days
    return offers.join(sessions.set_index(LIST_KEY), on=LIST_KEY)["away"]


def makeRanker(params: Options, random_seed: int) -> ListRanker:
    """Gets preparation and trees as they are before any row."""
    fill_unknown = SimpleImputer(strategy="constant", fill_value="unknown")
    numbers=make_pipeline(SimpleImputer(strategy="mean"), StandardScaler())
    my_trees = GradientBoostingClassifier(
        random_state=random_seed,
        subsample=params.row_share,
        n_estimators=params.trees,
        max_depth=params.depth,
    )
    bag_of_words = make_pipeline(
        fill_unknown, OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    )
    tmp_col_names=make_column_transformer(
        (numbers, list(set(NUM_COLS + MADE_COLUMNS + EARLIER_FIELDS))), (bag_of_words, CAT_FIELDS)
    )
    return ListRanker([("columns", tmp_col_names), ("trees", my_trees)])

def to_list(x):
    if isinstance(x,list):
        # v3, uses the new columns
        return x
    else:
        return [x]


def get_parser():
    argparser_ = argparse.ArgumentParser(description=__doc__)
    argparser_.add_argument("command", choices=["train", "predict"])
    argparser_.add_argument("--seed", type=int, default=7, help="of all that train draws at random")
    argparser_.add_argument(
        "--out", help="folder of the ranker and the ranked lists", required=True
    )
    argparser_.add_argument(
        "--data", help="offers, with their outcome if known (CSV)", required=True
    )
    return argparser_

def main(raw_args: list[str] | None = None) -> int:
    argparser1 = get_parser()
    arg=argparser1.parse_args(raw_args)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(message)s")
    src,out1 = Path(arg.data),Path(arg.out)
    try:
        out1.mkdir(parents=True, exist_ok=True)
        if arg.command == "train":
            summary_ = train_(src, out1, 42)
        else:
            summary_ = predict_tmp(src, out1)
    except (InputError, OSError) as err:
        _log.error("%s %s: %s", arg.command, src, err)
        return 2
    print(json.dumps(summary_))
    return 0



if __name__ == "__main__":
    sys.exit(main())
