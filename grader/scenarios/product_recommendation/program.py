"""Orders the products offered to a shop customer by the chance that they are bought today."""

import argparse
import hashlib
import json
import logging
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from pickle import UnpicklingError

import joblib
import numpy as np
import pandas as pd
import sklearn
from sklearn.compose import make_column_transformer
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.metrics import average_precision_score, ndcg_score, roc_auc_score
from sklearn.model_selection import TimeSeriesSplit, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

log = logging.getLogger("recommend")

TARGET = "bought"
LIST_KEY = ["user_id", "day"]  # a customer is shown one list a day
CAT_COLS = ["category", "segment", "device"]
NUM_COLS = ["price_eur", "usual_price_eur", "rating", "stock"]
MADE_COLS = ["log_price", "price_ratio", "days_away", "item_week"]
PAST_COLS = ["user_sold", "item_sold", "taste_sold"]
READ = LIST_KEY + NUM_COLS + MADE_COLS + PAST_COLS + CAT_COLS
AFTER_SHOWING = ["seconds_viewed", "basket_eur"]  # written once the list was on the screen
BOUNDS = {"price_eur": (0.01, 20_000), "usual_price_eur": (0.01, 20_000)}
BOUNDS |= {"rating": (1, 5), "stock": (0, 1_000_000)}
DAY_FORMAT = "%Y-%m-%d"
TOP = 10  # a phone shows ten products before the customer has to turn the page


@dataclass(frozen=True)
class Settings:
    """What a training run goes by; trees as found best by NDCG on the season before."""

    trees: int = 40
    depth: int = 3
    row_share: float = 0.7
    newest: float = 0.25  # of the days, two weeks of eight, to measure on
    folds: int = 4
    min_sold: int = 40  # purchases, or there is nothing to learn from


class InputError(Exception):
    """An input that cannot be used; says which and why."""


def load_offers(path: Path, training: bool) -> pd.DataFrame:
    """Read and check a table of offers; rows sent twice are kept once."""
    try:
        texts = ["offer_id", "item_id", *LIST_KEY, *CAT_COLS]
        offers = pd.read_csv(path, dtype=dict.fromkeys(texts, str))
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist") from error
    except (OSError, UnicodeDecodeError, pd.errors.EmptyDataError, pd.errors.ParserError) as error:
        raise InputError(f"{path} is no CSV table: {error}") from error
    check_offers(offers, training)
    repeats = offers.duplicated().sum()
    offers = offers.drop_duplicates()
    log.info("%d offers read, %d of them repeated", len(offers) + repeats, repeats)
    return offers


def check_offers(offers: pd.DataFrame, training: bool) -> None:
    """Raise InputError with every fault of the table."""
    keys = ["offer_id", "item_id", *LIST_KEY]
    lacking = {*keys, *CAT_COLS, *NUM_COLS, TARGET} - set(offers.columns)
    if lacking or offers.empty:
        raise InputError(f"columns lacking: {sorted(lacking)}" if lacking else "no rows")
    faults = [f"{key} lacks values" for key in keys if offers[key].isna().any()]
    if pd.to_datetime(offers["day"], format=DAY_FORMAT, errors="coerce").isna().any():
        faults.append(f"day is not like {DAY_FORMAT}")
    if offers.drop_duplicates()["offer_id"].duplicated().any():
        faults.append("an offer_id has rows that differ")
    for name, (low, high) in BOUNDS.items():
        numeric = pd.api.types.is_numeric_dtype(offers[name])
        if not numeric or not offers[name].dropna().between(low, high).all():
            faults.append(f"{name} is not all numbers from {low} to {high}")
    if training and not offers[TARGET].isin([0, 1]).all():
        faults.append(f"{TARGET} is not 0 or 1 throughout")
    elif training and min((offers[TARGET] == k).sum() for k in (0, 1)) < Settings.min_sold:
        faults.append(f"{TARGET} has under {Settings.min_sold} rows of a class")
    elif not offers[TARGET].dropna().isin([0, 1]).all():
        faults.append(f"{TARGET} is neither 0 nor 1 nor empty")
    if faults:
        raise InputError("; ".join(faults))


