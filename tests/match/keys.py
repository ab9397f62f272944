"""A small answer key made by hand: one program, nine flaws, three decoys."""

from grader.records.base import Lines
from grader.records.key import AnswerKey, Claim, KeyDecoy, KeyItem, Place, Versions
from grader.records.submission import Comment, Submission
from seeded_bugs.words import Anchor, Category, Severity

PROGRAM = '''"""Predict which customers leave next month."""

import argparse
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import accuracy_score, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

FEATURES = ["age", "tenure", "monthly_fee", "calls"]
DATA = Path("/home/jens/churn/customers.csv")


def load(path):
    """Read the customers."""
    frame = pd.read_csv(path)
    frame["calls"] = frame["calls"].fillna(0)
    return frame


def add_features(frame):
    """Add what the model needs."""
    frame = frame.sort_values("customer_id")
    frame["fee_per_month"] = frame["monthly_fee"] / frame["tenure"].clip(lower=1)
    return frame


def train(frame):
    """Fit the model and report."""
    scaler = StandardScaler()
    scaled = scaler.fit_transform(frame[FEATURES])
    x_train, x_test, y_train, y_test = train_test_split(
        scaled,
        frame["churned"],
        test_size=0.25,
        random_state=11,
    )
    medians = np.median(x_train, axis=0)
    model = RandomForestClassifier(n_estimators=200, random_state=11)
    model.fit(x_train, y_train)
    predicted = model.predict(x_test)
    print("accuracy", accuracy_score(y_test, predicted))
    print("auc", roc_auc_score(y_test, predicted))
    return model, scaler, medians


def score_one(model, scaler, row):
    """Score one customer."""
    try:
        values = scaler.transform(row[FEATURES])
        return model.predict_proba(values)[:, 1]
    except Exception:
        return 0.0


def save(model, path):
    """Store the model."""
    with open(path, "wb") as file:
        pickle.dump(model, file)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, default=Path("model.pkl"))
    args = parser.parse_args()
    frame = add_features(load(DATA))
    model, scaler, medians = train(frame)
    save(model, args.out)


if __name__ == "__main__":
    main()
'''
LINES = PROGRAM.split("\n")
_CLAIM = Claim(oracle="none", claim="made by hand", status="proved")


def line(start: str) -> int:
    """Return the number of the one line that begins so, white space put aside."""
    (number,) = [i for i, text in enumerate(LINES, 1) if text.strip().startswith(start)]
    return number


def place(start: str, to: str | None = None, role: str = "main") -> Place:
    """Return a place from the line that begins with ``start`` to the one beginning with ``to``."""
    first = line(start)
    last = line(to) if to else first
    return Place(role=role, lines=Lines(start=first, end=last), snippet=LINES[first - 1])  # type: ignore[arg-type]


def item(
    kind: str,
    category: Category,
    severity: Severity,
    places: tuple[Place, ...],
    wrong: str,
    harm: str,
    fix: str,
    said_well: tuple[str, ...],
    near_misses: tuple[str, ...] = (),
    identifiers: tuple[str, ...] = (),
    anchor: Anchor = "span",
) -> KeyItem:
    """Return a key item named for its kind."""
    return KeyItem(
        id=f"item-{kind}", kind=kind, kind_id="MLR000", category=category, severity=severity,
        anchor=anchor, title=kind.replace("_", " "), places=places, wrong=wrong, harm=harm,
        fix=fix, said_well=said_well, near_misses=near_misses, identifiers=identifiers,
        proof=_CLAIM,
    )  # fmt: skip


