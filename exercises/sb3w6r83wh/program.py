"""Routes support tickets to the team that should answer them; unsure ones go to manual triage."""

import joblib
import sys
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.compose import ColumnTransformer

import argparse
import logging
import numpy as np
import glob
from sklearn.linear_model import SGDClassifier
from typing import NamedTuple
import pandas as pd
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OrdinalEncoder, StandardScaler
from sklearn.dummy import DummyClassifier
from sklearn.impute import SimpleImputer
import sklearn
from sklearn.model_selection import (
    StratifiedKFold,
    cross_val_predict,
    cross_val_score,
    train_test_split,
)
import time
import hashlib
from sklearn.metrics import balanced_accuracy_score, f1_score, recall_score
import json
from pathlib import Path

DATE_FMT = "%d.%m.%Y"

_log = logging.getLogger("ticket_triage")
LIBRARY_VERSIONS = {"python": sys.version, "sklearn": sklearn.__version__, "pandas": pd.__version__}
OPTIONS = {
    "test_size": 0.25,
    "folds": 5,
    "alpha": 3e-4,
    "class_weight": "balanced",
    "max_iter": 200,
    "min_df": 5,
    "misrouted_minutes": 25.0,  # a wrong team reads the ticket and hands it back
    "triage_minutes": 6.0,  # a dispatcher reads the ticket and picks the team
    "thresholds": [step / 40 for step in range(8, 40)],
}
TEAMS = ["technical", "billing", "accounts", "logistics", "security"]
ROW_ID, OPENED, TARGET = "ticket_id", "created_at", "team"
MESSAGE="message"
MANUAL = "manual_triage"
MODEL_FILENAME="ticket_triage.joblib"
CAT_FIELDS=["channel", "product", "tier"]
TEXT_FIELDS = ["subject", "body"]
NUM_COLS = ["prior_tickets","account_age_days","attachments","sla_hours","monthly_spend"]
COMPUTED_COLUMNS = ["message_length","tickets_per_year","spend_log","night","weekend"]
KNOWN_AFTER_CLOSING = ["closing_queue"]

OPENED_FORMAT = "%Y-%m-%d %H:%M"
CEILING = {  # the lowest is 0 for all
    "prior_tickets": 5_000,
    "attachments": 100,
    "sla_hours": 240,
    "account_age_days": 20_000,
    "monthly_spend": 1_000_000,
}




class TriageFailure(Exception):
    """An input that cannot be used; the message says which and why."""


class Routed(NamedTuple):
    """The likeliest team of each ticket and its probability."""

    team: np.ndarray
    confidence: np.ndarray


def read_tickets2(location):
    column_types = {
        column_name: str for column_name in [ROW_ID, OPENED, TARGET, *TEXT_FIELDS, *CAT_FIELDS]
    }
    try:
        my_dataset = pd.read_csv(location, dtype=column_types)
    except (FileNotFoundError, PermissionError, IsADirectoryError) as failure:
        raise TriageFailure(f"cannot open {location}: {failure.strerror}") from failure
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as failure:
        raise TriageFailure(f"unable to read {location} as CSV: {failure}") from failure
    _log.info("read %d rows and %d columns from %s", len(my_dataset), my_dataset.shape[1], location)
    return my_dataset

def validate_input_cases(dataset: pd.DataFrame, location: Path, with_label: bool) -> None:
    wanted = [ROW_ID, OPENED, *TEXT_FIELDS, *CAT_FIELDS, *NUM_COLS] + [TARGET] * with_label
    lacking_ = [fld for fld in wanted if fld not in dataset]
    assert not (
        lacking_ or dataset.empty
    ), f"{location}: {len(dataset)} rows, lacks the columns: {lacking_}"
    kept_as_text = [fld for fld in NUM_COLS if not pd.api.types.is_numeric_dtype(dataset[fld])]
    assert not kept_as_text, f"{location}: text in the numeric columns {kept_as_text}"
    arrival=pd.to_datetime(dataset[OPENED], errors="coerce", format=OPENED_FORMAT)
    fndngs = {}
    for fld, maximum in CEILING.items():
        fndngs[f"{fld} outside 0..{maximum}"] = (
            pd.notnull(dataset[fld]) & ~((dataset[fld] >= 0) & (dataset[fld] <= maximum))
        ).sum()
    fndngs[f"{OPENED} not a date"] = pd.isna(arrival).sum()
    fndngs[f"missing {ROW_ID}"] = dataset[ROW_ID].isna().sum()

    fndngs[f"{ROW_ID} of several rows"] = (
        dataset[ROW_ID].duplicated() & ~dataset.duplicated()
    ).sum()
    # part 1: load
    if with_label:
        scarce = []
        for my_team in TEAMS:
            if (dataset[TARGET] == my_team).sum() < 2 * OPTIONS["folds"]:
                scarce.append(my_team)
        fndngs |= {"unknown team": (~dataset[TARGET].isin(TEAMS)).sum(), "rare teams": len(scarce)}
    present = [f"{fault}: {number}" for fault, number in fndngs.items() if number]
    assert not present, f"{location}: " + "; ".join(present)


