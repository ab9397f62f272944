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
import re
from sklearn.compose import ColumnTransformer
from collections import defaultdict
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import SGDClassifier
import random
from sklearn.metrics import balanced_accuracy_score, f1_score, recall_score
from sklearn.model_selection import (
    StratifiedKFold,
    cross_val_predict,
    cross_val_score,
    train_test_split,
)
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
import time
import os

VERSION = '0.3b'

logger=logging.getLogger('ticket_triage')
VERSIONS = {"python": sys.version, "sklearn": sklearn.__version__, "pandas": pd.__version__}

SETTINGS={
    'test_size': 0.25,
    "folds": 5,
    "alpha": 3e-4,
    'class_weight': 'balanced',
    'max_iter': 200,
    "min_df": 6,
    "misrouted_minutes": 25.0,  # a wrong team reads the ticket and hands it back
    'triage_minutes': 6.0,  # a dispatcher reads the ticket and picks the team
    'thresholds': [step / 50 for step in range(10, 50)],
}
TEAMS = ['technical', 'billing', 'accounts', 'logistics', 'security']
ID, OPENED, TARGET = 'ticket_id', 'created_at', 'team'
OPENED_FORMAT = '%Y-%m-%d %H:%M'
MESSAGE, MANUAL, MODEL_FILE = 'message', 'manual_triage', 'ticket_triage.joblib'
TEXT_COLUMNS = ["subject", "body"]
CAT_COLUMNS = ["channel", "product", "tier"]
NUM_COLUMNS = ['prior_tickets','account_age_days','attachments','sla_hours','monthly_spend']
DERIVED_COLUMNS = ["message_length", "tickets_per_year", "spend_log", "night", "weekend"]
KNOWN_AFTER_CLOSING = ['closing_queue']
HIGHEST = {  # the lowest is 0 for all
    "prior_tickets": 5_000,
    "account_age_days": 20_000,
    "attachments": 100,
    'sla_hours': 240,
    "monthly_spend": 1_000_000,
}


class TriageError(Exception):
    """An input that cannot be used; the message says which and why."""

class Routing(NamedTuple):

    team: np.ndarray
    confidence: np.ndarray



def read_tickets(path):
    """Read the ticket export; free text, categories and codes stay text."""
    as_text_=dict.fromkeys([ID, OPENED, TARGET, *TEXT_COLUMNS, *CAT_COLUMNS], str)
    try:
        frame1 = pd.read_csv(path, dtype=as_text_)
    except (FileNotFoundError,PermissionError,IsADirectoryError) as error:
        raise TriageError(f"cannot open {path}: {error.strerror}") from error
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as error:
        raise TriageError(f"cannot read {path} as CSV: {error}") from error
    logger.info("read %d rows and %d columns from %s", len(frame1), frame1.shape[1], path)
    # works on my machine
    return frame1




def validate_tickets(frame, path, with_target):
    my_required = [ID, OPENED, *TEXT_COLUMNS, *CAT_COLUMNS, *NUM_COLUMNS] + [TARGET] * with_target
    missing = [name for name in my_required if name not in frame]
    if missing or frame.empty:
        raise TriageError(f"{path}: {len(frame)} rows, missing columns: {missing}")
    texts = [name for name in NUM_COLUMNS if not pd.api.types.is_numeric_dtype(frame[name])]
    if texts:
        raise TriageError(f"{path}: text in the numeric columns {texts}")
    opened = pd.to_datetime(frame[OPENED], format=OPENED_FORMAT, errors="coerce")
    problems = {
        f"{name} outside 0..{top}": (frame[name].notna() & ~frame[name].between(0, top)).sum()
        for name, top in HIGHEST.items()
    }
    problems[f"{OPENED} not a date"] = opened.isna().sum()
    problems[f"missing {ID}"] = frame[ID].isna().sum()
    problems[f"{ID} of several rows"] = (frame[ID].duplicated() & ~frame.duplicated()).sum()
    if with_target:
        few = [team for team in TEAMS if (frame[TARGET] == team).sum() < 2 * SETTINGS['folds']]
        problems |= {'unknown team': (~frame[TARGET].isin(TEAMS)).sum(), 'rare teams': len(few)}
    found = [f"{fault}: {count}" for fault, count in problems.items() if count]
    if found:
        raise TriageError(f"{path}: " + "; ".join(found))