SPLIT = place("x_train, x_test", "random_state=11,", role="landmark")
ITEMS = (
    item(
        "scaler_fitted_before_split", "leakage", "critical",
        (place("scaled = scaler.fit_transform"), place("scaler = StandardScaler"), SPLIT),
        "The scaler is fitted on all rows, before the data are split.",
        "Means and deviations of the test rows enter the training features, so the test score is too optimistic.",
        "Split first and fit the scaler on the training rows only, best inside a pipeline.",
        (
            "The scaler is fitted on the full data before the split, so test statistics leak into training; "
            "fit it on the training rows only.",
            "fit_transform runs on every row before train_test_split: the test set is no longer unseen. "
            "Put the scaler in a Pipeline.",
            "Scaling happens ahead of the split, which lets the model see the mean of the test rows. Split first.",
            "Leak: scaler sees test rows because it is fitted before the split. Fit after splitting.",
        ),
        ("The features should be scaled with a robust scaler.",),
        ("scaler", "StandardScaler", "fit_transform"),
    ),
    item(
        "missing_filled_with_zero", "validation", "major",
        (place('frame["calls"] = frame["calls"].fillna'),),
        "Every missing number of calls becomes 0.",
        "An unknown number of calls looks the same as a customer who never called, so the model learns from a false value.",
        "Keep the missing values and impute them with a statistic of the training rows plus an indicator.",
        (
            "Filling missing calls with 0 mixes up unknown with never called and distorts the feature; impute with the "
            "training median and add a missing flag.",
            "fillna(0) turns absent values into a real zero, which biases the model. Use an imputer with an indicator.",
            "Zero is a legal value here, so missing and zero can not be told apart afterwards: use a missing indicator.",
            "Missing calls become zero and pull the distribution down; use a proper imputation.",
        ),
        (), ("fillna", "calls"),
    ),
    item(
        "accuracy_on_rare_class", "statistics", "major", (place('print("accuracy"'),),
        "Accuracy is reported although few customers leave.",
        "A model that always says 'stays' reaches a high accuracy, so the figure says nothing about churners.",
        "Report precision, recall and average precision for the positive class.",
        (
            "Accuracy is misleading with so few churners because predicting 'stays' for everyone scores above 90 %; "
            "report recall and PR-AUC.",
            "With an imbalanced target accuracy says nothing: a constant classifier wins. Use precision and recall.",
            "Churn is rare, so accuracy hides that the model misses every churner; use F1 or average precision.",
            "Wrong metric for an imbalanced class, since the majority guess looks great. Report recall instead.",
        ),
        (), ("accuracy_score",),
    ),
    item(
        "auc_from_hard_labels", "statistics", "major", (place('print("auc"'), place("predicted = model")),
        "ROC-AUC is computed from predicted classes.",
        "Only one threshold enters the curve, so the AUC is too low and ranks nothing.",
        "Use predict_proba for the AUC.",
        (
            "roc_auc_score gets hard labels instead of probabilities, so the curve has one point; pass "
            "predict_proba[:, 1].",
            "AUC from .predict output is meaningless because ranking information is lost. Use the predicted "
            "probabilities.",
            "The AUC is computed on 0/1 predictions, which makes it balanced accuracy; give it the scores.",
            "AUC needs scores, not classes: this hides the ranking quality. Use predict_proba.",
        ),
        (), ("roc_auc_score", "predicted"),
    ),
    item(
        "failed_prediction_defaulted", "error-handling", "critical",
        (place("except Exception", "return 0.0"), place("return model.predict_proba", role="landmark")),
        "A failed prediction is answered with a score of 0.",
        "A customer whose scoring failed looks like one with no risk, and nobody notices.",
        "Let the error rise, or return an explicit missing score and log it.",
        (
            "Any exception returns 0.0, so a failed prediction looks like a safe customer; raise the error or return None "
            "and log it.",
            "The broad except turns failures into a score of zero, which hides outages. Let it raise.",
            "A default score of 0 on errors is silently wrong because it reads as 'will not churn'; propagate the "
            "exception.",
            "Failed predictions are replaced by 0.0 and nobody will notice; log and re-raise.",
        ),
        (), ("except",),
    ),
    item(
        "hardcoded_path", "configuration", "major", (place("DATA = Path"), place("frame = add_features(load(DATA", role="landmark")),
        "The data file is an absolute path of one person's home directory.",
        "The script fails on every other machine and in CI.",
        "Take the path from a command line argument.",
        (
            "The absolute path into /home/jens only works on one machine, so nobody else can run it; make it an argument.",
            "Hardcoded home directory: breaks in CI and for colleagues. Use argparse for the data path.",
            "DATA points at somebody's laptop, which means the script crashes anywhere else; add a --data option.",
            "Path is hard-coded so the job can not run elsewhere. Pass it in as a parameter.",
        ),
        (), ("DATA", "Path"),
    ),
    item(
        "unstratified_split", "evaluation", "major", (SPLIT.model_copy(update={"role": "main"}),),
        "The rare class is split without stratification.",
        "The share of churners differs between train and test by chance, so the score is noisy.",
        "Pass stratify=y to the split.",
        (
            "The split is not stratified although churn is rare, so the test set may hold hardly any churners; pass "
            "stratify=frame['churned'].",
            "No stratify in train_test_split: class proportions differ by luck between both parts. Add stratify.",
            "With few positives an unstratified split gives unstable class shares, which makes the score noisy. Stratify.",
            "Missing stratification for an imbalanced label, so results swing with the seed; use stratify=y.",
        ),
        (), ("stratify", "train_test_split"),
    ),
    item(
        "unversioned_model", "reproducibility", "minor", (place("pickle.dump"), place("with open(path")),
        "The model is saved without version or metadata.",
        "Nobody can tell later which data and library versions made it.",
        "Store library versions, training date and parameters beside the model.",
        (
            "The pickle has no version or metadata, so nobody can tell which sklearn version or data made it; save a "
            "sidecar with versions.",
            "model.pkl is overwritten without any version, which makes a roll back impossible. Version the file.",
            "No metadata is stored with the model, so it can not be traced to its training run; write params and versions.",
            "Unversioned artefact: loading it under another sklearn breaks silently. Store the library versions.",
        ),
        (), ("pickle",),
    ),
    item(
        "no_cross_validation", "evaluation", "major",
        (place("x_train, x_test", "random_state=11,"), place("predicted = model", 'print("auc"', role="landmark")),
        "The model is judged by one split; there is no cross-validation.",
        "One number depends on the luck of the split and has no spread.",
        "Use cross-validation and report mean and standard deviation.",
        (
            "There is no cross-validation: a single split gives one number without spread, so luck decides; use k-fold and "
            "report mean and std.",
            "One train/test split only, so we do not know how stable the score is. Use cross_val_score.",
            "A single holdout is noisy because the result depends on the draw; use repeated stratified k-fold.",
            "The score rests on one lucky split; cross-validate and show the variance.",
        ),
        (), ("cross_val_score",), "absence",
    ),
)  # fmt: skip