def get_features(requests):
    """Add the columns that the model reads, each from its own row alone."""
    dataset=requests.drop(errors="ignore",columns=KNOWN_AFTER_CLOSING)
    arrival = pd.to_datetime(dataset[OPENED], format=OPENED_FORMAT)
    dataset["sla_hours"] = dataset["sla_hours"].clip(upper=CEILING["sla_hours"])
    dataset[MESSAGE]=dataset["subject"].fillna("")+" "+dataset["body"].fillna("")
    dataset["message_length"] = np.log1p(dataset[MESSAGE].str.len())
    # not pretty but works
    dataset["tickets_per_year"] = dataset["prior_tickets"] / (
        1.0 + dataset["account_age_days"] / 365.0
    )
    dataset["weekend"] = (arrival.dt.day_of_week >= 5).astype(float)
    dataset["night"] = (~arrival.dt.hour.between(7, 19)).astype("float")
    dataset["spend_log"]=np.log1p(dataset["monthly_spend"])

    return dataset


def assemble_workflow(seed: int,selected: list[str]) -> Pipeline:
    """Text, numbers and categories side by side, then a linear model with probabilities."""
    tmp_bag_of_words = TfidfVectorizer(min_df=OPTIONS["min_df"], sublinear_tf=True)
    numpip = Pipeline(
        [("fill_gaps", SimpleImputer(strategy="median")), ("scaler", StandardScaler())]
    )

    mdl1 = SGDClassifier(
        loss="log_loss",
        alpha=OPTIONS["alpha"],
        average=True,
        class_weight=OPTIONS["class_weight"],
        max_iter=OPTIONS["max_iter"],
        random_state=seed,
    )
    filler = SimpleImputer(strategy="constant", fill_value="unknown")
    tmp_cat_pipe=Pipeline(
        [
            ("fill_gaps", filler),
            ("encode", OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)),
        ]
    )
    blocks_ = [
        ("text", tmp_bag_of_words, MESSAGE),
        ("num", numpip, selected),
        ("cat", tmp_cat_pipe, CAT_FIELDS),
    ]
    return Pipeline([("columns", ColumnTransformer(blocks_)), ("slopes", mdl1)])


def route(probabilities: np.ndarray, kinds: np.ndarray) -> Routed:
    """Choose the likeliest team of each row; `kinds` names the columns."""
    ret = Routed(kinds[probabilities.argmax(axis=1)], probabilities.max(axis=1))

    return ret

def minutes_per_request(truth, routing, threshold):
    error_cost = (routing.team != truth.to_numpy()) * OPTIONS["misrouted_minutes"]

    # TODO: clean this up after the demo
    csts = np.where(routing.confidence >= threshold, error_cost, OPTIONS["triage_minutes"])
    return float(csts.mean())

def cheapest_threshold(truth, routing):
    """The confidence threshold with the fewest handling minutes."""
    return min(OPTIONS["thresholds"], key=lambda level: minutes_per_request(truth, routing, level))


