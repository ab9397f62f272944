"""Routes support tickets to the team that should answer them; unsure ones go to manual triage."""

import argparse
import hashlib
import json
import logging
import sys
from pathlib import Path
from typing import NamedTuple

import joblib
import numpy as np
import pandas as pd
import sklearn
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import balanced_accuracy_score, f1_score, recall_score
from sklearn.model_selection import (
    StratifiedKFold,
    cross_val_predict,
    cross_val_score,
    train_test_split,
)
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

logger = logging.getLogger("ticket_triage")
VERSIONS = {"python": sys.version, "sklearn": sklearn.__version__, "pandas": pd.__version__}

# alpha, class_weight, min_df: grid search by 5-fold macro F1 on the tickets of the quarter before,
# which are not in this file; the simplest model within one deviation of the best was taken.
# Minutes: time sheets of the help desk, for the same quarter.
SETTINGS = {
    "test_size": 0.25,
    "folds": 5,
    "alpha": 3e-4,
    "class_weight": "balanced",
    "max_iter": 200,
    "min_df": 6,
    "misrouted_minutes": 25.0,  # a wrong team reads the ticket and hands it back
    "triage_minutes": 6.0,  # a dispatcher reads the ticket and picks the team
    "thresholds": [step / 50 for step in range(10, 50)],
}
TEAMS = ["technical", "billing", "accounts", "logistics", "security"]
ID, OPENED, TARGET = "ticket_id", "created_at", "team"
OPENED_FORMAT = "%Y-%m-%d %H:%M"
MESSAGE, MANUAL, MODEL_FILE = "message", "manual_triage", "ticket_triage.joblib"
TEXT_COLUMNS = ["subject", "body"]
CAT_COLUMNS = ["channel", "product", "tier"]
NUM_COLUMNS = ["prior_tickets", "account_age_days", "attachments", "sla_hours", "monthly_spend"]
DERIVED_COLUMNS = ["message_length", "tickets_per_year", "spend_log", "night", "weekend"]
KNOWN_AFTER_CLOSING = ["closing_queue"]
HIGHEST = {  # the lowest is 0 for all
    "prior_tickets": 5_000,
    "account_age_days": 20_000,
    "attachments": 100,
    "sla_hours": 240,
    "monthly_spend": 1_000_000,
}


class TriageError(Exception):
    """An input that cannot be used; the message says which and why."""


class Routing(NamedTuple):
    """The likeliest team of each ticket and its probability."""

    team: np.ndarray
    confidence: np.ndarray


def read_tickets(path: Path) -> pd.DataFrame:
    """Read the ticket export; free text, categories and codes stay text."""
    as_text = dict.fromkeys([ID, OPENED, TARGET, *TEXT_COLUMNS, *CAT_COLUMNS], str)
    try:
        frame = pd.read_csv(path, dtype=as_text)
    except (FileNotFoundError, PermissionError, IsADirectoryError) as error:
        raise TriageError(f"cannot open {path}: {error.strerror}") from error
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as error:
        raise TriageError(f"cannot read {path} as CSV: {error}") from error
    logger.info("read %d rows and %d columns from %s", len(frame), frame.shape[1], path)
    return frame


def validate_tickets(frame: pd.DataFrame, path: Path, with_target: bool) -> None:
    """Refuse a table whose columns, types, ranges, dates, ids or labels are not as agreed."""
    required = [ID, OPENED, *TEXT_COLUMNS, *CAT_COLUMNS, *NUM_COLUMNS] + [TARGET] * with_target
    missing = [name for name in required if name not in frame]
    if missing or frame.empty:
        raise TriageError(f"{path}: {len(frame)} rows, missing columns: {missing}")
    texts = [name for name in NUM_COLUMNS if not pd.api.types.is_numeric_dtype(frame[name])]
    if texts:
        raise TriageError(f"{path}: text in the numeric columns {texts}")
    opened = pd.to_datetime(frame[OPENED], format=OPENED_FORMAT, errors="coerce")
    faults = {
        f"{name} outside 0..{top}": (frame[name].notna() & ~frame[name].between(0, top)).sum()
        for name, top in HIGHEST.items()
    }
    faults[f"{OPENED} not a date"] = opened.isna().sum()
    faults[f"missing {ID}"] = frame[ID].isna().sum()
    faults[f"{ID} of several rows"] = (frame[ID].duplicated() & ~frame.duplicated()).sum()
    if with_target:
        few = [team for team in TEAMS if (frame[TARGET] == team).sum() < 2 * SETTINGS["folds"]]
        faults |= {"unknown team": (~frame[TARGET].isin(TEAMS)).sum(), "rare teams": len(few)}
    found = [f"{fault}: {count}" for fault, count in faults.items() if count]
    if found:
        raise TriageError(f"{path}: " + "; ".join(found))


