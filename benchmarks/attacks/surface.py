"""The line classifier that reads no words: does the layout of a line tell that it was edited?

Each flawed statement is compared with statements of the same syntax kind from the same exercise:
those of decoys and those of nobody. Trained on some scenarios and tested on others.
"""

import io
import tokenize
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from attacks.exercises import Target
from attacks.forms import Form, forms
from grader.spans import split_lines
from grader.stream import Stream

_EACH = 3
LAYOUT = 17
"""The first features are of the layout; those that follow count tokens."""


@dataclass(frozen=True)
class Sample:
    """One row for each statement: its features, whether it is flawed, its scenario."""

    features: NDArray[np.float64]
    flawed: NDArray[np.bool_]
    scenario: NDArray[np.str_]


def sample(targets: Sequence[Target]) -> Sample:
    """Return flawed statements, and up to three others of the same kind for each."""
    rows, flawed, scenarios = [], [], []
    for number, target in enumerate(targets):
        lines = split_lines(target.program)
        stream = Stream(b"surface" * 4, str(number))
        for form, bad in _matched(target, stream):
            rows.append(_features(lines, form))
            flawed.append(bad)
            scenarios.append(target.scenario)
    return Sample(np.array(rows), np.array(flawed), np.array(scenarios))


def _matched(target: Target, stream: Stream) -> list[tuple[Form, bool]]:
    """Return the statements of one exercise, as many times more of nobody's in each kind."""
    found = forms(target.program)
    bad = [f for f in found if target.flawed.intersection(range(f.start, f.end + 1))]
    chosen = [(form, True) for form in bad]
    for kind in sorted({form.kind for form in bad}):
        count = sum(form.kind == kind for form in bad)
        others = [f for f in found if f.kind == kind and f not in bad]
        chosen += [(f, False) for f in stream.sample(others, _EACH * count)]
    return chosen


def auc(rows: Sample, columns: slice) -> float:
    """Return the area under the curve on scenarios not trained on: the better of two learners."""
    x = rows.features[:, columns]
    folds = list(GroupKFold(5).split(x, rows.flawed, rows.scenario))
    areas = []
    for learner in (_trees, _line):
        each = []
        for train, test in folds:
            model = learner().fit(x[train], rows.flawed[train])
            each.append(roc_auc_score(rows.flawed[test], model.predict_proba(x[test])[:, 1]))
        areas.append(float(np.mean(each)))
    return max(areas)


def _trees() -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(max_depth=4, random_state=0)


def _line() -> Pipeline:
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))


def half_width(rows: Sample) -> float:
    """Return 1.96 standard errors of an area of one half (Hanley and McNeil, 1982)."""
    bad, good = int(rows.flawed.sum()), int((~rows.flawed).sum())
    return 1.96 * float(np.sqrt((bad + good + 1) / (12 * bad * good)))


def _features(lines: Sequence[str], form: Form) -> list[float]:
    own = lines[form.start - 1 : form.end]
    above = lines[form.start - 2] if form.start > 1 else ""
    below = lines[form.end] if form.end < len(lines) else ""
    text = "\n".join(own)
    tokens = _tokens(text)
    return [
        len(own[0]),
        max(len(line) for line in own),
        len(own),
        len(own[0]) - len(own[0].lstrip()),
        text.count("'"),
        text.count('"'),
        text.count("'") > 0 and text.count('"') > 0,
        text.rstrip().endswith(",") or ",\n" in text,
        ",)" in text or ",]" in text,
        not above.strip(),
        not below.strip(),
        above.lstrip().startswith("#"),
        "#" in text,
        text != text.rstrip(),
        text.count(" = ") / max(1, text.count("=")),
        text.count(", ") / max(1, text.count(",")),
        abs(
            len(own[0]) - np.median([len(x) for x in lines[max(0, form.start - 4) : form.end + 3]])
        ),
        *(sum(t.type == kind for t in tokens) for kind in _KINDS),
        *(sum(t.string == sign for t in tokens) for sign in _SIGNS),
        _depth(lines, form),
    ]


_KINDS = (tokenize.NAME, tokenize.NUMBER, tokenize.STRING, tokenize.OP)
_SIGNS = ("(", "[", "{", ".", ",", "=", ":")


def _tokens(text: str) -> list[tokenize.TokenInfo]:
    found: list[tokenize.TokenInfo] = []
    with suppress(tokenize.TokenError, IndentationError, SyntaxError):
        found.extend(tokenize.generate_tokens(io.StringIO(text.lstrip()).readline))
    return found


def _depth(lines: Sequence[str], form: Form) -> int:
    """Return how many lines the statement stands below the head of its function."""
    for number in range(form.start - 1, 0, -1):
        if lines[number - 1].lstrip().startswith(("def ", "class ")):
            return form.start - number
    return form.start
