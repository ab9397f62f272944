"""Prints how the matcher agrees with careful readers on whole reviews.

Usage: python benchmarks/reviews.py dev|test [--worst N] [--note TEXT]
The reviews and the readers' labels stand in tests/cases/reviews. Two readers labelled every
comment against the key, a third settled what they disagreed on. Nobody tunes on `test`: with
--note its figures are appended to HISTORY.jsonl beside the hash of the weights.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from agree.cases import CASES, CREDITED, READERS, Case, Label, cases, points
from grader import agreement
from grader.match.model import PIN, load_model
from grader.records.verdict import JudgedComment

RESAMPLES, PART_RESAMPLES = 1_000, 300


def credited(comment: JudgedComment) -> frozenset[str]:
    """Return the items that the matcher says a comment tells."""
    if comment.verdict not in CREDITED:
        return frozenset()
    return frozenset(filter(None, (comment.item, *comment.also)))


def right(comment: JudgedComment, label: Label) -> str:
    """Return how a credit decision stands to a label: tp, fp, fn or tn.

    A comment is credited for one flaw unless it is itemised, so a reader who names several is
    met by any of them.
    """
    given = credited(comment)
    if given and label.credits:
        return "tp" if given & set(label.items) else "fp"
    if given:
        return "fp"
    return "fn" if label.credits else "tn"


def f1(marks: Sequence[str]) -> float:
    """Return F1 of the credit decisions; a credit for the wrong flaw counts against both."""
    count = Counter(marks)
    return 2 * count["tp"] / max(1, 2 * count["tp"] + count["fp"] + count["fn"])


def classes(verdict: str) -> str:
    """Return the coarse class of a verdict: what it does to the score."""
    if verdict in CREDITED:
        return "credit"
    return verdict if verdict in ("near-miss", "contradicted") else "none"


def kappa(pairs: Sequence[tuple[str, str]]) -> float:
    """Return Cohen's kappa of pairs of classes."""
    if not pairs:
        return float("nan")
    names = sorted({name for pair in pairs for name in pair})
    return agreement.kappa(np.array([[names.index(a), names.index(b)] for a, b in pairs]))


def comments(found: Sequence[Case]) -> Iterator[tuple[Case, JudgedComment, Label]]:
    """Yield every comment with its settled label."""
    for case in found:
        for comment, label in zip(case.verdicts.comments, case.final, strict=True):
            yield case, comment, label


def credit_f1(found: Sequence[Case]) -> float:
    """Return F1 of the credit decision over all comments."""
    return f1([right(comment, label) for _, comment, label in comments(found)])


def verdict_kappa(found: Sequence[Case]) -> float:
    """Return kappa of what the verdicts do to the score, a comment each."""
    return kappa([(classes(c.verdict), classes(label.verdict)) for _, c, label in comments(found)])


def credit_kappa(found: Sequence[Case]) -> float:
    """Return kappa of credited or not."""
    return kappa([(str(bool(credited(c))), str(label.credits)) for _, c, label in comments(found)])


def explanation_kappa(found: Sequence[Case]) -> float:
    """Return kappa of says why and says what to do together, where both sides credit."""
    both = [(c, label) for _, c, label in comments(found) if credited(c) and label.credits]
    pairs = [(f"why{c.says_why}", f"why{label.why}") for c, label in both if c.verdict == "hit"]
    pairs += [(f"fix{c.says_fix}", f"fix{label.fix}") for c, label in both if c.verdict == "hit"]
    return kappa(pairs)


def scores(found: Sequence[Case]) -> np.ndarray:
    """Return (by labels, by the matcher) points of each review."""
    return np.array([[points(case, case.final), points(case, None)] for case in found])


MEASURES: dict[str, tuple[Callable[[Sequence[Case]], float], float]] = {
    "credit F1": (credit_f1, 0.90),
    "kappa per comment, credited or not": (credit_kappa, 0.80),
    "kappa per comment, four classes": (verdict_kappa, 0.80),
    "kappa of explanation": (explanation_kappa, 0.65),
    "quadratic weighted kappa of scores": (lambda f: agreement.quadratic_kappa(scores(f)), 0.85),
    "correlation of scores": (lambda f: agreement.correlation(scores(f)), 0.85),
    "standardised mean difference": (lambda f: agreement.mean_difference(scores(f)), 0.15),
}


def interval(
    found: Sequence[Case],
    measure: Callable[[Sequence[Case]], float],
    resamples: int = RESAMPLES,
) -> tuple[float, float]:
    """Return the middle 95 % of a measure over resampled reviews."""
    random = np.random.default_rng(20)
    values = []
    for _ in range(resamples):
        picked = [found[n] for n in random.integers(0, len(found), len(found))]
        values.append(measure(picked))
    low, high = np.nanquantile(values, [0.025, 0.975])
    return float(low), float(high)


class _Known:
    """Points are worked out once for a review, whatever is resampled."""

    def __init__(self, found: Sequence[Case]) -> None:
        self._rows = {id(case): row for case, row in zip(found, scores(found), strict=True)}

    def __call__(self, found: Sequence[Case]) -> np.ndarray:
        return np.array([self._rows[id(case)] for case in found])


