"""An answer key made ready: its layout, and the words of its items and decoys."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from grader.match.likeness import telling
from grader.match.meaning import Board, Texts, code_words
from grader.match.model import Model
from grader.match.normalise import ProgramText, fold
from grader.match.place import Anchored, Layout, Reach, Spot, anchor, reach_all
from grader.records.key import AnswerKey, KeyDecoy, KeyItem


class ReadyItem(NamedTuple):
    """A key item with its places, and the telling words of what the key says of harm and fix."""

    item: KeyItem
    places: tuple[Anchored, ...]
    harm: frozenset[str]
    fix: frozenset[str]


class ReadyDecoy(NamedTuple):
    """A decoy with its places."""

    decoy: KeyDecoy
    places: tuple[Anchored, ...]


class Ready(NamedTuple):
    """All of a key that matching needs."""

    key: AnswerKey
    layout: Layout
    program: ProgramText
    items: tuple[ReadyItem, ...]
    decoys: tuple[ReadyDecoy, ...]
    board: Board
    reaches: dict[Spot, tuple[Reach, ...]]

    def reach_items(self, spot: Spot) -> tuple[Reach, ...]:
        """Return how a spot lies to every item; worked out once for each spot."""
        return self._reach_all(spot)[: len(self.items)]

    def reach_decoys(self, spot: Spot) -> tuple[Reach, ...]:
        """Return how a spot lies to every decoy."""
        return self._reach_all(spot)[len(self.items) :]

    def _reach_all(self, spot: Spot) -> tuple[Reach, ...]:
        known = self.reaches.get(spot)
        if known is None:
            owners: tuple[ReadyItem | ReadyDecoy, ...] = (*self.items, *self.decoys)
            known = reach_all(spot, (ready.places for ready in owners), self.layout)
            if len(self.reaches) < _MOST_SPOTS:
                self.reaches[spot] = known
        return known


_MOST_SPOTS = 20_000


@lru_cache(maxsize=64)
def prepare(key: AnswerKey, model: Model) -> Ready:
    """Return the key made ready; the work is done once for each key."""
    layout = Layout(key)
    items = tuple(_item(item, layout, model.idf) for item in key.items)
    decoys = tuple(ReadyDecoy(decoy, anchor(decoy.places, layout)) for decoy in key.decoys)
    board = Board(
        [_texts_of_item(item) for item in key.items],
        [Texts(decoy.looks_like, _folded(decoy.said_badly)) for decoy in key.decoys],
        model,
    )
    return Ready(key, layout, ProgramText(layout.lines), items, decoys, board, {})


def _item(item: KeyItem, layout: Layout, idf: Mapping[str, int]) -> ReadyItem:
    harm, fix = (telling(fold(text)[0], idf) for text in (item.harm, item.fix))
    return ReadyItem(item, anchor(item.places, layout), harm, fix)


def _texts_of_item(item: KeyItem) -> Texts:
    told = (*item.said_well, item.wrong, f"{item.wrong} {item.harm} {item.fix}", item.title)
    return Texts(
        item.category,
        _folded(told),
        item.kind,
        _folded(item.near_misses),
        code_words(item.identifiers),
    )


def _folded(texts: Iterable[str]) -> list[str]:
    return [fold(text)[0] for text in texts]