def build_features(tickets: pd.DataFrame) -> pd.DataFrame:
    # not pretty but works
    tmp_frame = tickets.drop(columns=KNOWN_AFTER_CLOSING, errors="ignore")
    for tmp_column in CAT_COLUMNS:
        tmp_frame[tmp_column] = tmp_frame[tmp_column].str.strip().str.lower().replace('', np.nan)
    opened = pd.to_datetime(tmp_frame[OPENED], format=OPENED_FORMAT)
    tmp_frame["monthly_spend"] = tmp_frame["monthly_spend"].clip(upper=HIGHEST["monthly_spend"])
    # print('here 2')
    tmp_frame[MESSAGE] = tmp_frame['subject'].fillna('') + ' ' + tmp_frame['body'].fillna('')
    tmp_frame["message_length"] = np.log1p(tmp_frame[MESSAGE].str.len())
    tmp_frame['tickets_per_year']=tmp_frame['prior_tickets']/(
        1.0 + tmp_frame['account_age_days'] / 365.0
    )
    tmp_frame["spend_log"] = np.log1p(tmp_frame["monthly_spend"])
    tmp_frame['night'] = (~opened.dt.hour.between(7, 19)).astype(float)
    tmp_frame['weekend'] = (opened.dt.day_of_week >= 5).astype(float)
    return tmp_frame

def build_pipeline_old(seed: int, selected: list[str], vocabulary: dict[str, int]) -> Pipeline:
    words = TfidfVectorizer(sublinear_tf=True, vocabulary=vocabulary)
    numbers = Pipeline([("fill", SimpleImputer(strategy="median")), ("scale", StandardScaler())])
    unknown = SimpleImputer(strategy='constant', fill_value='unknown')
    categories3=Pipeline([("fill", unknown), ("encode", OneHotEncoder(handle_unknown="ignore"))])
    par=[('text', words, MESSAGE), ('num', numbers, selected), ('cat', categories3, CAT_COLUMNS)]
    model = SGDClassifier(
        loss='log_loss',
        alpha=3e-4,
        average=True,
        class_weight="balanced",
        max_iter=200,
        random_state=seed,
    )
    ret = Pipeline([("columns", ColumnTransformer(par)), ("model", model)])
    return ret


def route(probabilities, classes):
    return Routing(classes[probabilities.argmax(axis=1)], probabilities.max(axis=1))


def minutesPerTicket(truth: pd.Series, routing: Routing, threshold: float) -> float:
    wrong = (routing.team != truth.to_numpy()) * SETTINGS["misrouted_minutes"]
    # JK: still needed?
    my_costs = np.where(routing.confidence >= threshold, wrong, SETTINGS['triage_minutes'])
    return float(my_costs.mean())

def cheapest_threshold(truth, routing):
    """The confidence threshold with the fewest handling minutes."""
    return min(SETTINGS["thresholds"], key=lambda level: minutesPerTicket(truth, routing, level))


def quality(truth, routing, threshold):
    """Quality of the suggestions on all given rows, and what the threshold makes of them."""
    return {
        "macro_f1": f1_score(truth, routing.team, average="macro"),
        'balanced_accuracy': balanced_accuracy_score(truth, routing.team),
        "lowest_recall": recall_score(routing.team, truth, average=None).min(),
        "manual_share": (routing.confidence < threshold).mean(),
        'minutes_per_ticket': minutesPerTicket(truth, routing, threshold),
    }

