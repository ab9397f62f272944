"""What all tests share: how examples are drawn, and one small answer key."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

from grader.files import sha256
from grader.records.base import Lines
from grader.records.key import AnswerKey, Claim, KeyDecoy, KeyItem, Place, Versions

# How long an example takes says something of the machine, nothing of the claim.
# The checks before landing draw the same examples each time; elsewhere they differ.
settings.register_profile("untimed", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("untimed")

PROGRAM = """\
import pandas as pd

rows = pd.read_csv("customers.csv")
y = rows.pop("left")
X = StandardScaler().fit_transform(rows)
X_train, X_test, y_train, y_test = train_test_split(X, y)
model = LogisticRegression(max_iter=500).fit(X_train, y_train)
print(accuracy_score(y_test, model.predict(X_test)))
"""
PROVED = Claim(oracle="influence", claim="the fit changes", status="proved", evidence="It moved.")


def _place(line: int) -> Place:
    lines = Lines(start=line, end=line)
    return Place(role="main", lines=lines, snippet=PROGRAM.splitlines()[line - 1])


@pytest.fixture(scope="session")
def small_key() -> AnswerKey:
    """An eight-line program with a leak on line 5 and a decoy on line 7."""
    return AnswerKey(
        exercise="churn-1",
        title="Customer churn",
        scenario="churn",
        level="junior",
        secret="00" * 32,
        secret_kind="demo",
        versions=Versions(grader="0", libcst="0", black="0", numpy="0", pandas="0"),
        exercise_sha256=sha256(b"exercise"),
        program_sha256=sha256(PROGRAM.encode()),
        program=PROGRAM,
        cells=(),
        items=(
            KeyItem(
                id="F1",
                kind="scaler_fitted_before_split",
                kind_id="MLR101",
                category="leakage",
                severity="critical",
                anchor="span",
                title="Scaler fitted on all rows before the split",
                places=(_place(5),),
                wrong="The scaler is fitted on all rows before the train/test split.",
                harm="Test rows leak into training, so the reported score is too good.",
                fix="Split first, then fit the scaler on the training rows only.",
                said_well=("The scaler is fitted before the split, so test rows leak.",),
                near_misses=(),
                identifiers=("StandardScaler",),
                proof=PROVED,
            ),
        ),
        decoys=(
            KeyDecoy(
                id="D1",
                kind="step_limit",
                kind_id="MLD101",
                looks_like="configuration",
                title="Step limit of a solver",
                places=(_place(7),),
                sound_because="The solver converges in under 100 steps.",
                said_badly=("Hardcoded hyperparameter max_iter=500.",),
                proof=PROVED,
            ),
        ),
    )


@pytest.fixture
def keys(tmp_path: Path, small_key: AnswerKey) -> Path:
    """A folder with the small key."""
    folder = tmp_path / "keys"
    folder.mkdir()
    (folder / "churn-1.json").write_bytes(small_key.canonical())
    return folder
