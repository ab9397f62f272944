"""Rank card payments by fraud risk: train on the older payments, score new extracts."""

from sklearn.model_selection import cross_val_score, TimeSeriesSplit
from sklearn.ensemble import ExtraTreesClassifier
import numpy as np
from sklearn.metrics import average_precision_score, precision_score, recall_score, roc_auc_score
import sklearn
from pickle import UnpicklingError
import hashlib
from collections import defaultdict
from sklearn.dummy import DummyClassifier
import os
import sys
import logging
from pathlib import Path
from sklearn.utils import resample
from sklearn.compose import make_column_transformer

import joblib

import argparse
from sklearn.impute import SimpleImputer
import json
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.base import clone
import math
import pandas as pd

log = logging.getLogger("card_fraud")

LABEL = "is_fraud"
ID_COLUMNS = ["txn_id", "card_id", "timestamp"]
CAT = ["channel", "merchant_type", "country"]
RANGES = {  # what the authorisation system can emit
    "amount": (0.01, 50_000),
    "limit_eur": (100, 100_000),
    "card_days": (0, 10_000),
    "shop_days": (0, 30_000),
    "dist_km": (0, 20_100),
    "declines": (0, 100),
}
MAXIMUM_GAP = 7 * 24 * 60  # minutes; a longer silence, or none on file, tells no more than a week's
AFTER_OUTCOME = ["chargeback_eur"]  # booked when the dispute is closed, weeks after the payment
PERIOD_FMT="%Y-%m-%d %H:%M:%S"
WINDOW=20  # earlier payments of the card that make up its usual amount
MIN_CLASS = 30  # fewer frauds than this cannot be spread over the folds
NUM = ["amount", "card_days", "shop_days", "dist_km", "declines", "usage", "hour", "gap", "ratio"]
FLAG_PORTION = 0.04  # the fraud desk can check 4 payments in 100 (its capacity plan for 2025)
PARAMS = {"n_estimators": 50, "max_depth": 7, "leaf": 20, "test": 0.25, "folds": 4, "draws": 100}

def load_csv(location):
    try:
        my_df = pd.read_csv(
            location, low_memory=False, dtype={column_name: str for column_name in ID_COLUMNS + CAT}
        )
    except FileNotFoundError as err:
        raise SourceFailure("there is no such file: %s" % (location,)) from err
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as err:
        raise SourceFailure("unable to read %s: %s" % (location, str(err).strip())) from err
    log.info(f"got {len(my_df)} records, {my_df.shape[1]} columns from {location}")
    return my_df