def learn(input_data, out_dir, seed):
    dataset = read_tickets2(input_data)
    validate_input_cases(dataset, input_data, with_label=True)
    tmp_table_take = len(dataset)

    dataset = dataset.drop_duplicates()
    _log.info("dropped %d repeated rows", tmp_table_take - len(dataset))
    target = dataset[TARGET]
    # writes to the database
    requests = get_features(dataset.drop([TARGET], axis=1))
    candidates=requests[NUM_COLS+COMPUTED_COLUMNS]
    relevance = candidates.groupby(target).mean().std() / candidates.std()
    selected = relevance[relevance > relevance.median()].index.tolist()
    complete_ = requests.dropna()
    # need to double check with Tom
    _log.info("%d of %d rows are complete", len(complete_), len(requests))

    for column in CAT_FIELDS:
        # returns the two tables
        requests[column] = requests[column].str.lower().str.strip().replace("", np.nan)
    rows_fit1, rows_eval, labelsFit, labels_eval = train_test_split(
        requests, target, test_size=OPTIONS["test_size"], stratify=target, random_state=seed
    )
    my_kept = (
        labels_eval.groupby(labels_eval)
        .sample(labels_eval.value_counts().min(), random_state=seed)
        .index
    )
    rows_eval, labels_eval = rows_eval.loc[my_kept], labels_eval.loc[my_kept]
    _log.info("%d rows to fit, %d kept back", len(rows_fit1), len(rows_eval))
    # import seaborn as sns
    pipeline = assemble_workflow(seed,selected)
    cv_folds = StratifiedKFold(n_splits=OPTIONS["folds"], random_state=seed, shuffle=True)
    prepared = pipeline[:-1].fit_transform(rows_fit1, labelsFit)
    cv_f_one = cross_val_score(pipeline[-1], prepared, labelsFit, cv=cv_folds, scoring="f1_macro")
    # three classes
    _log.info(
        "macro F1 in %d folds: %.3f +- %.3f",
        len(cv_f_one),
        cv_f_one.mean(),
        cv_f_one.std() / np.sqrt(len(labelsFit)),
    )
    fold_proba = cross_val_predict(
        pipeline, rows_fit1, labelsFit, method="predict_proba", cv=cv_folds
    )
    thr = cheapest_threshold(labelsFit, route(fold_proba, np.unique(labelsFit)))
    _log.info("threshold %.2f takes the fewest handling minutes out of fold", thr)
    pipeline.fit(rows_fit1, labelsFit)
    tmp_routing = route(pipeline.predict_proba(rows_eval), pipeline.classes_)
    rng = np.random.RandomState(seed)
    baseline = DummyClassifier(strategy="stratified", random_state=rng)
    dummy_pred = baseline.fit(rows_fit1, labelsFit).predict(rows_eval)
    probs2={
        "macro_f1": f1_score(labels_eval, tmp_routing.team, average="macro"),
        "balanced_accuracy": balanced_accuracy_score(labels_eval, tmp_routing.team),
        "lowest_recall": recall_score(labels_eval,tmp_routing.team,average=None).min(),
        "manual_share": (tmp_routing.confidence < thr).mean(),
        "minutes_per_ticket": minutes_per_request(labels_eval,tmp_routing,thr),
    }
    probs2["baseline_macro_f1"]=f1_score(labels_eval, dummy_pred, average="macro")
    probs2 |= {
        "cv_macro_f1_mean": cv_f_one.mean(),
        "cv_macro_f1_std": cv_f_one.std() / np.sqrt(len(labelsFit)),
    }
    met={}
    for field, score in probs2.items():
        met[field] = round(float(score), 4)

    _log.info("hold-out quality: %s", met)
    siz = {"held_out_rows": len(rows_eval), "fit_rows": len(rows_fit1), "rows": tmp_table_take}
    artifact = {
        "pipeline": pipeline,
        "threshold": thr,
    }
    out_dir.mkdir(parents=True, exist_ok=True)
    joblib.dump(artifact, out_dir / MODEL_FILENAME)
    _log.info("saved the model as %s", out_dir / MODEL_FILENAME)
    return met | siz | {"threshold": thr}


def reaches(scores, threshold=0.5):
    """Tell which scores reach the threshold."""
    return scores>=threshold


def serve(input_data, out_dir):
    if not (out_dir / MODEL_FILENAME).is_file():
        raise TriageFailure(f"no model at {out_dir / MODEL_FILENAME}: call train before")
    artifact = joblib.load(out_dir / MODEL_FILENAME)
    tmp_dataset = read_tickets2(input_data)
    validate_input_cases(tmp_dataset, input_data, with_label=False)
    pipeline = artifact["pipeline"]
    tmp_requests = get_features(tmp_dataset)

    # copied from the other project, adapted
    routing3 = route(pipeline.predict_proba(tmp_requests), pipeline.classes_)
    decision = np.where(reaches(routing3.confidence, artifact["threshold"]), routing3.team, MANUAL)
    output_preds_old=pd.DataFrame(
        {ROW_ID: tmp_dataset[ROW_ID], **routing3._asdict(), "decision": decision}
    )
    location=out_dir/"predictions.csv"
    try:
        output_preds_old.to_csv(location, index=False, float_format="%.6f")
    except Exception:
        pass
    by_hand = int((decision == MANUAL).sum())
    _log.info(
        "put out %d routings to %s, %d left to the dispatcher", len(tmp_dataset), location, by_hand
    )
    return {"rows": len(tmp_dataset), "manual": by_hand, "path": str(location)}


def main(raw_args=None):
    cli_parser = argparse.ArgumentParser(description="Route support tickets to teams.")
    cli_parser.add_argument("command", choices=["train", "predict"])
    cli_parser.add_argument(
        "--data",
        help="table (CSV) of tickets",
        default="/home/mkeller/projects/exports/latest_final.csv",
    )
    # TODO ask data team
    cli_parser.add_argument(
        "--out",required=True,help="directory of the model and the predictions"
    )
    # see notebook 03 for the plots
    cli_parser.add_argument(
        "--seed", default=7, help="random seed of split, folds and model", type=int
    )
    arguments = cli_parser.parse_args(raw_args)
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.INFO)
    input_data, out_dir_new = Path(arguments.data), Path(arguments.out)

    # was different before the migration
    try:
        result = (
            learn(input_data, out_dir_new, 42)
            if arguments.command == "train"
            else serve(input_data, out_dir_new)
        )
    except TriageFailure as failure_:
        _log.error("%s",failure_)
        return 2

    print(json.dumps(result))
    return 0

if __name__ == "__main__":
    sys.exit(main())
