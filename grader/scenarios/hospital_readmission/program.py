"""Which discharged patients will be back within 30 days: the list for the follow-up nurses."""

import argparse
import hashlib
import json
import logging
import pickle
import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import sklearn
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.metrics import average_precision_score, precision_score, recall_score, roc_auc_score
from sklearn.model_selection import (
    GroupKFold,
    GroupShuffleSplit,
    cross_val_predict,
    cross_val_score,
)
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

logger = logging.getLogger("readmission")

LABEL = "readmitted_30d"
TEXT_IDS = ["stay_id", "patient_id", "admitted"]
NUM_FEATURES = ["age", "nights", "sodium", "haemoglobin", "creatinine", "drugs", "emergencies_6m"]
OWN_FEATURES = ["log_creatinine", "anaemia"]
PAST_FEATURES = ["earlier_stays", "nights_last_stay", "days_at_home"]
CAT_FEATURES = ["diagnosis_group", "ward", "discharged_to", "arrival"]
FEATURES = NUM_FEATURES + OWN_FEATURES + PAST_FEATURES + CAT_FEATURES
KNOWN_LATER = ["days_to_next_contact"]  # reported by the insurers half a year after the stay
# What the laboratory and the admission desk can enter; beyond it lies a typing error.
PLAUSIBLE = {
    "age": (18, 110),
    "nights": (0, 365),  # longer ones are nursing cases and kept in another system
    "sodium": (90, 200),
    "haemoglobin": (2, 25),
    "creatinine": (10, 2_000),
    "drugs": (0, 60),
    "emergencies_6m": (0, 200),
}
DAY_FORMAT = "%Y-%m-%d"
MIN_LABEL_ROWS = 40  # of each class, or the folds get too few to tell anything

HOLD_OUT_SHARE = 0.25  # of the patients: about 400 readmissions in a full extract
FOLDS = 4
CALLS_SHARE = 0.15  # two nurses can ring 15 of 100 discharged patients
# Best average precision by grouped folds on the stays of 2020, which are in no later extract.
BOOSTING = {"rounds": 30, "leaves": 6, "leaf_rows": 30, "columns": 0.5}


class InputError(Exception):
    """A file that the program cannot work with; the message names file and faults."""


def read_stays(path: Path) -> pd.DataFrame:
    """Read the extract; ids, days and categories stay text, a row that came twice counts once."""
    try:
        stays = pd.read_csv(path, dtype=dict.fromkeys(TEXT_IDS + CAT_FEATURES, str))
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except (OSError, UnicodeDecodeError, pd.errors.EmptyDataError, pd.errors.ParserError) as error:
        raise InputError(f"{path}: not a readable CSV table: {error}") from error
    delivered = len(stays)
    stays = stays.drop_duplicates()
    logger.info("%s: %d rows, of them %d repeated", path, delivered, delivered - len(stays))
    return stays


def check_stays(stays: pd.DataFrame, path: Path, with_label: bool) -> None:
    """Raise one InputError that lists all faults of the table."""
    needed = [*TEXT_IDS, *NUM_FEATURES, *CAT_FEATURES] + [LABEL] * with_label
    absent = [column for column in needed if column not in stays.columns]
    if absent or stays.empty:
        raise InputError(f"{path}: columns {absent} are absent" if absent else f"{path}: no rows")
    faults = [f"{column} has gaps" for column in TEXT_IDS if stays[column].isna().any()]
    if stays["stay_id"].duplicated().any():
        faults.append("one stay_id stands on rows that differ")
    if pd.to_datetime(stays["admitted"], format=DAY_FORMAT, errors="coerce").isna().any():
        faults.append(f"admitted is not a day like {DAY_FORMAT}")
    for column, (low, high) in PLAUSIBLE.items():
        if not pd.api.types.is_numeric_dtype(stays[column]):
            faults.append(f"{column} holds text")
        elif not stays[column].dropna().between(low, high).all():
            faults.append(f"{column} leaves {low} to {high}")
    if with_label and not stays[LABEL].isin([0, 1]).all():
        faults.append(f"{LABEL} is neither 0 nor 1 in some rows")
    elif with_label and min((stays[LABEL] == k).sum() for k in (0, 1)) < MIN_LABEL_ROWS:
        faults.append(f"{LABEL} has fewer than {MIN_LABEL_ROWS} rows of a class")
    if faults:
        raise InputError(f"{path}: " + "; ".join(faults))