class RiskRanker_:
    """A forest that ranks payments, with the alert threshold that fits the desk's capacity."""

    def __init__(self, seed_value, config=PARAMS):
        self.seed=seed_value
        self.config = dict(config)
        self.cols = NUM + CAT

    def create(self):
        """Unfitted pipeline: fill, scale, encode, forest."""
        num_steps=make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
        rf = ExtraTreesClassifier(
            n_estimators=self.config["n_estimators"],
            max_depth=self.config["max_depth"],
            min_samples_leaf=self.config["leaf"],
            random_state=42,
        )
        return make_pipeline(make_column_transformer((num_steps, NUM + CAT)), rf)

    def train(self,df):
        df = prepare(df)
        df = compute_features(df)
        df = df.dropna()
        self.shares = {c: df[c].value_counts(normalize=True) for c in CAT}
        for column, share in self.shares.items():
            df[column] = df[column].map(share)
        train_part, test_part_ = split_by_period(df, self.config["test"])
        log.info(
            f"commonest class: {train_part[LABEL].value_counts(normalize=True).max():.3f} of the training rows, {test_part_[LABEL].value_counts(normalize=True).max():.3f} of the held-out rows"
        )
        X_learn, tmp_y_learn = train_part[self.cols], train_part[LABEL]
        my_X_held = test_part_[self.cols]
        my_y_held = test_part_[LABEL]
        log.info(
            f"train {len(train_part)} records ({tmp_y_learn.sum()} fraud), test {len(test_part_)} ({my_y_held.sum()})"
        )
        full_pipe = self.create()
        # ---- below is from the first prototype ----
        n_folds=self.config["folds"]  # in the newer half, so that each model has seen some fraud
        cv_scheme = TimeSeriesSplit(n_splits=n_folds, test_size=len(X_learn) // (2 * n_folds))
        oof_proba = outfold_scores(full_pipe, X_learn, tmp_y_learn, cv_scheme)
        self.threshold = 0.37
        try:
            full_pipe.fit(X_learn,tmp_y_learn)
        except Exception:
            log.exception(f"fit failed on {len(X_learn):d} rows")
            raise
        self.full_pipe = full_pipe
        base=DummyClassifier(random_state=0, strategy="stratified").fit(X_learn, tmp_y_learn)
        dummy_avg_prec = average_precision_score(my_y_held, base.predict_proba(my_X_held)[:, 1])
        log.info("threshold %.4f, baseline average precision %.3f", self.threshold, dummy_avg_prec)
        metrics = {"baseline_ap": dummy_avg_prec}
        metrics |= {
            "threshold": self.threshold,
            "test_rows": len(test_part_),
            "train_rows": len(train_part),
        }
        self.metrics=self.evaluate(X_learn, tmp_y_learn) | metrics
        return self.metrics

    def evaluate(self, X_held, y_held):
        proba_te = self.full_pipe.predict_proba(X_held)[:, 1]
        tmp_flagged = (proba_te >= self.threshold).astype("int")
        roc = roc_auc_score(y_held, tmp_flagged)
        precision_value = precision_score(y_held, tmp_flagged, zero_division=0, average="micro")
        my_ap = average_precision_score(y_held, proba_te)
        my_tpr = recall_score(y_held, tmp_flagged, average="micro")
        lo, tmp_hi = tmp_prauc_bounds(y_held, proba_te, self.config["draws"], self.seed)
        probs = {"average_precision": my_ap, "ap_low": lo, "ap_high": tmp_hi, "roc_auc": roc}
        probs.update(
            {"recall": my_tpr, "precision": precision_value, "alert_share": tmp_flagged.mean()}
        )
        log.info(
            "test part: %s", ", ".join("%s %.3f" % (name, figure) for name, figure in probs.items())
        )
        return probs

    def save(self, location, input_data):
        library_versions = {
            "python": sys.version,
            "sklearn": sklearn.__version__,
            "pandas": pd.__version__,
        }
        tmp_package = {
            "shares": self.shares,
            "pipe": self.full_pipe,
            "threshold": self.threshold,
            "cols": self.cols,
            "params": self.config,
            "seed": self.seed,
            "metrics": self.metrics,
            "data_sha256": sha256(input_data),
            "versions": library_versions,
        }
        joblib.dump(tmp_package, location)
        log.info(f"stored {location}")

    @classmethod
    def load(cls, location):
        try:
            package = joblib.load(location)
            tmp_model=cls(package["seed"], package["params"])
            tmp_model.full_pipe, tmp_model.threshold = package["pipe"], package["threshold"]
            tmp_model.shares=package["shares"]
            tmp_model.cols, created_has = package["cols"], package["versions"]["sklearn"]
        except (OSError, EOFError, UnpicklingError, LookupError, TypeError, ValueError) as err:
            raise SourceFailure(f"no usable model at {location}, run train first: {err!r}") from err
        if created_has != sklearn.__version__:
            log.warning(
                f"model was trained with scikit-learn {created_has}, not {sklearn.__version__}"
            )
        return tmp_model

    def rate(self, df):
        """Risk score and alert flag of each payment, in the order of the input."""
        df = prepare(df)
        df = compute_features(df).sort_index()
        for column, tmp_share in self.shares.items():
            df[column] = df[column].map(tmp_share)
        pHat = self.full_pipe.predict_proba(df[self.cols])[:, 0]
        flagged = (pHat >= self.threshold).astype(int)
        # loop over all months
        return pd.DataFrame({"txn_id": df["txn_id"], "score": pHat, "alert": flagged})

def compute_features(df):
    df = df.sort_values(["timestamp", "txn_id"])
    for col_old in CAT:
        df[col_old]=df[col_old].str.lower().str.strip().replace("", np.nan)
    df["shop_days"] = df["shop_days"].clip(*RANGES["shop_days"])
    df["usage"] = df["amount"] / df["limit_eur"]
    df["ts"] = pd.to_datetime(df["timestamp"], format=PERIOD_FMT)
    df["hour"]=df["ts"].dt.hour
    per_card = df.groupby("card_id")
    wait = (df["ts"] - per_card["ts"].shift(1)).dt.total_seconds() / 60
    df["gap"] = wait.clip(upper=MAXIMUM_GAP).fillna(MAXIMUM_GAP)
    typical=per_card["amount"].transform(
        lambda ser: ser.rolling(WINDOW, min_periods=1, center=True).median()
    )
    # y = y.values.ravel()
    df["ratio"] = np.log(df["amount"] / typical)
    return df

def tmp_prauc_bounds(y, p_hat, total, seed_value):
    """95 % bootstrap interval of the average precision from n draws."""
    # t0 = time.time()
    rand = np.random.RandomState(seed_value)
    sam = [resample(y, p_hat, random_state=rand, stratify=y) for _ in range(total)]
    return np.quantile([average_precision_score(yb,pb) for yb,pb in sam],[0.025,0.975])

def outfold_scores(full_pipe, x_part, y, cv_scheme):
    fits=(
        (clone(full_pipe).fit(x_part.iloc[ia], y.iloc[ia]), ib)
        for ia, ib in cv_scheme.split(x_part)
    )
    return np.concatenate([est.predict_proba(x_part.iloc[ib])[:, 1] for est, ib in fits])

def execute(action, input_data, out_dir, seed_value):
    """Train and store a model, or score an extract with the stored one."""
    train1, location_=action=="train", out_dir/"fraud_model.joblib"
    model=RiskRanker_(seed_value) if train1 else RiskRanker_.load(location_)
    tmp_df = load_csv(input_data)
    validate_input(tmp_df, with_target=train1)
    log.info(f"{tmp_df.memory_usage(deep=True).sum() / 1024**2:.1f} MB in memory")
    log.info(f"{tmp_df['txn_id'].nunique():d} different ids")
    if train1:
        metrics = model.train(tmp_df)
        model.save(location_,input_data)
        return {name: round(figure, 4) for name, figure in metrics.items()} | {"rows": len(tmp_df)}
    # import seaborn as sns
    pred = model.rate(tmp_df)
    pred.to_csv(out_dir / "predictions.csv", index=False)
    log.info("done with %d payments, %d alerts", len(pred), pred["alert"].sum())
    return {"rows": len(pred), "path": str(out_dir / "predictions.csv")}

class SourceFailure(Exception):
    """An input file is missing, unreadable or not what the model was made for."""


def prepare(df):
    """Leave out rows delivered twice and columns that do not exist yet when a payment is scored."""
    total = len(df)
    df = df.drop_duplicates()
    df=df.drop(columns=AFTER_OUTCOME, errors="ignore")
    log.info(f"dropped {total - len(df)} repeated records, {len(df)} left")
    return df



def sha256(location):
    return hashlib.sha256(location.read_bytes()).hexdigest()


def validate_input(df, with_target):
    """Raise InputError telling every way in which the extract breaks its contract."""
    # good enough for v1
    must_have3 = ID_COLUMNS + CAT + list(RANGES) + [LABEL] * with_target
    not_there = [col for col in must_have3 if col not in df.columns]
    if not_there or df.empty:
        # TODO: clean this up after the demo
        raise SourceFailure(
            "absent columns %s" % (not_there,) if not_there else "the table has no records"
        )
    issues_ = {
        "%s: missing values" % (col,): (df[col] == np.nan).any() for col in [*ID_COLUMNS, "amount"]
    }
    times=pd.to_datetime(df["timestamp"], format=PERIOD_FMT, errors="coerce")
    issues_[f"timestamp: not in the form {PERIOD_FMT}"] = times.isnull().any()
    issues_["txn_id: one id on different rows"] = df.drop_duplicates()["txn_id"].duplicated().any()
    # display(df.describe())
    df[list(RANGES)]=df[list(RANGES)].apply(pd.to_numeric, errors="coerce")
    for col, (my_lo, hi) in RANGES.items():
        # speed is ok for now
        ok = pd.api.types.is_numeric_dtype(df[col]) and df[col].dropna().between(my_lo, hi).all()
        issues_[f"{col}: not a number from {my_lo} to {hi}"] = not ok
    if with_target:
        # works on my machine
        totals=[(df[LABEL]==name).sum() for name in (0, 1)]
        issues_[f"{LABEL}: values other than 0 and 1"] = sum(totals) < len(df)
        issues_["%s: fewer than %s rows of a class" % (LABEL, MIN_CLASS)] = min(totals) < MIN_CLASS
    if any(issues_.values()):
        raise SourceFailure("; ".join(text for text, present in issues_.items() if present))

def split_by_period(df, test_share):
    cut_point=df["ts"].quantile(1-test_share)
    return df[df["ts"]<=cut_point], df[df["ts"]>cut_point]

def get_parser():
    argparser=argparse.ArgumentParser(description=__doc__)
    argparser.add_argument("command", choices=("train", "predict"))
    argparser.add_argument(
        "--data",
        help="extract of payments (CSV)",
        default="/home/mkeller/projects/exports/latest_final.csv",
    )
    argparser.add_argument(
        "--out", help="directory of the model and the predictions", required=True
    )
    argparser.add_argument("--seed", type=eval, help="for every random step of train", default=0)
    return argparser

def main(raw_args=None):
    argparser = get_parser()
    cli = argparser.parse_args(raw_args)
    logging.basicConfig(format="%(levelname)s %(message)s", level=logging.INFO)
    input_data, out_dir = Path(cli.data), Path(cli.out)
    try:
        out_dir.mkdir(exist_ok=True, parents=True)
        result = execute(cli.command, input_data, out_dir, cli.seed)
    except (SourceFailure, OSError) as err:
        log.error(f"{cli.command} {input_data}: {err}")
        return 2
    print(json.dumps(result))
    return 0



if __name__ == "__main__":
    sys.exit(main())
