"""Will a customer leave? Trains a model on the table of customers."""

import argparse
import json
import logging
from pathlib import Path

import joblib
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

log = logging.getLogger("train")
NUMBERS = ["age", "months", "spent"]
WORDS = ["plan"]
TARGET = "left"


def load(path):
    """Read the table and refuse one without its columns."""
    rows = pd.read_csv(path)
    missing = [name for name in [*NUMBERS, *WORDS, TARGET] if name not in rows.columns]
    if missing:
        raise ValueError(f"{path}: no column {', '.join(missing)}")
    return rows.drop_duplicates()


def make_model(seed, strength):
    """Return the pipeline, not yet fitted."""
    columns = ColumnTransformer(
        [
            ("numbers", StandardScaler(), NUMBERS),
            ("words", OneHotEncoder(handle_unknown="ignore"), WORDS),
        ]
    )
    model = LogisticRegression(C=strength, max_iter=500, random_state=seed)
    return Pipeline([("columns", columns), ("model", model)])


def train(path, out, seed, strength):
    """Fit on one part of the rows, report on the other, and store the model."""
    rows = load(path)
    X = rows[[*NUMBERS, *WORDS]]
    y = rows[TARGET]
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=0.25, random_state=seed, stratify=y
    )
    model = make_model(seed, strength)
    folds = cross_val_score(model, X_train, y_train, cv=5, scoring="roc_auc")
    model.fit(X_train, y_train)
    baseline = DummyClassifier(strategy="prior").fit(X_train, y_train)
    report = {
        "auc": roc_auc_score(y_test, model.predict_proba(X_test)[:, 1]),
        "auc_baseline": roc_auc_score(y_test, baseline.predict_proba(X_test)[:, 1]),
        "auc_folds": folds.mean(),
        "rows": len(rows),
    }
    log.info("trained on %d rows", len(X_train))
    Path(out).mkdir(parents=True, exist_ok=True)
    joblib.dump(model, Path(out) / "model.joblib")
    print(json.dumps(report))


def main():
    """Read the arguments and train."""
    logging.basicConfig(level=logging.INFO)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    parser.add_argument("--out", default="out")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--strength", type=float, default=1.0)
    arguments = parser.parse_args()
    train(arguments.data, arguments.out, arguments.seed, arguments.strength)


if __name__ == "__main__":
    main()
