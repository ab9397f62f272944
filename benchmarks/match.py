"""Prints what matching and scoring a submission costs, beside yardsticks of the same run.

Usage: python benchmarks/match.py [--pairs N] [--submissions N] [--limit]
A submission has 10 comments on an exercise of the bank; its texts are mixed from the training
corpus and the keys, and no two are alike. Yardsticks: the same comments through scikit-learn's
TF-IDF of words 1-2 and characters 3-5 with logistic regression, all in one call, and an
assignment each; for a single submission, the import of `sklearn.linear_model`.
With --limit the exit code is 1 if a figure misses its bound.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from statistics import median

import numpy as np
from scipy.optimize import linear_sum_assignment

from grader.files import sha256
from grader.keyring import Keyring, LoadedKey
from grader.marking import mark
from grader.match.corpus import load
from grader.match.match import match_all
from grader.match.model import load_model
from grader.pause import collector_paused
from grader.records.submission import Comment, Submission
from grader.score.rubric import load_rubric

ROOT = Path(__file__).parents[1]
COMMENTS = 10
PER_SECOND, MEGABYTES = 300, 400
BATCH_BOUND, SINGLE_BOUND = 3.0, 1.5

Pairs = list[tuple[LoadedKey, Submission]]


def seconds(work: Callable[[], object]) -> float:
    """Return the CPU seconds that a piece of work takes in this process."""
    start = time.process_time()
    work()
    return time.process_time() - start


def pool() -> list[str]:
    """Return the texts that comments are mixed from."""
    return [remark.text for remark in load()]


def submissions(keys: Sequence[LoadedKey], count: int, texts: Sequence[str]) -> Pairs:
    """Return submissions of ten comments, half of them near a flaw, no two texts alike."""
    random = Random(count)
    made = []
    for number in range(count):
        key = keys[number % len(keys)]
        last = key.key.program.count("\n")
        comments = []
        for n in range(COMMENTS):
            item = random.choice(key.key.items)
            at = item.places[0].lines.start if n % 2 else random.randint(1, last)
            said = random.choice(item.said_well) if n % 2 else random.choice(texts)
            beside = random.choice(texts).split()[:6]
            text = f"{said} {' '.join(beside)} {number}"
            comments.append(Comment(text=text, file="program.py", line=at))
        made.append(
            (key, Submission(
                exercise=key.key.exercise, candidate=f"c{number}", format="json",
                sha256=sha256(str(number).encode()), comments=tuple(comments),
            ))
        )  # fmt: skip
    return made


@collector_paused()
def product(pairs: Pairs) -> None:
    """Match and score all, the collector paused as `grader score` does."""
    rubric = load_rubric(None)
    judged = match_all([(key.key, submission) for key, submission in pairs], load_model())
    for (key, submission), verdicts in zip(pairs, judged, strict=True):
        mark(submission.candidate, submission, key, verdicts, rubric, {})


class Yardstick:
    """Batched TF-IDF and logistic regression, then an assignment for each submission."""

    def __init__(self) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline, make_union

        remarks = list(load())
        self._model = make_pipeline(
            make_union(
                TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
                TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True),
            ),
            LogisticRegression(max_iter=200, C=10),
        )
        self._model.fit([r.text for r in remarks], [r.category for r in remarks])
        self._column = {name: i for i, name in enumerate(self._model.classes_)}

    def __call__(self, pairs: Pairs) -> None:
        """Read all comments in one call, then assign those of each submission."""
        texts = [c.text for _, submission in pairs for c in submission.comments]
        shares = self._model.predict_proba(texts)
        for number, (key, submission) in enumerate(pairs):
            own = shares[number * COMMENTS : (number + 1) * COMMENTS]
            said = own[:, [self._column[item.category] for item in key.key.items]]
            lines = np.array([c.line or 0 for c in submission.comments])[:, None]
            there = np.array([item.places[0].lines.start for item in key.key.items])[None, :]
            linear_sum_assignment(said * (np.abs(lines - there) <= 6), maximize=True)


def child(code: str, *args: str) -> float:
    """Return the CPU seconds of a fresh interpreter."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code, *args], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def single(pairs: int) -> tuple[list[float], list[float]]:
    """Return the CPU seconds of scoring one file, and of importing scikit-learn's models."""
    key = sorted((ROOT / "answer_keys").glob("*.json"))[0].stem
    keys = Keyring(ROOT / "answer_keys")
    ((_, submission),) = submissions([keys.get(key)], 1, pool())
    with tempfile.TemporaryDirectory() as folder:
        rows = [{"file": "program.py", "line": c.line, "comment": c.text}
                for c in submission.comments]  # fmt: skip
        body = {"exercise": key, "candidate": "one", "comments": rows}
        path = Path(folder) / "one.json"
        path.write_text(json.dumps(body))
        code = "import sys; from grader.cli.main import cli; cli(sys.argv[1:], standalone_mode=0)"
        args = ("score", str(path), "--keys", str(ROOT / "answer_keys"), "--out", f"{folder}/out")
        ours, floor = [], []
        for _ in range(pairs):
            ours.append(child(code, *args))
            floor.append(child("import sklearn.linear_model"))
    return ours, floor


