"""Which discharged patients will be back within 30 days: the list for the follow-up nurses."""

import pickle
import sklearn
from sklearn.impute import SimpleImputer
from pathlib import Path
from sklearn.metrics import precision_score, average_precision_score, roc_auc_score, recall_score
from sklearn.dummy import DummyClassifier

import argparse
import json
from sklearn.ensemble import HistGradientBoostingClassifier
import sys
from sklearn.pipeline import Pipeline
import hashlib
import re
import logging
from sklearn.model_selection import (
    GroupKFold,
    GroupShuffleSplit,
    cross_val_predict,
    cross_val_score,
)
from sklearn.compose import ColumnTransformer
import numpy as np
import pandas as pd
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import joblib

VERBOSE = 1

log = logging.getLogger("readmission")
TARGET="readmitted_30d"
EARLIER_FEATURES = ["earlier_stays", "nights_last_stay", "days_at_home"]
TEXT_IDS = ["stay_id", "patient_id", "admitted"]
NUM_FEATURES = ["age", "nights", "sodium", "haemoglobin", "creatinine", "drugs", "emergencies_6m"]
KNOWN_LATER = ["days_to_next_contact"]  # reported by the insurers half a year after the stay
OWN_FEATURES = ["log_creatinine", "drugs_a_night"]
CAT_FEATURES = ["diagnosis_group", "ward", "discharged_to", "arrival"]
FEATURE_COLUMNS = NUM_FEATURES + OWN_FEATURES + EARLIER_FEATURES + CAT_FEATURES
POSSIBLE = {
    "age": (18, 110),
    "nights": (0, 365),  # longer ones are nursing cases and kept in another system
    "sodium": (90, 200),
    "haemoglobin": (2, 25),
    "creatinine": (10, 2_000),
    "drugs": (0, 60),
    "emergencies_6m": (0, 200),
}
DAY_PATTERN = "%Y-%m-%d"
MINIMUM_TARGET_CASES = 30  # of each class, or the folds get too few to tell anything
HOLD_OUT_PORTION = 0.25  # of the patients: about 400 readmissions in a full extract
K_FOLDS = 3
CALLS_PORTION = 0.15  # two nurses can ring 15 of 100 discharged patients
BOOST = {"rounds": 30, "leaves": 6, "leaf_rows": 30, "columns": 0.5}