def build_features(tickets: pd.DataFrame) -> pd.DataFrame:
    """Add the columns that the model reads, each from its own row alone."""
    frame = tickets.drop(columns=KNOWN_AFTER_CLOSING, errors="ignore")
    for column in CAT_COLUMNS:
        frame[column] = frame[column].str.strip().str.lower().replace("", np.nan)
    opened = pd.to_datetime(frame[OPENED], format=OPENED_FORMAT)
    frame[MESSAGE] = frame["subject"].fillna("") + " " + frame["body"].fillna("")
    frame["message_length"] = np.log1p(frame[MESSAGE].str.len())
    frame["tickets_per_year"] = frame["prior_tickets"] / (1.0 + frame["account_age_days"] / 365.0)
    frame["spend_log"] = np.log1p(frame["monthly_spend"])
    frame["night"] = (~opened.dt.hour.between(7, 19)).astype(float)
    frame["weekend"] = (opened.dt.day_of_week >= 5).astype(float)
    return frame


def build_pipeline(seed: int) -> Pipeline:
    """Text, numbers and categories side by side, then a linear model with probabilities."""
    words = TfidfVectorizer(min_df=SETTINGS["min_df"], sublinear_tf=True)
    numbers = Pipeline([("fill", SimpleImputer(strategy="median")), ("scale", StandardScaler())])
    unknown = SimpleImputer(strategy="constant", fill_value="unknown")
    categories = Pipeline([("fill", unknown), ("encode", OneHotEncoder(handle_unknown="ignore"))])
    numeric = [*NUM_COLUMNS, *DERIVED_COLUMNS]
    parts = [("text", words, MESSAGE), ("num", numbers, numeric), ("cat", categories, CAT_COLUMNS)]
    model = SGDClassifier(
        loss="log_loss",
        alpha=SETTINGS["alpha"],
        average=True,
        class_weight=SETTINGS["class_weight"],
        max_iter=SETTINGS["max_iter"],
        random_state=seed,
    )
    return Pipeline([("columns", ColumnTransformer(parts)), ("model", model)])


def route(probabilities: np.ndarray, classes: np.ndarray) -> Routing:
    """Pick the likeliest team of each row; `classes` names the columns."""
    return Routing(classes[probabilities.argmax(axis=1)], probabilities.max(axis=1))


def minutes_per_ticket(truth: pd.Series, routing: Routing, threshold: float) -> float:
    """Mean handling minutes when tickets below the threshold are triaged by hand."""
    wrong = (routing.team != truth.to_numpy()) * SETTINGS["misrouted_minutes"]
    costs = np.where(routing.confidence >= threshold, wrong, SETTINGS["triage_minutes"])
    return float(costs.mean())


def cheapest_threshold(truth: pd.Series, routing: Routing) -> float:
    """The confidence threshold with the fewest handling minutes."""
    return min(SETTINGS["thresholds"], key=lambda level: minutes_per_ticket(truth, routing, level))


def quality(truth: pd.Series, routing: Routing, threshold: float) -> dict:
    """Quality of the suggestions on all given rows, and what the threshold makes of them."""
    return {
        "macro_f1": f1_score(truth, routing.team, average="macro"),
        "balanced_accuracy": balanced_accuracy_score(truth, routing.team),
        "lowest_recall": recall_score(truth, routing.team, average=None).min(),
        "manual_share": (routing.confidence < threshold).mean(),
        "minutes_per_ticket": minutes_per_ticket(truth, routing, threshold),
    }