def sold_before(offers: pd.DataFrame, keys: list[str]) -> pd.Series:
    """Share bought of the offers with these keys on earlier days; NaN where there were none."""
    days = offers.groupby([*keys, "day"])[TARGET].agg(["sum", "count"])
    past = days.groupby(level=keys).cumsum() - days
    share = (past["sum"] / past["count"].replace(0, np.nan)).rename("share")
    return offers.join(share, on=[*keys, "day"])["share"]


def days_away(offers: pd.DataFrame) -> pd.Series:
    """Days since the customer's list before, for offers in the order of days."""
    visits = offers[LIST_KEY].drop_duplicates()
    user = visits.groupby("user_id")
    visits["away"] = (visits["day"] - user["day"].shift(1)).dt.days
    return offers.join(visits.set_index(LIST_KEY), on=LIST_KEY)["away"]


def add_features(offers: pd.DataFrame) -> pd.DataFrame:
    """Oldest day first, with what is known in the morning: of each day only earlier days count."""
    offers = offers.drop(columns=AFTER_SHOWING, errors="ignore")
    offers["day"] = pd.to_datetime(offers["day"], format=DAY_FORMAT)
    offers = offers.sort_values(["day", "offer_id"])
    for name in CAT_COLS:
        offers[name] = offers[name].str.strip().str.lower().replace("", np.nan)
    offers["log_price"] = np.log1p(offers["price_eur"])
    offers["price_ratio"] = offers["price_eur"] / offers["usual_price_eur"]
    offers["user_sold"] = sold_before(offers, ["user_id"])
    offers["item_sold"] = sold_before(offers, ["item_id"])
    offers["taste_sold"] = sold_before(offers, ["user_id", "category"])
    daily = offers.pivot_table(TARGET, "day", "item_id", dropna=False)
    week = daily.shift(1).rolling(7, min_periods=1).mean().stack().rename("item_week")
    offers["item_week"] = offers.join(week, on=["day", "item_id"])["item_week"]
    offers["days_away"] = days_away(offers)
    return offers