def readers(found: Sequence[Case]) -> str:
    """Return how the two readers agree with each other."""
    pairs = [
        (a, b)
        for case in found
        if set(READERS) <= set(case.labels)
        for a, b in zip(*(case.labels[r] for r in READERS), strict=True)
    ]
    if not pairs:
        return "no review has two readers"
    four = kappa([(classes(a.verdict), classes(b.verdict)) for a, b in pairs])
    two = kappa([(str(a.credits), str(b.credits)) for a, b in pairs])
    both = [(a, b) for a, b in pairs if a.credits and b.credits]
    told = kappa(
        [(f"why{a.why}", f"why{b.why}") for a, b in both]
        + [(f"fix{a.fix}", f"fix{b.fix}") for a, b in both]
    )
    marks = ["tp" if a.credits and b.credits and set(a.items) & set(b.items)
             else "fp" if a.credits else "fn" if b.credits else "tn" for a, b in pairs]  # fmt: skip
    return (f"the two readers: credit F1 {f1(marks):.3f}, kappa credited {two:.3f}, "
            f"four classes {four:.3f}, explanation {told:.3f} ({len(pairs)} comments)")  # fmt: skip


def confusion(found: Sequence[Case]) -> str:
    """Return the table of settled labels against verdicts."""
    count = Counter((label.verdict, c.verdict) for _, c, label in comments(found))
    rows, columns = ({pair[n] for pair in count} for n in (0, 1))
    head = f"{'label':>16} " + "".join(f"{name[:10]:>11}" for name in sorted(columns))
    body = [
        f"{row:>16} " + "".join(f"{count[row, column]:11}" for column in sorted(columns))
        for row in sorted(rows)
    ]
    return "\n".join([head, *body])


def worst(found: Sequence[Case], most: int) -> Iterator[str]:
    """Yield wrong decisions, credit first, the surest first."""
    wrong = [
        (case, c, label)
        for case, c, label in comments(found)
        if right(c, label) in ("fp", "fn")
        or (c.verdict == "contradicted") != (label.verdict == "contradicted")
    ]
    wrong.sort(key=lambda w: (right(w[1], w[2]) == "tn", -abs(w[1].evidence.margin)))
    for case, c, label in wrong[:most]:
        kinds = {i.id: i.kind for i in case.key.key.items}
        said = ", ".join(kinds.get(i, i) for i in label.items)
        got = kinds.get(c.item or "", c.item or "")
        head = f"{case.author} {case.submission.exercise} {c.place}"
        text = " ".join(c.text.split())[:300]
        yield f"{head}: label {label.verdict} {said}; got {c.verdict} {got} ({c.evidence.rule})"
        yield f"    {text}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("half", choices=["dev", "test"])
    parser.add_argument("--worst", type=int, default=0)
    parser.add_argument("--note", help="append the figures to the history, with this note")
    given = parser.parse_args()
    found = cases(given.half)
    if not found:
        print("no review is labelled")
        return 1
    known = _Known(found)
    measures = dict(MEASURES)
    for name, by in (
        ("quadratic weighted kappa of scores", agreement.quadratic_kappa),
        ("correlation of scores", agreement.correlation),
        ("standardised mean difference", agreement.mean_difference),
    ):
        measures[name] = (lambda f, by=by: by(known(f)), MEASURES[name][1])  # type: ignore[misc]
    total = sum(len(case.final) for case in found)
    print(f"{len(found)} reviews, {total} comments, {load_model().version}")
    told, holds = {}, True
    for name, (measure, bar) in measures.items():
        value, (low, high) = measure(found), interval(found, measure)
        most = name.startswith("standardised")
        fine = abs(value) <= bar if most else value >= bar
        holds = holds and fine
        told[name] = round(value, 3)
        print(
            f"{name:38}{value:7.3f}  {low:6.3f} to {high:6.3f}  bar {bar}"
            f"{'' if fine else '  MISSED'}"
        )
    print(readers(found))
    for title, of in (
        ("scenario", lambda c: c.key.key.scenario),
        ("author", lambda c: c.author),
        ("level", lambda c: str(c.level)),
    ):
        for value in sorted({of(case) for case in found}):  # type: ignore[no-untyped-call]
            part = [case for case in found if of(case) == value]  # type: ignore[no-untyped-call]
            told_of = []
            for short, measure in (
                ("credit F1", credit_f1),
                ("kappa", credit_kappa),
                ("explanation", explanation_kappa),
            ):
                low, high = interval(part, measure, PART_RESAMPLES)
                told_of.append(f"{short} {measure(part):.3f} ({low:.3f} to {high:.3f})")
            print(f"  {title} {value:24} {len(part):3} reviews: {', '.join(told_of)}")
    print(confusion(found))
    for line in worst(found, given.worst):
        print(line)
    if given.note:
        line = {"half": given.half, "weights": PIN.read_text("ascii").strip(), "note": given.note}
        with (CASES / "HISTORY.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps({**line, "comments": total, **told}) + "\n")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
