"""How well a finding says what a key item says, as log odds in thousandths.

Three things are weighed: the share of the item's category, the lead of its kind over all other
kinds, and the words that the finding has in common with the item's own texts. What the reviewer
picked from a menu shifts the category and never decides it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from math import exp, log
from typing import NamedTuple

from grader.match.likeness import TextIndex
from grader.match.model import FLOOR, Opinion, shares
from grader.match.words import open_up, tokens
from grader.records.submission import Comment
from seeded_bugs.words import CATEGORIES

_AREAS: Mapping[str, tuple[str, ...]] = {
    "statistics & evaluation": ("leakage", "evaluation", "statistics"),
    "data": ("leakage", "data-handling", "validation"),
    "reproducibility": ("reproducibility", "configuration"),
    "robustness": ("error-handling", "validation", "security", "configuration"),
    "serving": ("serving", "error-handling"),
    "maintainability": ("maintainability", "configuration", "reproducibility"),
    "style": ("style",),
    "other": ("security",),
}
_PICKED = round(1000 * log(4))  # a picked category weighs four times the others
_AREA = round(1000 * log(2))
_ABSENT = round(1000 * log(0.6))  # a category or kind that the key does not hold
_ABSENT_KIND = round(1000 * log(0.4))

# Weights of the log odds, in thousandths, from a logistic regression on remarks of authors held
# out of training: category (nats), lead of the kind (nats), similarity, identifiers, a constant.
CATEGORY, LEAD, WORDS, CODE, BASE = 210, 1_690, 7_750, 150, -2_110
# The same for a decoy, which has no kind that the model knows.
DECOY_CATEGORY, DECOY_WORDS, DECOY_BASE = 900, 9_000, 200
_LEAST_LEAD, _MOST_LEAD = -5_000, 4_000
_VAGUE = round(1000 * log(0.35))  # no kind has this share: a category is named and no kind
_VAGUE_LEAD = -500
_NAMED = 1_000  # a kind with such a lead is named, whatever else the words are like
_NEAR_MISS = 1_500  # taken off when it sounds more like a near miss of the item


class Texts(NamedTuple):
    """What the key says of one item or decoy, ready for comparison."""

    name: str
    category: str
    kind: str
    said: range
    misses: range
    harm: frozenset[str]
    fix: frozenset[str]
    identifiers: frozenset[str]


class Fit(NamedTuple):
    """How a finding fits an item or decoy.

    Attributes:
        points: log odds that it says just this, in thousandths of a nat.
        category: share of the item's category, in thousandths.
        similarity: likeness of words with the nearest text of the key, in thousandths.
        lead: lead of the item's kind over the best other kind, in thousandths of a nat.
        near_miss: it sounds more like one of the item's near misses.
    """

    points: int
    category: int
    similarity: int
    lead: int
    near_miss: bool


class Said(NamedTuple):
    """A finding ready for comparison."""

    likeness: Sequence[int]
    code: frozenset[str]
    labels: Mapping[str, int]
    kinds: Mapping[str, int]
    first_kind: tuple[int, str]
    second_kind: int


def code_words(names: Iterable[str]) -> frozenset[str]:
    """Return identifiers as they are found in a remark: whole, in lower case."""
    return frozenset(name.lower().strip("()") for name in names)


def said(
    text: str, opinion: Opinion, comment: Comment, index: TextIndex, held: "Restriction"
) -> Said:
    """Return a finding ready for comparison with the items of a key."""
    labels = _blend(opinion.labels, comment, held.categories)
    kinds = {k: s + (0 if k in held.kinds else _ABSENT_KIND) for k, s in opinion.kinds.items()}
    kinds = shares(kinds)
    ranked = sorted(((s, k) for k, s in kinds.items()), reverse=True)
    opened = open_up(text)
    code = frozenset(opened.replace("(", " ").replace(")", " ").split()) | set(tokens(opened))
    second = ranked[1][0] if len(ranked) > 1 else FLOOR
    return Said(index.likeness(text), code, labels, kinds, ranked[0], second)


class Restriction(NamedTuple):
    """Which categories and kinds the key holds, decoys included."""

    categories: frozenset[str]
    kinds: frozenset[str]


def _blend(labels: Mapping[str, int], comment: Comment, held: Collection[str]) -> dict[str, int]:
    picked = (comment.category or "").strip().lower().replace("_", "-").replace(" ", "-")
    area = _AREAS.get((comment.area or "").strip().lower(), ())
    scores = {}
    for label, share in labels.items():
        shift = 0 if label in held or label not in CATEGORIES else _ABSENT
        if picked and picked == label:
            shift += _PICKED
        elif label in area:
            shift += _AREA
        scores[label] = share + shift
    return shares(scores)


def fit(finding: Said, texts: Texts) -> Fit:
    """Return how well a finding says what the key says of an item."""
    category = finding.labels.get(texts.category, FLOOR)
    similarity = _most(finding, texts.said)
    miss = _most(finding, texts.misses)
    lead = _lead(finding, texts.kind)
    near_miss = miss > similarity + 60 and miss >= 350 and lead < _NAMED
    points = (
        BASE
        + CATEGORY * max(category, -6_000) // 1000
        + LEAD * min(_MOST_LEAD, max(_LEAST_LEAD, lead)) // 1000
        + WORDS * similarity // 1000
        + CODE * bool(texts.identifiers & finding.code)
        - _NEAR_MISS * near_miss
    )
    return Fit(points, _share(finding.labels, texts.category), similarity, lead, near_miss)


def fit_decoy(finding: Said, texts: Texts) -> Fit:
    """Return how well a finding says what a shallow reviewer says of a decoy."""
    category = finding.labels.get(texts.category, FLOOR)
    similarity = _most(finding, texts.said)
    points = DECOY_BASE + DECOY_CATEGORY * category // 1000 + DECOY_WORDS * similarity // 1000
    return Fit(points, _share(finding.labels, texts.category), similarity, 0, False)


def _most(finding: Said, texts: range) -> int:
    return max(finding.likeness[texts.start : texts.stop], default=0)


def _lead(finding: Said, kind: str) -> int:
    """Return how far the log share of a kind is before the best other one; 0 if not known.

    A finding that names no kind at all speaks against none.
    """
    if kind not in finding.kinds:
        return 0
    top, name = finding.first_kind
    best = finding.second_kind if name == kind else top
    lead = finding.kinds[kind] - best
    return max(lead, _VAGUE_LEAD) if best < _VAGUE else lead


def _share(log_shares: Mapping[str, int], name: str) -> int:
    return round(1000 * exp(log_shares.get(name, FLOOR) / 1000))


def top_category(labels: Mapping[str, int]) -> tuple[str, int]:
    """Return the likeliest label and its share in thousandths."""
    best = max(labels, key=lambda name: (labels[name], name))
    return best, _share(labels, best)
