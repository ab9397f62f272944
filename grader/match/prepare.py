"""An answer key made ready: its layout, and the words of its items and decoys."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from grader.match.likeness import TextIndex, telling
from grader.match.meaning import Restriction, Texts, code_words
from grader.match.model import Model
from grader.match.normalise import ProgramText, fold
from grader.match.place import Anchored, Layout, Reach, Spot, anchor, reach
from grader.records.key import AnswerKey, KeyDecoy, KeyItem


class ReadyItem(NamedTuple):
    """A key item with its words and places."""

    item: KeyItem
    texts: Texts
    places: tuple[Anchored, ...]


class ReadyDecoy(NamedTuple):
    """A decoy with its words and places."""

    decoy: KeyDecoy
    texts: Texts
    places: tuple[Anchored, ...]


class Ready(NamedTuple):
    """All of a key that matching needs."""

    key: AnswerKey
    layout: Layout
    program: ProgramText
    items: tuple[ReadyItem, ...]
    decoys: tuple[ReadyDecoy, ...]
    texts: TextIndex
    held: Restriction
    names: frozenset[str]
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
            known = tuple(reach(spot, ready.places, self.layout) for ready in owners)
            if len(self.reaches) < _MOST_SPOTS:
                self.reaches[spot] = known
        return known


_MOST_SPOTS = 20_000


@lru_cache(maxsize=64)
def prepare(key: AnswerKey, model: Model) -> Ready:
    """Return the key made ready; the work is done once for each key."""
    layout = Layout(key)
    index = TextIndex(model.idf)
    items = tuple(_item(item, layout, index, model.idf) for item in key.items)
    decoys = tuple(_decoy(decoy, layout, index) for decoy in key.decoys)
    held = Restriction(
        frozenset([*(i.category for i in key.items), *(d.looks_like for d in key.decoys)]),
        frozenset(i.kind for i in key.items),
    )
    names = frozenset(name for item in items for name in item.texts.identifiers)
    return Ready(key, layout, ProgramText(layout.lines), items, decoys, index, held, names, {})


def _item(item: KeyItem, layout: Layout, index: TextIndex, idf: Mapping[str, int]) -> ReadyItem:
    told = (*item.said_well, item.wrong, f"{item.wrong} {item.harm} {item.fix}", item.title)
    texts = Texts(
        item.id,
        item.category,
        item.kind,
        index.add(_folded(told)),
        index.add(_folded(item.near_misses)),
        telling(fold(item.harm)[0], idf),
        telling(fold(item.fix)[0], idf),
        code_words(item.identifiers),
    )
    return ReadyItem(item, texts, anchor(item.places, layout))


def _decoy(decoy: KeyDecoy, layout: Layout, index: TextIndex) -> ReadyDecoy:
    said = index.add(_folded(decoy.said_badly))
    nothing: frozenset[str] = frozenset()
    texts = Texts(decoy.id, decoy.looks_like, "", said, range(0), nothing, nothing, nothing)
    return ReadyDecoy(decoy, texts, anchor(decoy.places, layout))


def _folded(texts: Iterable[str]) -> list[str]:
    return [fold(text)[0] for text in texts]
