"""How well the text is understood, author by author: ``python -m grader.match.validate``.

Each author's remarks are judged by a model that was trained on the other authors. Only sums are
printed, never a remark.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from grader.files import sha256
from grader.match.corpus import LABELS, Remark, load
from grader.match.model import Model
from grader.match.normalise import fold
from grader.match.train import to_bytes, train


class Guess(NamedTuple):
    """What was meant and what each way of reading made of it."""

    truth: str
    model: str
    rules: str
    both: str
    kind: str
    kind_guess: str


def guesses(held_out: str, remarks: Sequence[Remark]) -> list[Guess]:
    """Return the guesses on one author's remarks by a model trained on all others."""
    raw = to_bytes(train([r for r in remarks if r.author != held_out]))
    model = Model(json.loads(raw), sha256(raw))
    mine = [r for r in remarks if r.author == held_out]
    opinions = model.opinions([fold(r.text)[0] for r in mine])
    return [
        Guess(
            remark.category,
            _best(dict(zip(model.labels, opinion.model.tolist(), strict=True))),
            _best(opinion.reading.labels),
            _best(dict(zip(model.labels, opinion.labels.tolist(), strict=True))),
            remark.kind,
            _best(dict(zip(model.kinds, opinion.kinds.tolist(), strict=True))),
        )
        for remark, opinion in zip(mine, opinions, strict=True)
    ]


def macro_f1(pairs: Sequence[tuple[str, str]]) -> float:
    """Return the mean over labels of F1 = 2 TP / (2 TP + FP + FN), from (truth, guess) pairs."""
    right = Counter(truth for truth, guess in pairs if truth == guess)
    meant, guessed = Counter(t for t, _ in pairs), Counter(g for _, g in pairs)
    return sum(2 * right[x] / (meant[x] + guessed[x]) for x in LABELS if meant[x]) / len(
        [x for x in LABELS if meant[x]]
    )


def _best(shares: Mapping[str, int]) -> str:
    return max(shares, key=lambda name: (shares[name], name), default="")


def main() -> None:
    """Print macro-F1 of model, rules and both for each held-out author, and over all."""
    remarks = load()
    everyone: list[Guess] = []
    for author in sorted({r.author for r in remarks}):
        found = guesses(author, remarks)
        everyone.extend(found)
        print(_line(author, found))
    print(_line("all", everyone))


def _line(name: str, found: Sequence[Guess]) -> str:
    model = macro_f1([(g.truth, g.model) for g in found])
    rules = macro_f1([(g.truth, g.rules) for g in found])
    both = macro_f1([(g.truth, g.both) for g in found])
    kinds = [g for g in found if g.kind not in ("", "other")]
    right = sum(g.kind == g.kind_guess for g in kinds) / len(kinds)
    return f"{name}: F1 model {model:.3f}, rules {rules:.3f}, both {both:.3f}; kind {right:.3f}"


if __name__ == "__main__":
    main()
