"""How well a finding says what a key item says, in thousandths.

Three things are weighed: the share of the item's category, the share of its kind, and the words
that the finding has in common with the item's own texts. What the reviewer picked from a menu
shifts the category and never decides it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from math import exp, isqrt, log
from typing import NamedTuple

from grader.match.model import FLOOR, Opinion, shares
from grader.match.words import open_up, stem, stems, tokens
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
_RARE = 6 * 1024  # idf of a word that the corpus does not know
_COMMON = 2 * 1024  # words with a lower idf tell nothing

CATEGORY_POINTS, KIND_POINTS, WORD_POINTS, CODE_POINTS = 400, 300, 450, 60


class Words(NamedTuple):
    """The telling words of a text with their weights, and the root of the sum of squares."""

    weights: Mapping[str, int]
    length: int


class Texts(NamedTuple):
    """What the key says of one item or decoy, ready for comparison."""

    name: str
    category: str
    kind: str
    said: tuple[Words, ...]
    misses: tuple[Words, ...]
    harm: frozenset[str]
    fix: frozenset[str]
    identifiers: frozenset[str]


class Fit(NamedTuple):
    """How a finding fits an item, all in thousandths.

    ``rival`` tells that the finding clearly names another kind of flaw of the same category;
    ``near_miss`` that it sounds more like one of the item's near misses.
    """

    points: int
    category: int
    kind: int
    similarity: int
    rival: bool
    near_miss: bool


class Said(NamedTuple):
    """A finding ready for comparison."""

    words: Words
    stems: frozenset[str]
    code: frozenset[str]
    labels: Mapping[str, int]
    kinds: Mapping[str, int]


def weigh(text: str, idf: Mapping[str, int]) -> Words:
    """Return the telling words of a folded text."""
    weights = {}
    for word in sorted(set(stems(text))):
        weight = (idf.get(word, _RARE) - _COMMON) // 16
        if weight > 0:
            weights[word] = weight
    return Words(weights, isqrt(sum(w * w for w in weights.values())) or 1)


def alike(a: Words, b: Words) -> int:
    """Return the cosine of two texts over their telling words, in thousandths."""
    small, large = (a, b) if len(a.weights) <= len(b.weights) else (b, a)
    product = sum(w * large.weights.get(word, 0) for word, w in small.weights.items())
    return min(1000, 1000 * product // (a.length * b.length))


def telling(text: str, idf: Mapping[str, int]) -> frozenset[str]:
    """Return the telling words of a folded text as a set."""
    return frozenset(weigh(text, idf).weights)


def code_words(names: Iterable[str]) -> frozenset[str]:
    """Return identifiers as they are found in a remark: whole, in lower case."""
    return frozenset(name.lower().strip("()") for name in names)


def said(
    text: str, opinion: Opinion, comment: Comment, idf: Mapping[str, int], key: "Restriction"
) -> Said:
    """Return a finding ready for comparison with the items of a key."""
    labels = _blend(opinion.labels, comment, key.categories)
    kinds = shares(
        {k: s + (0 if k in key.kinds else _ABSENT_KIND) for k, s in opinion.kinds.items()}
    )
    opened = open_up(text)
    code = frozenset(opened.replace("(", " ").replace(")", " ").split()) | set(tokens(opened))
    return Said(weigh(text, idf), frozenset(stems(text)), code, labels, kinds)


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
    """Return how well a finding says what the key says of an item or decoy."""
    category = _share(finding.labels, texts.category)
    kind_known = texts.kind in finding.kinds
    kind = _share(finding.kinds, texts.kind) if kind_known else category // 2
    similarity = max((alike(finding.words, words) for words in texts.said), default=0)
    miss = max((alike(finding.words, words) for words in texts.misses), default=0)
    named = bool(texts.identifiers & finding.code)
    points = (
        CATEGORY_POINTS * category // 1000
        + KIND_POINTS * isqrt(kind * 1000) // 1000
        + WORD_POINTS * similarity // 1000
        + CODE_POINTS * named
    )
    near = miss > similarity + 60 and miss >= 350
    rival = kind_known and kind < 120 and similarity < 350 and _rival(finding.kinds, texts) > 550
    return Fit(points - (120 if near else 0), category, kind, similarity, rival, near)


def _rival(kinds: Mapping[str, int], texts: Texts) -> int:
    return max((_share(kinds, kind) for kind in kinds if kind != texts.kind), default=0)


def _share(log_shares: Mapping[str, int], name: str) -> int:
    return round(1000 * exp(log_shares.get(name, FLOOR) / 1000))


def top_category(labels: Mapping[str, int]) -> tuple[str, int]:
    """Return the likeliest label and its share in thousandths."""
    best = max(labels, key=lambda name: (labels[name], name))
    return best, _share(labels, best)


def item_stems(names: Sequence[str]) -> frozenset[str]:
    """Return the stems of several texts together."""
    return frozenset(stem(word) for name in names for word in tokens(open_up(name)))
