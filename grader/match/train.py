"""Makes ``weights.json`` from the corpus: ``python -m grader.match.train [--check | --validate]``.

The same corpus and patterns give the same bytes: liblinear runs in one thread on its own C code,
and what is stored are rounded whole numbers.
"""

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from math import log

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from grader.files import sha256, write_whole
from grader.match.concepts import concepts
from grader.match.corpus import LABELS, Remark, load
from grader.match.features import ONE, Vectoriser, features
from grader.match.model import PIN, WEIGHTS
from grader.match.normalise import fold
from grader.match.words import open_up, tokens

FLAGS = ("asserts", "why", "fix")
_STEP = 12  # weights are stored in twelfths
_LEAST = {"w": 2, "g": 2, "r": 2, "s": 1, "piece": 4}
_MOST_FEATURES = 14_500
_SHARED = 3


def train(remarks: Sequence[Remark]) -> dict[str, object]:
    """Return the contents of the weights file for these remarks."""
    words = _rightly_spelt(remarks)
    patterns = concepts(frozenset(words))
    texts = [fold(remark.text)[0] for remark in remarks]
    found = [features(text, patterns.read(text)) for text in texts]
    names, idf = _vocabulary(found)
    vectoriser = Vectoriser({name: i for i, name in enumerate(names)}, idf)
    rows = vectoriser.rows(found).astype(np.float64) / ONE
    kinds = sorted({r.kind for r in remarks if r.kind not in ("", "other")})
    heads: dict[str, tuple[Sequence[str], NDArray[np.bool_], float]] = {
        "labels": (LABELS, _one_hot([r.category for r in remarks], LABELS), 12.0),
        "kinds": (kinds, _one_hot([r.kind for r in remarks], kinds), 12.0),
        "flags": (FLAGS, np.array([[r.asserts, r.why, r.fix] for r in remarks]), 4.0),
    }
    columns: list[NDArray[np.int64]] = []
    told: dict[str, object] = {}
    for head, (labels, truth, strength) in heads.items():
        weights, bias = _fit(rows, truth, strength)
        columns.append(weights)
        told[head] = {"names": list(labels), "bias": bias.tolist(), "scale": _SCALE[head]}
    stored = np.concatenate(columns, axis=1)
    table = {n: [i, *row] for n, i, row in zip(names, idf, stored.tolist(), strict=True)}
    return {"format": 1, "remarks": len(remarks), "words": words, "heads": told, "features": table}


# Divides a raw score (twelfths x 1024) down to thousandths of a nat; smaller is sharper.
_SCALE = {"labels": 11, "kinds": 11, "flags": 12}


def _rightly_spelt(remarks: Sequence[Remark]) -> list[str]:
    """Return words that several remarks share; what so many write is no typing error."""
    counts = Counter(
        word for r in remarks for word in set(tokens(open_up(fold(r.text)[0]))) if word.isalpha()
    )
    return sorted(word for word, count in counts.items() if count >= _SHARED and len(word) > 4)


def _vocabulary(found: Sequence[Sequence[str]]) -> tuple[list[str], list[int]]:
    """Return the features worth keeping, with their inverse document frequency in 1/1024."""
    counts = Counter(feature for features_ in found for feature in set(features_))
    kept = [n for n, c in counts.items() if c >= _LEAST.get(_sort(n), 4)]
    kept.sort(key=lambda n: (-counts[n], n))
    names = sorted(kept[:_MOST_FEATURES])
    total = len(found)
    return names, [round(ONE * (1 + log((1 + total) / (1 + counts[n])))) for n in names]


def _sort(name: str) -> str:
    return name[0] if name[1:2] == ":" else "piece"


def _one_hot(labels: Sequence[str], names: Sequence[str]) -> NDArray[np.bool_]:
    return np.array([[label == name for name in names] for label in labels])


def _fit(
    rows: object, truth: NDArray[np.bool_], strength: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return rounded weights and biases of one yes/no model for each column of ``truth``."""
    weights, biases = [], []
    for column in truth.T:
        one = LogisticRegression(
            C=strength, solver="liblinear", dual=True, random_state=0, max_iter=1000
        )
        one.fit(rows, column)
        weights.append(np.rint(one.coef_[0] * _STEP).astype(np.int64))
        biases.append(round(float(one.intercept_[0]) * _STEP))
    return np.stack(weights, axis=1), np.array(biases, np.int64)


def to_bytes(weights: dict[str, object]) -> bytes:
    """Return the one text of the weights: a line for each feature."""
    features_ = weights["features"]
    assert isinstance(features_, dict)
    head = {name: value for name, value in weights.items() if name != "features"}
    lines = [
        f"{json.dumps(name, ensure_ascii=True)}:{json.dumps(row, separators=(',', ':'))}"
        for name, row in features_.items()
    ]
    start = json.dumps(head, separators=(",", ":"))[:-1]
    return (start + ',"features":{\n' + ",\n".join(lines) + "\n}}\n").encode("ascii")


def main() -> int:
    """Make, check or validate the weights; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m grader.match.train",
        epilog="example: python -m grader.match.train --check",
    )
    parser.add_argument("--check", action="store_true", help="compare with the stored file")
    check: bool = parser.parse_args().check
    made = to_bytes(train(load()))
    if check:
        same = WEIGHTS.read_bytes() == made
        print(f"{WEIGHTS.name}: {'the same' if same else 'DIFFERENT'} ({sha256(made)})")
        return 0 if same else 1
    write_whole(WEIGHTS, made)
    write_whole(PIN, f"{sha256(made)}\n".encode())
    print(f"{WEIGHTS.name}: {len(made):,} bytes, {sha256(made)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