def add_features(stays: pd.DataFrame) -> pd.DataFrame:
    """Return the stays in order of admission, with features of the stay and of earlier ones."""
    stays = stays.drop(columns=KNOWN_LATER, errors="ignore")
    stays = stays.sort_values(["admitted", "stay_id"])
    for column in CAT_FEATURES:
        stays[column] = stays[column].str.strip().str.lower().replace("", np.nan)
    stays["first_day"] = pd.to_datetime(stays["admitted"], format=DAY_FORMAT)
    stays["last_day"] = stays["first_day"] + pd.to_timedelta(stays["nights"], unit="D")
    stays["log_creatinine"] = np.log1p(stays["creatinine"])
    stays["anaemia"] = stays["haemoglobin"] / stays["age"]
    patient = stays.groupby("patient_id")
    stays["earlier_stays"] = patient.cumcount()
    stays["nights_last_stay"] = patient["nights"].shift(1)
    stays["days_at_home"] = (stays["first_day"] - patient["last_day"].shift(1)).dt.days
    return stays


def split_by_patient(stays: pd.DataFrame, share: float, seed: int) -> list[pd.DataFrame]:
    """Return the stays to learn from and those of the patients held out: nobody is in both."""
    halves = GroupShuffleSplit(n_splits=1, test_size=share, random_state=seed)
    sides = next(halves.split(stays, groups=stays["patient_id"]))
    return [stays.iloc[side] for side in sides]


