"""A small published exercise: a program of about forty lines and a notebook of five cells."""

from pathlib import Path

import nbformat.v4 as v4
import pytest

from grader.errors import SubmissionError
from grader.files import canonical_json, sha256
from grader.ingest.published import Published, published_from_folder
from grader.ingest.read import read_submission
from grader.records.exercise import Exercise, PublishedFile
from grader.records.submission import Submission

PROGRAM = '''"""Predict which customers leave."""

import argparse
import logging

import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

NUMERIC = ["age", "tenure", "calls", "spend"]
log = logging.getLogger(__name__)


def load(path):
    # review with the data team: are the ages right?
    frame = pd.read_csv(path)
    return frame.dropna()


def train(path, seed):
    frame = load(path)
    X = frame[NUMERIC]
    y = frame["left"]

    # scale the features
    scaler = StandardScaler()
    X = scaler.fit_transform(X)

    X_train, X_test, y_train, y_test = train_test_split(X, y)
    model = LogisticRegression(C=0.1)
    model.fit(X_train, y_train)

    score = roc_auc_score(y_test, model.predict(X_test))
    log.info("auc %.3f", score)
    return model


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--data")
    train(parser.parse_args().data, 7)
'''
_CELLS = [
    ("markdown", "# Who leaves?\n\nA model for the call centre."),
    ("code", "import pandas as pd\nfrom sklearn.preprocessing import StandardScaler"),
    (
        "code",
        'frame = pd.read_csv("/home/ann/customers.csv")\nframe = frame.dropna()\nframe.head()',
    ),
    ("markdown", "## Features"),
    (
        "code",
        'X = frame[["age", "tenure"]]\n\nscaler = StandardScaler()\nX = scaler.fit_transform(X)',
    ),
]


def _notebook() -> str:
    cells = [
        (v4.new_code_cell if kind == "code" else v4.new_markdown_cell)(text, id=f"c{n}a{n}0{n}f")
        for n, (kind, text) in enumerate(_CELLS, 1)
    ]
    return str(v4.writes(v4.new_notebook(cells=cells))) + "\n"


@pytest.fixture(scope="session")
def exercise_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An exercise folder as a candidate receives it."""
    folder = tmp_path_factory.mktemp("exercises") / "churn-01"
    folder.mkdir()
    files = {
        "program.py": PROGRAM,
        "program.ipynb": _notebook(),
        "brief.md": "# Churn\n\nReview it.\n",
        "data/customers.csv": "age,tenure\n31,2\n45,9\n",
    }
    listed = []
    for name, text in files.items():
        data = text.encode()
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        listed.append(PublishedFile(name=name, sha256=sha256(data), bytes=len(data)))
    exercise = Exercise(id="churn-01", title="Who leaves?", minutes=45, files=tuple(listed))
    manifest = canonical_json(exercise.model_dump(mode="json"))
    (folder / "exercise.json").write_bytes(manifest)
    return folder


@pytest.fixture(scope="session")
def published(exercise_folder: Path) -> Published:
    """The same exercise as the readers see it."""
    return published_from_folder(exercise_folder)


class Handed:
    """Reads files as if a candidate had handed them in."""

    def __init__(self, published: Published) -> None:
        self.published = published

    def read(self, ending: str, content: str | bytes) -> Submission:
        """Read content that came as churn-01__anna.<ending>."""
        data = content.encode() if isinstance(content, str) else content
        return read_submission(f"churn-01__anna.{ending}", data, self.published)

    def faults(self, ending: str, content: str | bytes) -> tuple[str, ...]:
        """Return the faults of content that cannot be read."""
        with pytest.raises(SubmissionError) as caught:
            self.read(ending, content)
        return caught.value.faults

    def places(self, ending: str, content: str | bytes) -> list[tuple[object, ...]]:
        """Return (file, cell, line, end_line, text) of every comment."""
        comments = self.read(ending, content).comments
        return [(c.file, c.cell, c.line, c.end_line, c.text) for c in comments]

    def edited(self, *edits: tuple[str, str]) -> str:
        """Return the published program after replacing text."""
        text = PROGRAM
        for before, after in edits:
            assert before in text
            text = text.replace(before, after, 1)
        return text


@pytest.fixture(scope="session")
def handed(published: Published) -> Handed:
    """Reads files beside the small exercise."""
    return Handed(published)


@pytest.fixture(scope="session")
def program() -> str:
    """The published program."""
    return PROGRAM
