"""The linear text model: shipped whole numbers in, shares of labels and kinds out.

The weights are made by ``python -m grader.match.train`` and pinned by their SHA-256. Scores are
sums of products of integers, so a text has the same scores alone and in any batch, bit for bit.
"""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from math import exp, log
from pathlib import Path
from typing import NamedTuple, TypedDict, cast

import numpy as np
from numpy.typing import NDArray

from grader.errors import GraderError
from grader.files import sha256
from grader.match.concepts import Reading, concepts
from grader.match.features import ONE, Vectoriser

WEIGHTS = Path(__file__).with_name("weights.json")
PIN = Path(__file__).with_name("weights.sha256")
RULE = 300  # what a rule's weight of 1 adds to the log share, in thousandths of a nat
# How often the model is counted beside the rules, which it knows as features too. Measured on
# authors held out: labels F1 .787 at 1, .829 at 3, .841 at 9; kinds .789, .849, .864.
MODEL = 9
FLOOR = -9_000  # the least log share, in thousandths of a nat
_EXP_ONE = 1 << 40
_EXP = np.array([round(_EXP_ONE * exp(-n / 1000)) for n in range(-2 * FLOOR + 1)], np.int64)

_SHARES = [round(1000 * exp(-n / 1000)) for n in range(-FLOOR + 1)]
_SHARE_TABLE = np.array(_SHARES, np.int64)

Table = NDArray[np.int64]


def share(log_share: int) -> int:
    """Return a log share, ``FLOOR`` to 0, as a share in thousandths."""
    return _SHARES[-log_share]


def shares_of(log_shares: Table) -> Table:
    """Return a table of log shares, ``FLOOR`` to 0, as shares in thousandths."""
    made: Table = _SHARE_TABLE[-log_shares]
    return made


class Opinion(NamedTuple):
    """What model and patterns say of one text.

    Attributes:
        labels: log shares (thousandths of a nat) of every label, the two sources joined.
        model: the model's log shares alone.
        kinds: log shares of the kinds, joined, over all kinds known.
        flags: the model's leaning to asserts / why / fix, in thousandths, above 0 means yes.
        reading: what the patterns saw.
        columns: where each label stands in the rows of labels.
    """

    labels: Table
    model: Table
    kinds: Table
    flags: Mapping[str, int]
    reading: Reading
    columns: Mapping[str, int]

    def label(self, name: str) -> int:
        """Return the log share of a label."""
        column = self.columns.get(name)
        return FLOOR if column is None else int(self.labels[column])

    def share(self, label: str) -> int:
        """Return the share of a label in thousandths."""
        return share(self.label(label))


class _Head(NamedTuple):
    names: tuple[str, ...]
    weights: Table
    bias: Table
    scale: int


class Model:
    """The weights at work.

    Args:
        data: the parsed weights file.
        digest: its SHA-256, the version that stands in every verdict.
    """

    def __init__(self, data: Mapping[str, object], digest: str) -> None:
        self.version = f"linear-{digest[:12]}"
        table = _table(data, "features")
        self._names = tuple(table)
        rows = list(table.values())
        self._vectoriser = Vectoriser(
            {name: i for i, name in enumerate(table)}, [row[0] for row in rows]
        )
        self.idf = {n[2:]: row[0] for n, row in table.items() if n[:2] == "w:" and " " not in n}
        matrix = np.array([row[1:] for row in rows], np.int64)
        self._heads: dict[str, _Head] = {}
        start = 0
        for name, head in _heads(data).items():
            size = len(head["names"])
            self._heads[name] = _head(head, matrix[:, start : start + size])
            start += size
        self.labels = _columns(self._heads["labels"])
        self.kinds = _columns(self._heads["kinds"])
        self._concepts = concepts(frozenset(cast(list[str], data["words"])))

    def opinions(self, texts: Sequence[str]) -> list[Opinion]:
        """Return an opinion on every folded text; equal texts are read once."""
        unique = list(dict.fromkeys(texts))
        readings = [self._concepts.read(text) for text in unique]
        rows = self._vectoriser.read(zip(unique, readings, strict=True))
        scores = {
            name: (rows @ head.weights + head.bias * ONE) // head.scale
            for name, head in self._heads.items()
        }
        labels = share_rows(scores["labels"])
        joined = self._join("labels", labels, [reading.labels for reading in readings])
        kinds = self._join(
            "kinds", share_rows(scores["kinds"]), [reading.kinds for reading in readings]
        )
        names = self._heads["flags"].names
        made = {
            text: Opinion(
                joined[i], labels[i], kinds[i], dict(zip(names, flags, strict=True)), readings[i],
                self.labels,
            )
            for i, (text, flags) in enumerate(zip(unique, scores["flags"].tolist(), strict=True))
        }  # fmt: skip
        return [made[text] for text in texts]

    def _join(self, head: str, model: Table, readings: Sequence[Mapping[str, int]]) -> Table:
        """Return the geometric mean of model and rules, the model counted ``MODEL`` times."""
        columns = self.labels if head == "labels" else self.kinds
        weights = np.zeros_like(model)
        for row, reading in enumerate(readings):
            for name, weight in reading.items():
                if name in columns:
                    weights[row, columns[name]] = weight
        return share_rows((MODEL * model + share_rows(RULE * weights)) // (MODEL + 1))


def _head(stored: "_StoredHead", weights: Table) -> _Head:
    """Return a head with its columns in the order of their names."""
    order = sorted(range(len(stored["names"])), key=stored["names"].__getitem__)
    return _Head(
        tuple(stored["names"][i] for i in order),
        np.ascontiguousarray(weights[:, order]),
        np.array([stored["bias"][i] for i in order], np.int64),
        int(stored["scale"]),
    )


def _columns(head: _Head) -> dict[str, int]:
    return {name: column for column, name in enumerate(head.names)}


def share_rows(scores: Table) -> Table:
    """Return log shares for rows of scores, both in thousandths of a nat (a softmax).

    Exponentials come from a table of whole numbers, so the sums are exact.
    """
    if not scores.size:
        return scores
    down = scores - scores.max(axis=1, keepdims=True)
    totals = _EXP[-np.maximum(down, 2 * FLOOR)].sum(axis=1).tolist()
    norms = [round(1000 * log(total / _EXP_ONE)) for total in totals]
    made: Table = np.maximum(FLOOR, down - np.array(norms, np.int64)[:, None])
    return made


def _table(data: Mapping[str, object], name: str) -> dict[str, list[int]]:
    return cast(dict[str, list[int]], data[name])


class _StoredHead(TypedDict):
    names: list[str]
    bias: list[int]
    scale: int


def _heads(data: Mapping[str, object]) -> dict[str, _StoredHead]:
    return cast(dict[str, _StoredHead], data["heads"])


@cache
def load_model() -> Model:
    """Return the shipped model, loaded once.

    Raises:
        GraderError: if the weights are not the ones that were pinned.
    """
    raw = WEIGHTS.read_bytes()
    digest = sha256(raw)
    if digest != PIN.read_text(encoding="ascii").strip():
        raise GraderError(f"{WEIGHTS}: not the pinned weights; run `python -m grader.match.train`")
    return Model(json.loads(raw), digest)
