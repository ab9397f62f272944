"""The linear text model: shipped whole numbers in, shares of labels and kinds out.

The weights are made by ``python -m grader.match.train`` and pinned by their SHA-256. Scores are
sums of products of integers, so a text has the same scores alone and in any batch, bit for bit.
"""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from math import exp, log
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from grader.errors import GraderError
from grader.files import sha256
from grader.match.concepts import Reading, concepts
from grader.match.features import ONE, Vectoriser, features

WEIGHTS = Path(__file__).with_name("weights.json")
PIN = Path(__file__).with_name("weights.sha256")
RULE = 600  # what a rule's weight of 1 adds to the log share, in thousandths of a nat
FLOOR = -9_000  # the least log share, in thousandths of a nat


class Opinion(NamedTuple):
    """What model and patterns say of one text.

    Attributes:
        labels: log shares (thousandths of a nat) of every label, the two sources joined.
        model: the model's log shares alone.
        kinds: log shares of the kinds, joined, over all kinds known.
        flags: the model's leaning to asserts / why / fix, in thousandths, above 0 means yes.
        reading: what the patterns saw.
    """

    labels: Mapping[str, int]
    model: Mapping[str, int]
    kinds: Mapping[str, int]
    flags: Mapping[str, int]
    reading: Reading

    def share(self, label: str) -> int:
        """Return the share of a label in thousandths."""
        return round(1000 * exp(self.labels.get(label, FLOOR) / 1000))


class _Head(NamedTuple):
    names: tuple[str, ...]
    weights: NDArray[np.int64]
    bias: NDArray[np.int64]
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
        for name, head in _table(data, "heads").items():
            assert isinstance(head, dict)
            size = len(head["names"])
            self._heads[name] = _Head(
                tuple(head["names"]),
                np.ascontiguousarray(matrix[:, start : start + size]),
                np.array(head["bias"], np.int64),
                int(head["scale"]),
            )
            start += size
        self._concepts = concepts()
        self._concepts.speller.learn(word for word in self.idf)

    def opinions(self, texts: Sequence[str]) -> list[Opinion]:
        """Return an opinion on every folded text; equal texts are read once."""
        unique = list(dict.fromkeys(texts))
        readings = [self._concepts.read(text) for text in unique]
        rows = self._vectoriser.rows(
            features(text, reading) for text, reading in zip(unique, readings, strict=True)
        )
        scores = {
            name: (rows @ head.weights + head.bias * ONE) for name, head in self._heads.items()
        }
        made = {
            text: self._opinion({n: s[i] for n, s in scores.items()}, readings[i])
            for i, text in enumerate(unique)
        }
        return [made[text] for text in texts]

    def _opinion(self, scores: Mapping[str, NDArray[np.int64]], reading: Reading) -> Opinion:
        model = self._shares("labels", scores["labels"])
        by_rule = shares({n: RULE * reading.labels.get(n, 0) for n in model})
        kind_model = self._shares("kinds", scores["kinds"])
        kind_rule = shares({n: RULE * reading.kinds.get(n, 0) for n in kind_model})
        flag = self._heads["flags"]
        leanings = {
            n: int(s) // flag.scale for n, s in zip(flag.names, scores["flags"], strict=True)
        }
        return Opinion(join(model, by_rule), model, join(kind_model, kind_rule), leanings, reading)

    def _shares(self, name: str, scores: NDArray[np.int64]) -> dict[str, int]:
        head = self._heads[name]
        return shares(
            {n: int(s) // head.scale for n, s in zip(head.names, scores.tolist(), strict=True)}
        )


def shares(scores: Mapping[str, int]) -> dict[str, int]:
    """Return log shares for scores, both in thousandths of a nat (a softmax)."""
    top = max(scores.values())
    total = sum(exp((score - top) / 1000) for score in scores.values())
    norm = top + round(1000 * log(total))
    return {name: max(FLOOR, score - norm) for name, score in scores.items()}


def join(a: Mapping[str, int], b: Mapping[str, int]) -> dict[str, int]:
    """Return the geometric mean of two sets of shares, the first counted three times."""
    return shares({name: (3 * a[name] + b[name]) // 4 for name in a})


def _table(data: Mapping[str, object], name: str) -> dict[str, list[int]]:
    table = data[name]
    assert isinstance(table, dict)
    return table


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