def split_by_day(offers: pd.DataFrame, newest: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Part the offers before a day from those of that day and later, a share of the days."""
    days = np.sort(offers["day"].unique())
    first = days[round(len(days) * (1 - newest))]
    return offers[offers["day"] < first], offers[offers["day"] >= first]


def day_folds(day: pd.Series, folds: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Rows to learn from and later ones to test on, fold by fold; no day is on both sides."""
    days = np.sort(day.unique())
    parts = TimeSeriesSplit(n_splits=folds).split(days)
    return [tuple(np.flatnonzero(day.isin(days[side])) for side in part) for part in parts]


def list_ndcg(lists: pd.DataFrame, y: pd.Series, scores: np.ndarray) -> float:
    """Mean NDCG@10 over lists with a purchase; without one, any order is as good."""
    table = lists[LIST_KEY].assign(y=y, score=scores)
    table["place"] = table.groupby(LIST_KEY).cumcount()
    wide = table.pivot(index=LIST_KEY, columns="place", values=["y", "score"])
    sold, wanted = wide["y"].fillna(0).to_numpy(), wide["score"].fillna(-1).to_numpy()
    bought = sold.sum(axis=1) > 0  # short lists are filled up with -1, below every score
    return ndcg_score(sold[bought], wanted[bought], k=TOP)


class Ranker(Pipeline):
    """Preparation and boosted trees that tell how well they order lists; stored as bare steps."""

    def ndcg(self, X: pd.DataFrame, y: pd.Series) -> float:
        """Mean NDCG@10 of its own order of some lists; a scorer for cross-validation."""
        return list_ndcg(X, y, self.predict_proba(X)[:, 1])


def build_ranker(settings: Settings, seed: int) -> Ranker:
    """Unfitted: nothing in it has seen a row."""
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    unknown = SimpleImputer(strategy="constant", fill_value="unknown")
    words = make_pipeline(unknown, OneHotEncoder(handle_unknown="ignore", sparse_output=False))
    columns = make_column_transformer(
        (numbers, NUM_COLS + MADE_COLS + PAST_COLS), (words, CAT_COLS)
    )
    trees = GradientBoostingClassifier(
        n_estimators=settings.trees,
        max_depth=settings.depth,
        subsample=settings.row_share,
        random_state=seed,
    )
    return Ranker([("columns", columns), ("trees", trees)])


def train(data: Path, out: Path, seed: int) -> dict[str, object]:
    """Learn from the older days, measure on the newest, store the ranker and what it is worth."""
    settings = Settings()
    offers = load_offers(data, training=True)
    offers = add_features(offers)
    older, newer = split_by_day(offers, settings.newest)
    X_older, y_older = older[READ], older[TARGET]
    X_newer, y_newer = newer[READ], newer[TARGET]
    log.info("%d offers of older days, %d of the newest", len(older), len(newer))
    ranker = build_ranker(settings, seed)
    folds = day_folds(older["day"], settings.folds)
    cv_ndcg = cross_val_score(ranker, X_older, y_older, cv=folds, scoring=Ranker.ndcg)
    log.info("NDCG@10 in time-ordered folds %.3f, sd %.3f", cv_ndcg.mean(), cv_ndcg.std(ddof=1))
    ranker.fit(X_older, y_older)
    scores = ranker.predict_proba(X_newer)[:, 1]
    sold = older.groupby("item_id")[TARGET].mean()
    popular = newer["item_id"].map(sold).fillna(y_older.mean())
    metrics = {
        "ndcg_at_10": ranker.ndcg(X_newer, y_newer),
        "roc_auc": roc_auc_score(y_newer, scores),
        "average_precision": average_precision_score(y_newer, scores),
        "baseline_ndcg_at_10": list_ndcg(X_newer, y_newer, popular),
        "cv_ndcg_mean": cv_ndcg.mean(),
        "cv_ndcg_sd": cv_ndcg.std(ddof=1),
    }
    metrics = {name: round(float(value), 4) for name, value in metrics.items()}
    log.info("newest days: NDCG@10 %.3f", metrics["ndcg_at_10"])
    rows = {"rows": len(offers), "rows_older": len(older), "rows_newest": len(newer)}
    bundle = {
        "steps": ranker.steps,
        "read": READ,
        "settings": asdict(settings),
        "seed": seed,
        "metrics": metrics,
        "rows": rows,
        "data_sha256": hashlib.sha256(data.read_bytes()).hexdigest(),
        "versions": {"sklearn": sklearn.__version__, "pandas": pd.__version__},
    }
    joblib.dump(bundle, out / "ranker.joblib")
    return metrics | rows


def predict(data: Path, out: Path) -> dict[str, object]:
    """Order the offers that have no outcome yet; where all have one, order all, to look back."""
    try:
        bundle = joblib.load(out / "ranker.joblib")
        ranker = Ranker(bundle["steps"])
    except (OSError, EOFError, UnpicklingError, LookupError, TypeError, ValueError) as error:
        raise InputError(f"no ranker in {out}, train one first: {error!r}") from error
    if bundle["versions"]["sklearn"] != sklearn.__version__:
        log.warning("the ranker was made with %s", bundle["versions"])
    offers = load_offers(data, training=False)
    offers = add_features(offers).sort_index()
    due = offers[offers[TARGET].isna()] if offers[TARGET].isna().any() else offers
    scores = ranker.predict_proba(due[bundle["read"]])[:, 1]
    ranked = due[["offer_id", *LIST_KEY, "item_id"]].assign(score=scores)
    within = ranked.groupby(LIST_KEY)["score"]
    ranked["rank"] = within.rank(ascending=False, method="first").astype(int)
    ranked.to_csv(out / "predictions.csv", index=False, date_format=DAY_FORMAT, float_format="%.6f")
    log.info("%d offers in %d lists", len(ranked), within.ngroups)
    return {"rows": len(ranked), "path": str(out / "predictions.csv")}


def main(argv: list[str] | None = None) -> int:
    """Train or predict; 0 if that went well, 2 if an input could not be used."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=["train", "predict"])
    parser.add_argument("--data", required=True, help="offers, with their outcome if known (CSV)")
    parser.add_argument("--out", required=True, help="folder of the ranker and the ranked lists")
    parser.add_argument("--seed", type=int, default=7, help="of all that train draws at random")
    args = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)
    data, out = Path(args.data), Path(args.out)
    try:
        out.mkdir(parents=True, exist_ok=True)
        report = train(data, out, args.seed) if args.command == "train" else predict(data, out)
    except (InputError, OSError) as error:
        log.error("%s %s: %s", args.command, data, error)
        return 2
    print(json.dumps(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