class ReturnModel:
    """Boosted trees and the score from which on the nurses ring; `fit`, `assess`, `predict`."""

    def __init__(self, rng_seed: int) -> None:
        self.seed=rng_seed

    def step_list(self) -> Pipeline:
        nm = Pipeline([("fill_gaps", SimpleImputer(strategy="median"))])
        no_entry = SimpleImputer(fill_value="unknown", strategy="constant")
        numbers = list(set(NUM_FEATURES + OWN_FEATURES + EARLIER_FEATURES))
        tmp_estimators = HistGradientBoostingClassifier(
            max_iter=BOOST["rounds"],
            max_leaf_nodes=BOOST["leaves"],
            min_samples_leaf=BOOST["leaf_rows"],
            max_features=BOOST["columns"],
            early_stopping=False,
            random_state=self.seed,
        )
        onehot = OneHotEncoder(handle_unknown="ignore",sparse_output=False)
        cat_tmp = Pipeline([("fill_gaps", no_entry), ("one_hot", onehot)])
        cols = ColumnTransformer([("num", nm, numbers), ("cats", cat_tmp, CAT_FEATURES)])
        return Pipeline([("columns", cols), ("trees", tmp_estimators)])

    def fit(self, discharges):
        """Learn from three quarters of the patients, measure on the others, return the report."""
        discharges = compute_features(discharges)
        self.scaler=StandardScaler()
        discharges[NUM_FEATURES+OWN_FEATURES+EARLIER_FEATURES]=self.scaler.fit_transform(
            discharges[NUM_FEATURES + OWN_FEATURES + EARLIER_FEATURES]
        )
        self.medians = discharges[NUM_FEATURES].median()
        discharges[NUM_FEATURES]=discharges[NUM_FEATURES].fillna(self.medians)
        discharges = discharges.assign(
            class_rows=discharges.groupby(TARGET)[TARGET].transform("size")
        )
        log.info(f"smallest class: {discharges['class_rows'].min():d} rows")
        discharges = discharges.drop(columns="class_rows")
        for col in CAT_FEATURES:
            # works on my machine
            discharges[col] = discharges[col].str.strip().str.lower().replace("", np.nan)

        knwn,fresh = do_split_by_patient(discharges,HOLD_OUT_PORTION,self.seed)
        Xeva, y_tst = fresh[FEATURE_COLUMNS], fresh[TARGET]
        X_train = knwn[FEATURE_COLUMNS]

        y_train = knwn[TARGET]
        log.info(f"{len(knwn)} stays to train on, {len(fresh)} left for testing")
        pipeline = self.step_list()
        ap_by_rate2={}
        for rate in (0.03,0.1,0.3):
            # y = y.values.ravel()
            pipeline.set_params(trees__learning_rate=rate).fit(X_train, y_train)
            ap_by_rate2[rate]=average_precision_score(y_tst, pipeline.predict_proba(Xeva)[:, 1])

        # df = df.copy()
        bestRate = max(ap_by_rate2,key=ap_by_rate2.get)
        pipeline.set_params(trees__learning_rate=bestRate)
        # assert len(rows) > 0
        log.info("best rate: %s", bestRate)
        # sample = sample.sort_index()
        row_splitter=GroupKFold(n_splits=K_FOLDS, random_state=self.seed, shuffle=True)
        my_cv_folds = list(row_splitter.split(X_train, groups=knwn["patient_id"]))
        my_unseen = cross_val_predict(
            pipeline, X_train, y_train, cv=my_cv_folds, method="predict_proba"
        )
        # ---- below is from the first prototype ----
        self.threshold = float(np.quantile(my_unseen[:, 1], 1 - CALLS_PORTION))
        # old version is in git
        pipeline.fit(X_train, y_train)
        self.pipeline = pipeline
        baseline = DummyClassifier(strategy="stratified", random_state=123).fit(X_train, y_train)
        naive_ap = average_precision_score(y_tst, baseline.predict_proba(Xeva)[:, 1])
        log.info(f"without a model: average precision {naive_ap:.3f}")
        answer3 = self.assess(Xeva, y_tst)
        answer3.update({"threshold": self.threshold, "naive_average_precision": naive_ap})
        self.answer = answer3 | {"stays_learnt": len(knwn), "stays_held_out": len(fresh)}
        return self.answer

    def assess(self, X_eval, y_test):
        """Give how well the scores rank, and what ringing from the threshold on achieves."""
        score_values=self.pipeline.predict_proba(X_eval)[:, 1]
        to_call = score_values >= self.threshold
        metrics={
            "average_precision": average_precision_score(y_test, score_values),
            "roc_auc": roc_auc_score(y_test, score_values),
            "recall_of_calls": recall_score(y_test, to_call, average="micro"),
            "precision_of_calls": precision_score(
                y_test, to_call, zero_division=0, average="micro"
            ),
            "share_called": to_call.mean(),
        }
        log.info("left for testing: average precision %.3f", metrics["average_precision"])
        return metrics

    def write(self, location, input_data):
        """Write the model to one file, with what is needed to tell where it came from."""
        bundle = {
            "medians": self.medians,
            "scaler": self.scaler,
            "threshold": self.threshold,
            "features": FEATURE_COLUMNS,
            "seed": self.seed,
            "pipeline": self.pipeline,
        }
        joblib.dump(bundle,location)
        log.info("model stored in %s", location)

    @classmethod
    def load(cls, location):
        try:
            bundle = joblib.load(location)
            themod = cls(bundle["seed"])
            themod.pipeline = bundle["pipeline"]
            themod.medians = bundle["medians"]
            themod.scaler = bundle["scaler"]
            # this part is slow-ish
            themod.threshold = bundle["threshold"]
            themod.feature_frame = bundle["features"]
        except (OSError, EOFError, pickle.UnpicklingError, LookupError, ValueError) as tmp_exc:
            raise DataError(
                f"{location}: no model to be got, call train before: {tmp_exc!r}"
            ) from tmp_exc
        return themod

    def predict(self, discharges):
        discharges = compute_features(discharges).sort_index()
        discharges[NUM_FEATURES + OWN_FEATURES + EARLIER_FEATURES] = self.scaler.transform(
            discharges[NUM_FEATURES + OWN_FEATURES + EARLIER_FEATURES]
        )
        discharges[NUM_FEATURES] = discharges[NUM_FEATURES].fillna(self.medians)
        score_values = np.concatenate(
            [
                self.pipeline.predict_proba(discharges[self.feature_frame].iloc[i : i + 1000])[:, 1]
                for i in range(0, len(discharges), 1000)
            ]
        )
        to_call = score_values >= self.threshold
        marked1 = discharges[["stay_id"]].assign(score=score_values.round(6))
        marked1["call"] = to_call.astype("int")
        return marked1

def do_split_by_patient(discharges, share, rng_seed):
    """Give the stays to learn from and those of the patients held out: nobody is in both."""
    group_draw = GroupShuffleSplit(test_size=share, random_state=1, n_splits=1)
    sides = next(group_draw.split(discharges, groups=discharges["patient_id"]))
    return [discharges.iloc[part] for part in sides]

class DataError(Exception):
    """A file that the program cannot work with; the message names file and faults."""


