"""The line classifier that reads no words: does the layout of a line tell that it was edited?

Each flawed statement is compared with statements of the same syntax kind from the same exercise:
those of decoys and those of nobody. Trained on some scenarios and tested on others.

Layout is what a printer could have done otherwise with the same tokens: blank lines, comments,
quotes, blanks around signs, breaks of a line that would fit. How long a statement is and what it
is made of is its content, which whoever reads it sees anyhow; it is measured beside.
"""

import ast
import io
import re
import textwrap
import tokenize
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

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
_WIDTH = 100
_QUOTES = re.compile("'"), re.compile('"')
_COMMAS = re.compile(r",(?=[^\s)\]}])"), re.compile(r", ")
_TIGHT = re.compile(r"\s*[^=(]*[^\s=!<>+*/-]=[^=]")
LAYOUT = 12
"""The first features are of the layout; those that follow are of the content."""


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
        hand = _Hand(*(_share(target.program, signs) for signs in (_QUOTES, _COMMAS)))
        for form, bad in _matched(target, lines, stream):
            rows.append(_features(lines, form, hand, stream))
            flawed.append(bad)
            scenarios.append(target.scenario)
    return Sample(np.array(rows), np.array(flawed), np.array(scenarios))


def _matched(target: Target, lines: Sequence[str], stream: Stream) -> list[tuple[Form, bool]]:
    """Return the statements of one exercise, as many times more of nobody's in each kind.

    Statements are of a kind if their syntax is, and if they stand equally deep.
    """
    kinds: dict[tuple[str, int], tuple[list[Form], list[Form]]] = {}
    for form in forms(target.program):
        line = lines[form.start - 1]
        place = form.kind, len(line) - len(line.lstrip())
        bad = bool(target.flawed.intersection(range(form.start, form.end + 1)))
        kinds.setdefault(place, ([], []))[bad].append(form)
    chosen: list[tuple[Form, bool]] = []
    for _, (good, bad_ones) in sorted(kinds.items()):
        others = stream.sample(good, min(len(good), _EACH * len(bad_ones)))
        chosen += [(form, True) for form in bad_ones if others]
        chosen += [(form, False) for form in others]
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


class _Hand(NamedTuple):
    """What a whole program does: its share of single quotes, and of commas without a blank."""

    quotes: float
    commas: float


def _share(text: str, signs: tuple[re.Pattern[str], re.Pattern[str]]) -> float | None:
    """Return the share of the first sign among both; None where neither stands."""
    one, other = (len(sign.findall(text)) for sign in signs)
    return one / (one + other) if one + other else None


def _features(lines: Sequence[str], form: Form, hand: _Hand, stream: Stream) -> list[float]:
    text = "\n".join(lines[form.start - 1 : form.end])
    return [*_layout(lines, form, hand, stream), *_content(lines, form, text)]


def _layout(lines: Sequence[str], form: Form, hand: _Hand, stream: Stream) -> list[float]:
    """Return ``LAYOUT`` figures that depend on the printer alone.

    Whether a statement holds a string or a comma is content: where it holds none, it is given what
    the hand of its program might have done.
    """
    text = "\n".join(lines[form.start - 1 : form.end])
    quotes, commas = (
        float(stream.chance(round(100 * (usual or 0)))) if share is None else share
        for share, usual in (
            (_share(text, _QUOTES), hand.quotes),
            (_share(text, _COMMAS), hand.commas),
        )
    )
    above = [line.strip() for line in reversed(lines[max(0, form.start - 3) : form.start - 1])]
    below = [line.strip() for line in lines[form.end : form.end + 1]]
    return [
        above[:1] == [""],
        above[:2] == ["", ""],
        below[:1] == [""],
        above[:1] != [] and above[0].startswith("#"),
        below[:1] != [] and below[0].startswith("#"),
        "#" in text,
        text != text.rstrip(),
        quotes,
        bool(_TIGHT.match(text)),
        commas,
        _broken(text),
        below[:1] != [] and below[0].startswith('"""'),
    ]


def _broken(text: str) -> bool:
    """Tell whether a statement of several lines would fit on one."""
    if "\n" not in text:
        return False
    bare = textwrap.dedent(text)
    for whole in (bare, f"{bare}\n    pass", f"try:\n    pass\n{bare}\n    pass"):
        with suppress(SyntaxError):
            short = ast.unparse(ast.parse(whole)).removesuffix("\n    pass")
            return len(short.splitlines()[-1]) + len(text) - len(text.lstrip()) <= _WIDTH
    return False


def _content(lines: Sequence[str], form: Form, text: str) -> list[float]:
    """Return how long the statement is, how deep it stands, and how many tokens of each sort."""
    own = text.split("\n")
    tokens = _tokens(text)
    return [
        len(own[0]),
        max(len(line) for line in own),
        len(own),
        len(own[0]) - len(own[0].lstrip()),
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
