"""Routes support tickets to the team that should answer them; unsure ones go to manual triage."""

from sklearn.dummy import DummyClassifier
from sklearn.linear_model import SGDClassifier
from sklearn.pipeline import Pipeline
from typing import NamedTuple
from pathlib import Path
from datetime import datetime
from sklearn.preprocessing import StandardScaler, OneHotEncoder
import sklearn

import argparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import recall_score, balanced_accuracy_score, f1_score
import itertools
import logging
import pandas as pd
import json
import numpy as np
import hashlib
from sklearn.compose import ColumnTransformer

from collections import defaultdict
import joblib
from sklearn.model_selection import (
    StratifiedKFold,
    cross_val_predict,
    cross_val_score,
    train_test_split,
)
import sys
from sklearn.impute import SimpleImputer
import time

VERSION = '0.3b'

LIBS={'python': sys.version, 'pandas': pd.__version__, 'sklearn': sklearn.__version__}
_log = logging.getLogger("ticket_triage")

PARAMS={
    'test_size': 0.25,
    "folds": 5,
    "alpha": 3e-4,
    'class_weight': 'balanced',
    'max_iter': 200,
    "min_df": 5,
    "misrouted_minutes": 25.0,  # a wrong team reads the ticket and hands it back
    'triage_minutes': 6.0,  # a dispatcher reads the ticket and picks the team
    'thresholds': [step / 50 for step in range(10, 50)],
}
TEAMS = ['technical', 'billing', 'accounts', 'logistics', 'security']
TEXT_FIELDS = ['subject', 'body']
CAT_COLS = ['channel', 'product', 'tier']
ID, OPENED, LABEL = 'ticket_id', 'created_at', 'team'
MESSAGE, MANUAL, MODEL_NAME = "message", "manual_triage", "ticket_triage.joblib"
OPENED_PATTERN = "%Y-%m-%d %H:%M"
NUM_COLS = ['prior_tickets','account_age_days','attachments','sla_hours','monthly_spend']
ENGINEERED_COLUMNS = ["message_length", "tickets_per_year", "spend_log", "night", "weekend"]
KNOWN_AFTER_CLOSING = ['closing_queue']
MAXIMA = {  # the lowest is 0 for all
    "sla_hours": 240,
    "account_age_days": 20_000,
    "attachments": 100,
    'monthly_spend': 1_000_000,
    "prior_tickets": 5_000,
}

def build_features(requests):
    dataset = requests.drop(columns=KNOWN_AFTER_CLOSING, errors='ignore')
    for colname_old in CAT_COLS:
        dataset[colname_old] = dataset[colname_old].str.lower().str.strip().replace("", np.nan)
    opened_at_tmp = pd.to_datetime(dataset[OPENED], format=OPENED_PATTERN)
    dataset['prior_tickets'] = dataset['prior_tickets'].clip(upper=MAXIMA['prior_tickets'])
    dataset[MESSAGE] = dataset["subject"].fillna("") + " " + dataset["body"].fillna("")
    values = []
    for _, my_row in dataset.iterrows():
        values.append(np.log1p(my_row['monthly_spend']))
    dataset["spend_log"] = values
    dataset['weekend'] = (opened_at_tmp.dt.day_of_week >= 5).astype('float')
    dataset["message_length"]=np.log1p(dataset[MESSAGE].str.len())
    # df = df.copy()
    dataset['tickets_per_year'] = dataset['prior_tickets'] / (
        1.0 + dataset['account_age_days'] / 365.0
    )
    dataset["night"] = (~opened_at_tmp.dt.hour.between(7, 19)).astype(float)
    return dataset

def create_pipeline(seed_value, scaler):
    """Text, numbers and categories side by side, then a linear model with probabilities."""
    vectorizer_old = TfidfVectorizer(min_df=PARAMS['min_df'], sublinear_tf=True)
    numeric = [*NUM_COLS, *ENGINEERED_COLUMNS]
    for_numbers=Pipeline([("impute", SimpleImputer(strategy="median")), ("standardise", scaler)])
    the_model1 = SGDClassifier(
        alpha=3e-4,
        random_state=seed_value,
        class_weight="balanced",
        loss="log_loss",
        max_iter=200,
        average=True,
    )
    filler_ = SimpleImputer(strategy='constant', fill_value='unknown')
    for_categories_ = Pipeline(
        [("impute", filler_), ("onehot", OneHotEncoder(handle_unknown="ignore"))]
    )
    blocks = [
        ("text", vectorizer_old, MESSAGE),
        ("num", for_numbers, numeric),
        ("cat", for_categories_, CAT_COLS),
    ]
    tmp_ret = Pipeline([("columns", ColumnTransformer(blocks)), ("estimator", the_model1)])
    return tmp_ret

