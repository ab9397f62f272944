"""How well a finding says what a key item says, as log odds in thousandths.

Three things are weighed: the share of the item's category, the lead of its kind over all other
kinds, and the words that the finding has in common with the item's own texts. What the reviewer
picked from a menu shifts the category and never decides it. All findings of a submission are held
against all items of its key at once, in tables of whole numbers: findings down, items across.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import log
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from grader.match.likeness import TextIndex
from grader.match.model import FLOOR, Model, Opinion, Table, share_rows, shares_of
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
NAMED = 1_000  # a kind with such a lead is named, whatever else the words are like
_ABOUT = -6_000  # points below which a finding is about something else
_NEAR_MISS = 1_500  # taken off when it sounds more like a near miss of the item
# Kinds that words hardly tell apart, the place does: each was taken for the other most often among
# remarks of authors held out of training.
_TWINS = (
    ("folds_ignore_time", "shuffled_time_split"),
    ("missing_seed", "unseeded_subsample"),
    ("seed_option_ignored", "inconsistent_seeds"),
    ("test_set_rebalanced", "resampled_before_split"),
    ("feature_differs_in_serving", "cleaning_only_in_training"),
)


class Texts(NamedTuple):
    """What the key says of one item or decoy: a decoy has no kind and no near misses.

    ``said`` and ``misses`` are folded texts, ``identifiers`` as they are found in a remark.
    """

    category: str
    said: Sequence[str]
    kind: str = ""
    misses: Sequence[str] = ()
    identifiers: frozenset[str] = frozenset()


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
    """A finding held against the key.

    Attributes:
        labels: log shares of the labels, shifted by what the key holds and the reviewer picked.
        label: the likeliest label, and its share in thousandths.
        kind: the log share of the likeliest kind, and its name.
        named: the identifiers of the key that it names.
        likeness: the highest likeness with any text of the key, in thousandths.
        similarity: the likeness with the nearest text of each item, in thousandths.
        fits: how it fits the items that it may be about, by their numbers.
        decoys: how it fits the decoys that it may be about, by their numbers.
    """

    labels: tuple[int, ...]
    label: tuple[str, int]
    kind: tuple[int, str]
    named: frozenset[str]
    likeness: int
    similarity: Sequence[int]
    fits: Mapping[int, Fit]
    decoys: Mapping[int, Fit]


def code_words(names: Iterable[str]) -> frozenset[str]:
    """Return identifiers as they are found in a remark: whole, in lower case."""
    return frozenset(name.lower().strip("()") for name in names)


class Board:
    """The items and decoys of a key, laid out for comparison with many findings at once.

    Args:
        items: what the key says of each flaw.
        decoys: what it says of each decoy.
        model: the text model, whose columns the tables have.
    """

    def __init__(self, items: Sequence[Texts], decoys: Sequence[Texts], model: Model) -> None:
        index = TextIndex(model.idf)
        self._index = index
        self._said = [index.add(item.said) for item in items]
        self._misses = [index.add(item.misses) for item in items]
        self._said_badly = [index.add(decoy.said) for decoy in decoys]
        self._labels, self._kinds = model.labels, tuple(model.kinds)
        self._names = tuple(model.labels)
        self._categories = [model.labels.get(item.category, -1) for item in items]
        self._looks_like = [model.labels.get(decoy.category, -1) for decoy in decoys]
        self._own = np.array(
            [[name in _alike(item.kind) for name in model.kinds] for item in items], bool
        ).reshape(len(items), len(model.kinds))
        held = {one.category for one in (*items, *decoys)}
        self._label_shift = np.array(
            [0 if name in held or name not in CATEGORIES else _ABSENT for name in model.labels]
        )
        kinds = {item.kind for item in items}
        self._kind_shift = np.array([0 if k in kinds else _ABSENT_KIND for k in model.kinds])
        self._identifiers = [item.identifiers for item in items]
        self.names = frozenset(name for item in items for name in item.identifiers)

    def compare(
        self, texts: Sequence[str], opinions: Sequence[Opinion], comments: Sequence[Comment]
    ) -> list[Said]:
        """Return findings held against all items and decoys.

        Args:
            texts: what each finding says, folded.
            opinions: what the model says of each.
            comments: the comment that each is part of.
        """
        if not texts:
            return []
        labels = share_rows(
            np.stack([one.labels for one in opinions])
            + self._label_shift
            + np.stack([self._picked(comment) for comment in comments])
        )
        kinds = share_rows(np.stack([one.kinds for one in opinions]) + self._kind_shift)
        likeness = self._index.nearest(texts)
        named = [self._named(text) for text in texts]
        fits = self._fits(labels, kinds, likeness, named)
        decoys = self._fits_of_decoys(labels, likeness)
        best_label, best_kind = _last_best(labels), _last_best(kinds)
        label_share = shares_of(labels.max(axis=1)).tolist()
        kind_share = kinds.max(axis=1).tolist()
        similarity = likeness[:, self._said].tolist()
        highest = likeness.max(axis=1, initial=0).tolist()
        return [
            Said(
                tuple(labels[i].tolist()), (self._names[best_label[i]], label_share[i]),
                (kind_share[i], self._kinds[best_kind[i]]), named[i], highest[i],
                similarity[i], fits[i], decoys[i],
            )
            for i in range(len(texts))
        ]  # fmt: skip

    def _picked(self, comment: Comment) -> Table:
        """Return what the reviewer's own choice of category or area adds to each label."""
        added = np.zeros(len(self._names), np.int64)
        if comment.category is None and comment.area is None:
            return added
        for name in _AREAS.get((comment.area or "").strip().lower(), ()):
            if name in self._labels:
                added[self._labels[name]] = _AREA
        picked = (comment.category or "").strip().lower().replace("_", "-").replace(" ", "-")
        if picked in self._labels:
            added[self._labels[picked]] = _PICKED
        return added

    def _named(self, text: str) -> frozenset[str]:
        opened = open_up(text)
        words = opened.replace("(", " ").replace(")", " ").split()
        return self.names.intersection(
            words,
        ) | self.names.intersection(tokens(opened))

    def _fits(
        self, labels: Table, kinds: Table, likeness: Table, named: Sequence[frozenset[str]]
    ) -> list[dict[int, Fit]]:
        category = _columns(labels, self._categories, FLOOR)
        similarity, miss = likeness[:, self._said], likeness[:, self._misses]
        lead = self._leads(kinds)
        near_miss = (miss > similarity + 60) & (miss >= 350) & (lead < NAMED)
        code = np.array(
            [[not names.isdisjoint(own) for own in self._identifiers] for names in named]
        )
        points = (
            BASE
            + CATEGORY * np.maximum(category, -6_000) // 1000
            + LEAD * np.clip(lead, _LEAST_LEAD, _MOST_LEAD) // 1000
            + WORDS * similarity // 1000
            + CODE * code
            - _NEAR_MISS * near_miss
        )
        return _as_fits(points, shares_of(category), similarity, lead, near_miss)

    def _fits_of_decoys(self, labels: Table, likeness: Table) -> list[dict[int, Fit]]:
        category = _columns(labels, self._looks_like, FLOOR)
        similarity = likeness[:, self._said_badly]
        points = DECOY_BASE + DECOY_CATEGORY * category // 1000 + DECOY_WORDS * similarity // 1000
        none = np.zeros_like(points)
        return _as_fits(points, shares_of(category), similarity, none, none.astype(bool))

    def _leads(self, kinds: Table) -> Table:
        """Return how far the log share of each item's kind is before the best other one.

        0 if the kind is not known. A finding that names no kind at all speaks against none.
        """
        every = np.repeat(kinds[:, None, :], len(self._own), axis=1)
        own = np.where(self._own, every, 2 * FLOOR).max(axis=2, initial=2 * FLOOR)
        best = np.where(self._own, 2 * FLOOR, every).max(axis=2, initial=2 * FLOOR)
        lead = np.where(best < _VAGUE, np.maximum(own - best, _VAGUE_LEAD), own - best)
        made: Table = np.where(self._own.any(axis=1), lead, 0)
        return made


def _alike(kind: str) -> tuple[str, ...]:
    """Return the kinds that a finding may name to mean this one."""
    return next((twins for twins in _TWINS if kind in twins), (kind,))


def _columns(table: Table, columns: Sequence[int], missing: int) -> Table:
    """Return chosen columns of a table; a column below 0 is one that it does not have."""
    where = np.array(columns, np.intp)
    made: Table = np.where(where < 0, missing, table[:, where])
    return made


def _last_best(table: Table) -> Table:
    """Return the column of the highest value of each row, the last of equal ones."""
    made: Table = table.shape[1] - 1 - table[:, ::-1].argmax(axis=1)
    return made


def _as_fits(points: Table, *others: Table | NDArray[np.bool_]) -> list[dict[int, Fit]]:
    """Return the fits of each finding that are worth a look, by the number of the item.

    Args:
        points: findings down, items across.
        others: the other attributes of ``Fit``, in order.
    """
    found: list[dict[int, Fit]] = [{} for _ in points]
    rows, items = np.nonzero(points >= _ABOUT)
    chosen = (table[rows, items].tolist() for table in (points, *others))
    for row, item, *fit in zip(rows.tolist(), items.tolist(), *chosen, strict=True):
        found[row][item] = Fit(*fit)
    return found