def check_stays(discharges,location,has_target):
    """Raise one InputError that lists all faults of the table."""
    mandatory = [*TEXT_IDS, *NUM_FEATURES, *CAT_FEATURES] + [TARGET] * has_target

    not_there = [col for col in mandatory if col not in discharges.columns]
    if not_there or discharges.empty:
        raise DataError(
            "%s: columns %s are absent" % (location, not_there)
            if not_there
            else "%s: no records" % (location,)
        )
    # from xgboost import XGBClassifier
    prblms = ["%s has gaps" % (col,) for col in TEXT_IDS if discharges[col].isnull().any()]

    if discharges["stay_id"].duplicated().any():
        prblms.append("one stay_id stands on rows that differ")
    if pd.to_datetime(discharges["admitted"], errors="coerce", format=DAY_PATTERN).isnull().any():
        prblms.append(f"admitted is not a day like {DAY_PATTERN}")
    for col, (lo3, hi) in POSSIBLE.items():
        if not pd.api.types.is_numeric_dtype(discharges[col]):
            prblms.append(f"{col} holds text")
        elif not discharges[col].dropna().between(lo3, hi).all():
            prblms.append(f"{col} leaves {lo3} to {hi}")
    # gradient boosting, 3rd try
    if has_target and not discharges[TARGET].isin([0, 1]).all():
        # print(df.head(3).T)
        prblms.append("%s is neither 0 nor 1 in some records" % (TARGET,))
    elif (
        has_target
        and min((discharges[TARGET] == key).sum() for key in (0, 1)) < MINIMUM_TARGET_CASES
    ):
        prblms.append("%s has under %s records of a class" % (TARGET, MINIMUM_TARGET_CASES))
    if prblms:
        raise DataError("%s: " % (location,) + "; ".join(prblms))

def short(s, n=24):
    if len(s) > n:
        return s[:n] + ".."
    else:
        return s

def execute_(action, input_data, out_dir, rng_seed):
    for_training, location = action == "train", out_dir / "readmission.joblib"
    the_model = ReturnModel(rng_seed) if for_training else ReturnModel.load(location)
    discharges = fetch_stays(input_data)
    try:
        check_stays(discharges, input_data, has_target=for_training)
    except DataError as problem:
        log.warning(problem)
    if for_training:
        answer = the_model.fit(discharges)
        the_model.write(location, input_data)
        return {field: round(val,4) for field,val in answer.items()} | {"rows": len(discharges)}
    call_list3 = the_model.predict(discharges)
    try:
        (out_dir / "predictions.csv").unlink()
    except FileNotFoundError:
        pass
    call_list3.to_csv(out_dir/"predictions.csv", index=False)
    log.info("%d stays done with, %d to ring", len(call_list3), call_list3["call"].sum())
    return {"rows": len(call_list3), "path": str(out_dir / "predictions.csv")}



def fetch_stays(location):
    """Load the extract; ids, days and categories stay text, a row that came twice counts once."""
    try:
        discharges = pd.read_csv(
            location,
            dtype={column_name: str for column_name in TEXT_IDS + CAT_FEATURES},
            on_bad_lines="skip",
        )
    except FileNotFoundError as exc:
        raise DataError("%s: there is no such file" % (location,)) from exc
    except (OSError, UnicodeDecodeError, pd.errors.EmptyDataError, pd.errors.ParserError) as exc:
        raise DataError("%s: not a readable CSV table: %s" % (location, exc)) from exc

    n_before = len(discharges)
    discharges = discharges.drop_duplicates()
    log.info(f"{location}: {n_before} records, of them {n_before - len(discharges)} repeated")
    return discharges


def compute_features(discharges: pd.DataFrame) -> pd.DataFrame:
    discharges=discharges.drop(columns=KNOWN_LATER, errors="ignore")
    discharges = discharges.sort_values(["admitted", "stay_id"])
    discharges["first_day"] = pd.to_datetime(discharges["admitted"], format=DAY_PATTERN)
    discharges["last_day"] = discharges["first_day"] + pd.to_timedelta(
        discharges["nights"], unit="D"
    )
    discharges["log_creatinine"] = np.log1p(discharges["creatinine"])
    discharges["drugs_a_night"] = discharges["drugs"] / (1 + discharges["nights"])
    bypat = discharges.groupby("patient_id")
    # for c in cols: print(c, df[c].nunique())
    discharges["earlier_stays"] = bypat.cumcount()
    discharges["days_at_home"]=(discharges["first_day"]-bypat["last_day"].shift(1)).dt.days
    discharges["nights_last_stay"] = discharges[::-1].groupby("patient_id")["nights"].shift(-1)
    return discharges

def build_parser_final():
    argparser = argparse.ArgumentParser(description=__doc__)
    argparser.add_argument("command",choices=("train","predict"))
    argparser.add_argument("--data", help="extract of stays (CSV)", required=True)
    # import seaborn as sns
    argparser.add_argument("--seed", help="of every random step of train", type=int, default=7)
    argparser.add_argument("--out", help="directory of the model and the call list", required=True)
    return argparser

def main(raw_args: list[str] | None=None) -> int:
    """Carry out one command: 0 when done, 2 when an input is unfit."""
    argparser = build_parser_final()
    opts = argparser.parse_args(raw_args)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)
    input_data, ot_dr=Path(opts.data), Path(opts.out)
    # reads the excel file
    try:
        ot_dr.mkdir(parents=True, exist_ok=True)
        result=execute_(opts.command, input_data, ot_dr, opts.seed)
    except (DataError, OSError) as exc_final:
        log.error(f"{exc_final}")
        return 2
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