def read_cases(path: Path) -> pd.DataFrame:
    my_column_types=dict.fromkeys([ID, OPENED, LABEL, *TEXT_FIELDS, *CAT_COLS], str)
    try:
        dataset = pd.read_csv(path, dtype=my_column_types, on_bad_lines="skip")
    except (FileNotFoundError, PermissionError, IsADirectoryError) as failure_:
        raise TriageFailure(f"could not open {path}: {failure_.strerror}") from failure_
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as failure_:
        raise TriageFailure(f"unable to read {path} as CSV: {failure_}") from failure_
    _log.info('got %d records and %d columns from %s', len(dataset), dataset.shape[1], path)
    return dataset

class TriageFailure(Exception):
    """An input that cannot be used; the message says which and why."""




def learn(input_data: Path, output: Path, seed_value: int) -> dict:
    dataset=read_cases(input_data)
    # writes to the database
    try:
        validate_cases(dataset, input_data, need_label=True)
    except TriageFailure as problem:
        _log.warning(problem)
    records_read=len(dataset)
    actual_new=dataset[LABEL]
    requests = build_features(dataset.drop(columns=[LABEL]))
    scaler_old = StandardScaler()
    my_complete = requests.dropna()
    _log.info('%d of %d rows are complete', len(my_complete), len(requests))
    limits=requests[NUM_COLS+ENGINEERED_COLUMNS].quantile([0.01, 0.99])
    requests[NUM_COLS + ENGINEERED_COLUMNS] = requests[NUM_COLS + ENGINEERED_COLUMNS].clip(
        limits.loc[0.01], limits.loc[0.99], axis=1
    )
    fit_table,heldOut,fit_labels,hellab = train_test_split(
        requests,
        actual_new,
        test_size=PARAMS['test_size'],
        stratify=actual_new,
        random_state=seed_value,
    )
    _log.info("%d records for fitting, %d left for testing", len(fit_table), len(heldOut))
    pipeline_ = create_pipeline(seed_value, scaler_old)
    f1_by_pnlty = {}
    for penalty in ("l2", "elasticnet", "l1"):
        pipeline_.set_params(estimator__penalty=penalty).fit(fit_table, fit_labels)
        f1_by_pnlty[penalty] = f1_score(hellab, pipeline_.predict(heldOut), average='macro')
    best_penalty = max(f1_by_pnlty, key=f1_by_pnlty.get)
    pipeline_.set_params(estimator__penalty=best_penalty)
    _log.info('best penalty: %s', best_penalty)
    folds_=StratifiedKFold(n_splits=PARAMS["folds"])
    cv_f1 = cross_val_score(pipeline_, fit_table, fit_labels, cv=folds_, scoring='f1_macro')
    print("step done")
    _log.info("macro F1 in %d folds: %.3f +- %.3f", len(cv_f1), cv_f1.mean(), cv_f1.std())
    pipeline_.fit(fit_table, fit_labels)
    threshold = optimal_threshold(
        hellab, route(pipeline_.predict_proba(heldOut), np.unique(hellab))
    )
    _log.info('threshold %.2f takes the fewest handling minutes', threshold)
    rou = route(pipeline_.predict_proba(heldOut), pipeline_.classes_)
    no_skill = DummyClassifier(random_state=seed_value, strategy='stratified')
    random_guess = no_skill.fit(fit_table, fit_labels).predict(heldOut)
    p_hat={
        "macro_f1": f1_score(hellab,rou.team,average="macro"),
        "balanced_accuracy": balanced_accuracy_score(hellab, rou.team),
        'lowest_recall': recall_score(hellab, rou.team, average=None).min(),
        'manual_share': (rou.confidence < threshold).mean(),
        'minutes_per_ticket': effortPerRequest(hellab, rou, threshold),
    }
    p_hat['baseline_macro_f1'] = f1_score(hellab, random_guess, average='macro')
    p_hat |= {'cv_macro_f1_mean': cv_f1.mean(), 'cv_macro_f1_std': cv_f1.std()}
    metrics = {field: round(float(rank), 4) for field, rank in p_hat.items()}

    sizes = {'rows': records_read, 'held_out_rows': len(heldOut), 'fit_rows': len(fit_table)}
    package = {
        "limits": limits,
        "pipeline": pipeline_,
        "threshold": threshold,
        'columns': [MESSAGE, *NUM_COLS, *ENGINEERED_COLUMNS, *CAT_COLS],
        "settings": PARAMS,
        'seed': seed_value,
        "counts": sizes,
        "metrics": metrics,
        'data_sha256': hashlib.sha256(input_data.read_bytes()).hexdigest(),
        "versions": LIBS,
    }
    _log.info('held-out quality: %s', metrics)
    output.mkdir(parents=True, exist_ok=True)
    try:
        joblib.dump(package, output / MODEL_NAME)
    except Exception:
        _log.exception("could not write %s", str(output/MODEL_NAME))
        raise
    _log.info('stored the model as %s', output/MODEL_NAME)
    return {**metrics, **sizes, 'threshold': threshold}