def megabytes(count: int) -> float:
    """Return the peak memory of a fresh process that matches and scores so many submissions.

    From the kernel's VmHWM: what ``getrusage`` tells begins with the size of the parent.
    """
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import match as m; "
        "k = m.Keyring(m.ROOT / 'answer_keys'); "
        "keys = [k.get(p.stem) for p in sorted((m.ROOT / 'answer_keys').glob('*.json'))]; "
        "m.product(m.submissions(keys, int(sys.argv[2]), m.pool())); "
        "told = open('/proc/self/status').read(); "
        "print(next(x.split()[1] for x in told.splitlines() if x.startswith('VmHWM')))"
    )
    args = [sys.executable, "-c", code, str(Path(__file__).parent), str(count)]
    done = subprocess.run(args, check=True, capture_output=True, text=True)
    return int(done.stdout) / 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--submissions", type=int, default=1_000)
    parser.add_argument("--limit", action="store_true")
    given = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
    keyring = Keyring(ROOT / "answer_keys")
    keys = [keyring.get(path.stem) for path in sorted((ROOT / "answer_keys").glob("*.json"))]
    texts = pool()
    yardstick = Yardstick()
    first = submissions(keys, 50, texts)
    cold = seconds(lambda: product(first)) / len(first)
    ours, floor = [], []
    for turn in range(given.pairs):
        batch = submissions(keys, given.submissions + turn, texts)
        ours.append(seconds(lambda b=batch: product(b)) / len(batch))  # type: ignore[misc]
        floor.append(seconds(lambda b=batch: yardstick(b)) / len(batch))  # type: ignore[misc]
    rate = 1 / median(ours)
    ratio = median(a / b for a, b in zip(ours, floor, strict=True))
    one, imports = single(given.pairs)
    alone = median(a / b for a, b in zip(one, imports, strict=True))
    memory = megabytes(given.submissions)
    rows = [
        ("submissions a CPU-second, warm", rate, PER_SECOND, rate >= PER_SECOND),
        ("submissions a CPU-second, the first 50", 1 / cold, None, True),
        ("batch / TF-IDF, regression, assignment", ratio, BATCH_BOUND, ratio <= BATCH_BOUND),
        ("one file, whole process / import sklearn", alone, SINGLE_BOUND, alone <= SINGLE_BOUND),
        ("peak memory, MB", memory, MEGABYTES, memory <= MEGABYTES),
    ]
    for name, value, bound, holds in rows:
        told = "" if bound is None else f"{bound:9g}{'' if holds else '  MISSED'}"
        print(f"{name:44}{value:9.2f}{told}")
    print(f"yardstick: {1 / median(floor):.0f} submissions a CPU-second; "
          f"one file {median(one):.2f} s, import {median(imports):.2f} s")  # fmt: skip
    return 1 if given.limit and not all(row[3] for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