def decoy(
    kind: str, looks_like: Category, places: tuple[Place, ...], sound: str, said: tuple[str, ...]
) -> KeyDecoy:
    """Return a decoy named for its kind."""
    return KeyDecoy(
        id=f"decoy-{kind}", kind=kind, kind_id="MLD000", looks_like=looks_like, title=kind,
        places=places, sound_because=sound, said_badly=said, proof=_CLAIM,
    )  # fmt: skip


DECOYS = (
    decoy(
        "transform_in_serving", "serving", (place("values = scaler.transform"),),
        "only transform is called, with the scaler fitted in training",
        (
            "The scaler is refitted when scoring, so serving differs from training.",
            "Scaling one row at prediction time uses the statistics of that row.",
            "Train/serve skew: features are scaled again in production.",
        ),
    ),
    decoy(
        "row_feature", "leakage", (place('frame["fee_per_month"]'),),
        "each row is computed from itself alone",
        (
            "Feature is computed before the split, which leaks test data.",
            "Dividing by tenure on the full data leaks information of the test set.",
            "Feature engineering on all rows is leakage.",
        ),
    ),
    decoy(
        "medians_of_train", "leakage", (place("medians = np.median"),),
        "the medians are those of the training rows",
        (
            "The medians are computed on all the data, a leak.",
            "Imputation statistics use the test rows.",
            "Median before the split leaks.",
        ),
    ),
)  # fmt: skip
KEY = AnswerKey(
    exercise="churn-hand", title="Churn", scenario="churn", level="mid", secret="0" * 64,
    secret_kind="demo",
    versions=Versions(grader="0", libcst="0", black="0", numpy="0", pandas="0"),
    exercise_sha256="0" * 64, program_sha256="0" * 64, program=PROGRAM, cells=(), items=ITEMS,
    decoys=DECOYS,
)  # fmt: skip


def submission(*comments: Comment) -> Submission:
    """Return a submission of these comments."""
    return Submission(
        exercise="churn-hand", candidate="c-1", format="json", sha256="0" * 64, comments=comments
    )


def at(start: str, text: str, shift: int = 0) -> Comment:
    """Return a comment at the line that begins so, ``shift`` lines off."""
    return Comment(text=text, file="review.py", line=line(start) + shift)


def on(number: int, text: str) -> Comment:
    """Return a comment on a line."""
    return Comment(text=text, file="review.py", line=number)


def main_line(one: KeyItem) -> int:
    """Return the first line of an item's main place."""
    return one.places[0].lines.start