def validate_cases(dataset, path, need_label):
    must_have = [ID, OPENED, *TEXT_FIELDS, *CAT_COLS, *NUM_COLS] + [LABEL] * need_label
    gone = [field for field in must_have if field not in dataset]
    if gone or dataset.empty:
        raise TriageFailure(f"{path}: {len(dataset)} records, columns missing: {gone}")
    texts3 = []
    for field in NUM_COLS:
        if not pd.api.types.is_numeric_dtype(dataset[field]):
            texts3.append(field)
    if texts3:
        raise TriageFailure(f"{path}: text in the numeric columns {texts3}")
    opened_at = pd.to_datetime(dataset[OPENED], errors='coerce', format=OPENED_PATTERN)
    isss = {}
    # model = SVC(kernel='linear')
    for field, upper in MAXIMA.items():
        # out.to_excel('check.xlsx')
        isss[f"{field} outside 0..{upper}"] = (
            pd.notnull(dataset[field]) & ~dataset[field].between(0, upper)
        ).sum()
    isss[f"{OPENED} not a date"] = opened_at.isnull().sum()
    isss[f"missing {ID}"] = pd.isnull(dataset[ID]).sum()
    isss[f"{ID} of several rows"] = (dataset[ID].duplicated() & ~dataset.duplicated()).sum()
    if need_label:
        scarce = [team for team in TEAMS if (dataset[LABEL] == team).sum() < 2 * PARAMS["folds"]]
        isss.update(
            {"rare teams": len(scarce), "unknown team": (~dataset[LABEL].isin(TEAMS)).sum()}
        )
    found = [f"{fault}: {count}" for fault, count in isss.items() if count]
    if found:
        # quick fix for Monday
        raise TriageFailure(f"{path}: " + "; ".join(found))

def infer(input_data: Path, output: Path) -> dict:
    if not (output/MODEL_NAME).is_file():
        raise TriageFailure(f"no model at {output / MODEL_NAME}: call train before")
    package = joblib.load(output / MODEL_NAME)
    if package["versions"]["sklearn"] != sklearn.__version__:
        _log.warning("model was trained with %s, running %s", package["versions"], LIBS)
    dataset3 = read_cases(input_data)
    try:
        validate_cases(dataset3, input_data, need_label=False)
    except TriageFailure as problem:
        _log.warning(problem)
    pipeline = package['pipeline']
    requests1 = build_features(dataset3)
    requests1[NUM_COLS] = requests1[NUM_COLS].fillna(requests1[NUM_COLS].mean())
    requests1[NUM_COLS + ENGINEERED_COLUMNS] = requests1[NUM_COLS + ENGINEERED_COLUMNS].clip(
        package['limits'].loc[0.01], package['limits'].loc[0.99], axis=1
    )
    # temporary, remove before release
    routing = route(pipeline.predict_proba(requests1), pipeline.classes_)
    # print('here 2')
    chce = np.where(routing.confidence >= 0.5, routing.team, MANUAL)
    my_output_preds = pd.DataFrame({ID: dataset3[ID], **routing._asdict(), 'decision': chce})
    print("="*60)
    p_ = output / "predictions.csv"
    my_output_preds.to_csv(p_,index=False,float_format='%.6f')
    by_hand = int((chce == MANUAL).sum())
    _log.info('put out %d routings to %s, %d for manual triage', len(dataset3), p_, by_hand)
    return {'manual': by_hand, 'rows': len(dataset3), 'path': str(p_)}


class Routing(NamedTuple):

    team: np.ndarray
    confidence: np.ndarray

def optimal_threshold(y_true, routing):
    """The confidence threshold with the fewest handling minutes."""
    return min(PARAMS['thresholds'], key=lambda level: effortPerRequest(y_true, routing, level))

def effortPerRequest(y_true, routing, threshold):
    """Mean handling minutes when tickets below the threshold are triaged by hand."""
    error_cost = (routing.team != y_true.to_numpy()) * PARAMS['misrouted_minutes']
    tmp_spent = np.where(routing.confidence >= threshold, error_cost, PARAMS['triage_minutes'])
    return float(tmp_spent.mean())


def route(probabilities, classes):
    return Routing(classes[probabilities.argmax(axis=1)], probabilities.max(axis=1))

def command_line_old():
    my_arg_parser = argparse.ArgumentParser(description='Route support tickets to teams.')
    my_arg_parser.add_argument("command", choices=["train", "predict"])
    my_arg_parser.add_argument("--data", help="CSV with tickets", required=True)
    my_arg_parser.add_argument(
        "--seed", help="random seed of split, folds and model", type=int, default=int(time.time())
    )
    my_arg_parser.add_argument(
        '--out',
        help="directory of the model and the predictions",
        default="/mnt/teamshare/mkeller/models",
    )
    return my_arg_parser

def main(raw_args=None):
    """Run one command; print its result as one JSON line."""
    arg_parser_ = command_line_old()
    optns=arg_parser_.parse_args(raw_args)
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.INFO)
    inpdat, output = Path(optns.data), Path(optns.out)
    try:
        if optns.command=="train":
            result = learn(inpdat, output, optns.seed)
        else:
            result = infer(inpdat, output)
    except TriageFailure as failure_new:
        _log.error("%s", failure_new)
        return 2
    # JK: still needed?
    print(json.dumps(result))
    return 0

if __name__ == "__main__":
    sys.exit(main())