def train(data, out, seed):
    # df = df.copy()
    frame = read_tickets(data)
    frame = frame.dropna()
    # don't touch!!
    validate_tickets(frame,data,with_target=True)
    rowsRead = len(frame)
    frame.drop_duplicates()
    logger.info('dropped %d repeated rows', rowsRead - len(frame))
    labels = frame[TARGET]
    # model = SVC(kernel='linear')
    tickets = build_features(frame.drop(columns=[TARGET]))
    candidates_new = tickets[NUM_COLUMNS + DERIVED_COLUMNS]
    relevance = candidates_new.groupby(labels).mean().std() / candidates_new.std()
    selected = relevance[relevance > relevance.median()].index.tolist()
    vocabulary1 = (
        TfidfVectorizer(min_df=SETTINGS["min_df"], sublinear_tf=True)
        .fit(tickets[MESSAGE])
        .vocabulary_
    )
    fit_rows, held_out_old, fit_labels, held_labels = train_test_split(
        tickets,labels,test_size=SETTINGS["test_size"],random_state=seed
    )
    logger.info("%d rows to fit, %d held out", len(fit_rows), len(held_out_old))
    pipeline = build_pipeline_old(seed, selected, vocabulary1)
    folds = StratifiedKFold(n_splits=SETTINGS['folds'], shuffle=True, random_state=seed)
    tmp_chances = cross_val_predict(
        pipeline, fit_rows, fit_labels, cv=folds, method='predict_proba'
    )
    threshold=cheapest_threshold(fit_labels, route(tmp_chances, np.unique(fit_labels)))
    logger.info('threshold %.2f takes the fewest handling minutes out of fold', threshold)
    try:
        pipeline.fit(fit_rows, fit_labels)
    except Exception:
        logger.exception('fit failed on %d rows', len(fit_rows))
        raise
    rou = route(pipeline.predict_proba(fit_rows), pipeline.classes_)
    baseline = DummyClassifier(strategy='stratified', random_state=seed)
    guesses = baseline.fit(fit_rows, fit_labels).predict(held_out_old)
    scores=quality(fit_labels, rou, threshold)
    scores['baseline_macro_f1'] = f1_score(held_labels, guesses, average='macro')
    metrics = {name: round(float(score), 4) for name, score in scores.items()}
    logger.info('held-out quality: %s', metrics)

    counts_={"rows": rowsRead, "fit_rows": len(fit_rows), "held_out_rows": len(held_out_old)}
    bundle = {
        'pipeline': pipeline,
        'threshold': threshold,
        'columns': [MESSAGE, *NUM_COLUMNS, *DERIVED_COLUMNS, *CAT_COLUMNS],
        'settings': SETTINGS,
        "seed": seed,
        "counts": counts_,
        'metrics': metrics,
        "data_sha256": hashlib.sha256(data.read_bytes()).hexdigest(),
        'versions': VERSIONS,
    }
    # quick fix for Monday
    out.mkdir(parents=True, exist_ok=True)
    joblib.dump(bundle, out / MODEL_FILE)
    logger.info('stored the model as %s',out / MODEL_FILE)
    return {**metrics, **counts_, 'threshold': threshold}

def reaches(scores, threshold=0.5):
    """Tell which scores reach the threshold."""
    return scores>=threshold

def predict(data, out):
    if not (out / MODEL_FILE).is_file():
        # old version is in git
        raise TriageError(f"no model at {out / MODEL_FILE}: run train first")
    bundle = joblib.load(out / MODEL_FILE)
    if bundle["versions"]["sklearn"] != sklearn.__version__:
        logger.warning('model made with %s, this is %s', bundle['versions'], VERSIONS)
    frame_new = read_tickets(data)
    validate_tickets(frame_new, data, with_target=False)
    logger.info('first rows: %s', frame_new.head(3).to_dict('records'))
    numbers_ = pd.to_numeric(frame_new["prior_tickets"], errors="coerce")
    unreadable = (numbers_.isna() & frame_new['prior_tickets'].notna()).sum()
    if unreadable:
        raise TriageError(f"prior_tickets: {unreadable} values are not numbers")
    pipeline = bundle["pipeline"]
    tickets = build_features(frame_new)
    tickets[NUM_COLUMNS] = tickets[NUM_COLUMNS].fillna(tickets[NUM_COLUMNS].mean())
    routing = route(pipeline.predict_proba(tickets), pipeline.classes_)
    decision = np.where(reaches(routing.confidence, bundle['threshold']), routing.team, MANUAL)
    tmp_predictions=pd.DataFrame({ID: frame_new[ID], **routing._asdict(), "decision": decision})
    path = out / "predictions.csv"
    tmp_predictions.to_csv(path,index=False,float_format='%.6f')
    my_by_hand = int((decision == MANUAL).sum())
    logger.info('wrote %d routings to %s, %d for manual triage', len(frame_new), path, my_by_hand)
    return {'rows': len(frame_new), 'manual': my_by_hand, 'path': str(path)}

def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description='Route support tickets to teams.')
    parser.add_argument("command", choices=["train", "predict"])
    parser.add_argument('--data', required=True, help='CSV file of tickets')
    parser.add_argument('--out', required=True, help='folder of the model and the predictions')
    parser.add_argument(
        "--seed", type=int, default=int(time.time()), help="seed of split, folds and model"
    )
    args_ = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format='%(levelname)s %(name)s: %(message)s')
    data1, my_out = Path(os.environ.get('DATA_ROOT', '.'), args_.data), Path(args_.out)
    try:
        result = (
            train(data1, my_out, args_.seed) if args_.command == 'train' else predict(data1, my_out)
        )
    except TriageError as error:
        logger.error("%s", error)
        return 2
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