def train(data: Path, out: Path, seed: int) -> dict:
    """Fit, score on held-out rows and store the model; return metrics and row counts."""
    frame = read_tickets(data)
    validate_tickets(frame, data, with_target=True)
    rows_read = len(frame)
    frame = frame.drop_duplicates()
    logger.info("dropped %d repeated rows", rows_read - len(frame))
    labels = frame[TARGET]
    tickets = build_features(frame.drop(columns=[TARGET]))
    fit_rows, held_out, fit_labels, held_labels = train_test_split(
        tickets, labels, test_size=SETTINGS["test_size"], stratify=labels, random_state=seed
    )
    logger.info("%d rows to fit, %d held out", len(fit_rows), len(held_out))
    pipeline = build_pipeline(seed)
    folds = StratifiedKFold(n_splits=SETTINGS["folds"], shuffle=True, random_state=seed)
    cv_f1 = cross_val_score(pipeline, fit_rows, fit_labels, cv=folds, scoring="f1_macro")
    logger.info("macro F1 in %d folds: %.3f +- %.3f", len(cv_f1), cv_f1.mean(), cv_f1.std())
    chances = cross_val_predict(pipeline, fit_rows, fit_labels, cv=folds, method="predict_proba")
    threshold = cheapest_threshold(fit_labels, route(chances, np.unique(fit_labels)))
    logger.info("threshold %.2f takes the fewest handling minutes out of fold", threshold)
    pipeline.fit(fit_rows, fit_labels)
    routing = route(pipeline.predict_proba(held_out), pipeline.classes_)
    baseline = DummyClassifier(strategy="stratified", random_state=seed)
    guesses = baseline.fit(fit_rows, fit_labels).predict(held_out)
    scores = quality(held_labels, routing, threshold)
    scores["baseline_macro_f1"] = f1_score(held_labels, guesses, average="macro")
    scores |= {"cv_macro_f1_mean": cv_f1.mean(), "cv_macro_f1_std": cv_f1.std()}
    metrics = {name: round(float(score), 4) for name, score in scores.items()}
    logger.info("held-out quality: %s", metrics)

    counts = {"rows": rows_read, "fit_rows": len(fit_rows), "held_out_rows": len(held_out)}
    bundle = {
        "pipeline": pipeline,
        "threshold": threshold,
        "columns": [MESSAGE, *NUM_COLUMNS, *DERIVED_COLUMNS, *CAT_COLUMNS],
        "settings": SETTINGS,
        "seed": seed,
        "counts": counts,
        "metrics": metrics,
        "data_sha256": hashlib.sha256(data.read_bytes()).hexdigest(),
        "versions": VERSIONS,
    }
    out.mkdir(parents=True, exist_ok=True)
    joblib.dump(bundle, out / MODEL_FILE)
    logger.info("stored the model as %s", out / MODEL_FILE)
    return {**metrics, **counts, "threshold": threshold}


def predict(data: Path, out: Path) -> dict:
    """Route new tickets with the stored model and write one line a ticket."""
    if not (out / MODEL_FILE).is_file():
        raise TriageError(f"no model at {out / MODEL_FILE}: run train first")
    bundle = joblib.load(out / MODEL_FILE)
    if bundle["versions"]["sklearn"] != sklearn.__version__:
        logger.warning("model made with %s, this is %s", bundle["versions"], VERSIONS)
    frame = read_tickets(data)
    validate_tickets(frame, data, with_target=False)
    pipeline = bundle["pipeline"]
    tickets = build_features(frame)
    routing = route(pipeline.predict_proba(tickets), pipeline.classes_)
    decision = np.where(routing.confidence >= bundle["threshold"], routing.team, MANUAL)
    predictions = pd.DataFrame({ID: frame[ID], **routing._asdict(), "decision": decision})
    path = out / "predictions.csv"
    predictions.to_csv(path, index=False, float_format="%.6f")
    by_hand = int((decision == MANUAL).sum())
    logger.info("wrote %d routings to %s, %d for manual triage", len(frame), path, by_hand)
    return {"rows": len(frame), "manual": by_hand, "path": str(path)}


def main(argv: list[str] | None = None) -> int:
    """Run one command; print its result as one JSON line."""
    parser = argparse.ArgumentParser(description="Route support tickets to teams.")
    parser.add_argument("command", choices=["train", "predict"])
    parser.add_argument("--data", required=True, help="CSV file of tickets")
    parser.add_argument("--out", required=True, help="folder of the model and the predictions")
    parser.add_argument("--seed", type=int, default=7, help="seed of split, folds and model")
    args = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    data, out = Path(args.data), Path(args.out)
    try:
        result = train(data, out, args.seed) if args.command == "train" else predict(data, out)
    except TriageError as error:
        logger.error("%s", error)
        return 2
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