class ReadmissionModel:
    """Boosted trees and the score from which on the nurses ring; `fit`, `evaluate`, `predict`."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def steps(self) -> Pipeline:
        """Return the unfitted way from the feature columns to the probability."""
        num = Pipeline([("fill", SimpleImputer(strategy="median")), ("scale", StandardScaler())])
        blank = SimpleImputer(strategy="constant", fill_value="not stated")
        encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
        cat = Pipeline([("fill", blank), ("encode", encoder)])
        numbers = NUM_FEATURES + OWN_FEATURES + PAST_FEATURES
        columns = ColumnTransformer([("num", num, numbers), ("cat", cat, CAT_FEATURES)])
        trees = HistGradientBoostingClassifier(
            max_iter=BOOSTING["rounds"],
            max_leaf_nodes=BOOSTING["leaves"],
            min_samples_leaf=BOOSTING["leaf_rows"],
            max_features=BOOSTING["columns"],
            early_stopping=False,
            random_state=self.seed,
        )
        return Pipeline([("columns", columns), ("trees", trees)])

    def fit(self, stays: pd.DataFrame) -> dict[str, float]:
        """Learn from three quarters of the patients, measure on the others, return the report."""
        stays = add_features(stays)
        learn, test = split_by_patient(stays, HOLD_OUT_SHARE, self.seed)
        X_learn, y_learn = learn[FEATURES], learn[LABEL]
        X_test, y_test = test[FEATURES], test[LABEL]
        logger.info("%d stays to learn from, %d held out", len(learn), len(test))
        pipeline = self.steps()
        splitter = GroupKFold(n_splits=FOLDS, shuffle=True, random_state=self.seed)
        folds = list(splitter.split(X_learn, groups=learn["patient_id"]))
        cv_ap = cross_val_score(pipeline, X_learn, y_learn, cv=folds, scoring="average_precision")
        logger.info("average precision over folds %.3f, sd %.3f", cv_ap.mean(), cv_ap.std(ddof=1))
        unseen = cross_val_predict(pipeline, X_learn, y_learn, cv=folds, method="predict_proba")
        self.threshold = float(np.quantile(unseen[:, 1], 1 - CALLS_SHARE))
        pipeline.fit(X_learn, y_learn)
        self.pipeline = pipeline
        naive = DummyClassifier(strategy="prior").fit(X_learn, y_learn)
        naive_ap = average_precision_score(y_test, naive.predict_proba(X_test)[:, 1])
        logger.info("without a model: average precision %.3f", naive_ap)
        report = self.evaluate(X_test, y_test)
        report |= {"naive_average_precision": naive_ap, "threshold": self.threshold}
        report |= {"cv_ap_mean": cv_ap.mean(), "cv_ap_sd": cv_ap.std(ddof=1)}
        self.report = report | {"stays_learnt": len(learn), "stays_held_out": len(test)}
        return self.report

    def evaluate(self, X_test: pd.DataFrame, y_test: pd.Series) -> dict[str, float]:
        """Return how well the scores rank, and what ringing from the threshold on achieves."""
        scores = self.pipeline.predict_proba(X_test)[:, 1]
        calls = scores >= self.threshold
        metrics = {
            "average_precision": average_precision_score(y_test, scores),
            "roc_auc": roc_auc_score(y_test, scores),
            "recall_of_calls": recall_score(y_test, calls),
            "precision_of_calls": precision_score(y_test, calls, zero_division=0),
            "share_called": calls.mean(),
        }
        logger.info("held out: average precision %.3f", metrics["average_precision"])
        return metrics

    def save(self, path: Path, data: Path) -> None:
        """Write the model to one file, with what is needed to tell where it came from."""
        bundle = {
            "pipeline": self.pipeline,
            "threshold": self.threshold,
            "features": FEATURES,
            "params": self.pipeline.named_steps["trees"].get_params(),
            "seed": self.seed,
            "report": self.report,
            "data_sha256": hashlib.sha256(data.read_bytes()).hexdigest(),
            "versions": {"sklearn": sklearn.__version__, "python": sys.version},
        }
        joblib.dump(bundle, path)
        logger.info("model written to %s", path)

    @classmethod
    def load(cls, path: Path) -> "ReadmissionModel":
        """Read a file that `save` wrote; as a pickle it must never come from anywhere else."""
        try:
            bundle = joblib.load(path)
            model = cls(bundle["seed"])
            model.pipeline, model.threshold = bundle["pipeline"], bundle["threshold"]
            model.features = bundle["features"]
            if bundle["versions"]["sklearn"] != sklearn.__version__:
                logger.warning("the model was made by %s", bundle["versions"])
        except (OSError, EOFError, pickle.UnpicklingError, LookupError, ValueError) as error:
            raise InputError(f"{path}: no model to be read, train one first: {error!r}") from error
        return model

    def predict(self, stays: pd.DataFrame) -> pd.DataFrame:
        """Return score and call list entry of each stay, in the order of the file."""
        stays = add_features(stays).sort_index()
        scores = self.pipeline.predict_proba(stays[self.features])[:, 1]
        calls = scores >= self.threshold
        return stays[["stay_id"]].assign(score=scores.round(6), call=calls.astype(int))


def run(command: str, data: Path, out: Path, seed: int) -> dict[str, object]:
    """Train and store a model and return its report, or score an extract with the stored one."""
    training, path = command == "train", out / "readmission.joblib"
    model = ReadmissionModel(seed) if training else ReadmissionModel.load(path)
    stays = read_stays(data)
    check_stays(stays, data, with_label=training)
    if training:
        report = model.fit(stays)
        model.save(path, data)
        return {name: round(value, 4) for name, value in report.items()} | {"rows": len(stays)}
    listed = model.predict(stays)
    listed.to_csv(out / "predictions.csv", index=False)
    logger.info("%d stays scored, %d to ring", len(listed), listed["call"].sum())
    return {"rows": len(listed), "path": str(out / "predictions.csv")}


def main(argv: list[str] | None = None) -> int:
    """Carry out one command: 0 when done, 2 when an input is unfit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=["train", "predict"])
    parser.add_argument("--data", required=True, help="extract of stays (CSV)")
    parser.add_argument("--out", required=True, help="folder of the model and the call list")
    parser.add_argument("--seed", type=int, default=7, help="of every random step of train")
    args = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)
    data, out = Path(args.data), Path(args.out)
    try:
        out.mkdir(parents=True, exist_ok=True)
        result = run(args.command, data, out, args.seed)
    except (InputError, OSError) as error:
        logger.error("%s", error)
        return 2
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
