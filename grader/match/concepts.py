"""What a remark speaks of, by hand-written groups of words and rules over them.

All groups are found in one pass over the words of a remark; a rule fires where the groups it needs
meet within a window of words. The patterns stand in ``concepts.toml``.
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from grader.match.language import is_foreign, is_other_script
from grader.match.terms import Found, Terms
from grader.match.words import open_up, tokens

WINDOW = 44  # words: a rule's groups must meet within two or three sentences
_STRIDE = 22


class Reading(NamedTuple):
    """What the patterns see in a remark.

    ``kinds`` and ``labels`` give the weight of the best rule that fired (a second rule adds 1);
    ``groups`` the groups found; ``phrases`` the words that made the best rule fire.
    """

    kinds: Mapping[str, int]
    labels: Mapping[str, int]
    groups: frozenset[str]
    phrases: tuple[str, ...]


class _Rule(NamedTuple):
    label: str
    kind: str
    needs: int
    unless: int
    weight: int


class Concepts:
    """The compiled patterns.

    Args:
        data: the tables ``terms`` and ``rules`` as they stand in ``concepts.toml``.
        known: words that are rightly spelt though no pattern has them.
    """

    def __init__(self, data: Mapping[str, Mapping[str, object]], known: Iterable[str] = ()) -> None:
        self.groups = (*data["terms"], "question_mark", "foreign_strong", "non_latin")
        self._bit = {group: 1 << i for i, group in enumerate(self.groups)}
        self._group_of = {bit: group for group, bit in self._bit.items()}
        terms = ((self._bit[group], str(text)) for group, text in data["terms"].items())
        self._terms = Terms(terms, known)
        self._rules = tuple(self._compile_rules(data["rules"]))
        self._by_need = self._index_rules()
        self.kinds = tuple(dict.fromkeys(rule.kind for rule in self._rules if rule.kind))
        self.category_of = {rule.kind: rule.label for rule in self._rules if rule.kind}
        self.labels = tuple(dict.fromkeys(rule.label for rule in self._rules))

    def _compile_rules(self, tables: Mapping[str, object]) -> Iterable[_Rule]:
        for label, kinds in tables.items():
            assert isinstance(kinds, dict)
            for kind, rules in kinds.items():
                for text in rules:
                    names, _, weight = text.partition("=")
                    yield self._rule(label, "" if kind == "_any" else kind, names, weight)

    def _index_rules(self) -> dict[int, list[tuple[int, int, int, _Rule]]]:
        """Return the rules under the one of their groups that the fewest rules need.

        A remark holds a dozen groups, so few of the rules are looked at.
        """
        counts: dict[int, int] = {}
        for rule in self._rules:
            for bit in _bits(rule.needs):
                counts[bit] = counts.get(bit, 0) + 1
        index: dict[int, list[tuple[int, int, int, _Rule]]] = {}
        for number, rule in enumerate(self._rules):
            rarest = min(_bits(rule.needs), key=lambda bit: (counts[bit], bit))
            index.setdefault(rarest, []).append((number, rule.needs, rule.unless, rule))
        return index

    def _fired(self, present: int) -> list[_Rule]:
        """Return the rules that fire, in the order in which they stand."""
        found = [
            (number, rule)
            for bit in _bits(present)
            for number, needs, unless, rule in self._by_need.get(bit, ())
            if needs & present == needs and not unless & present
        ]
        found.sort(key=itemgetter(0))
        return [rule for _, rule in found]

    def _rule(self, label: str, kind: str, names: str, weight: str) -> _Rule:
        needs = unless = count = 0
        for name in names.split():
            if name.startswith("!"):
                unless |= self._bit[name[1:]]
            else:
                needs |= self._bit[name]
                count += 1
        return _Rule(label, kind, needs, unless, int(weight) if weight else min(7, 1 + 2 * count))

    def read(self, text: str) -> Reading:
        """Return what the patterns see in a folded remark."""
        raw = tokens(open_up(text))
        found = self._terms.find(raw)
        always = self._bit["question_mark"] if "?" in text else 0
        if is_other_script(text):
            always |= self._bit["non_latin"]
        elif is_foreign(text, raw):
            always |= self._bit["foreign_strong"]
        return self._judge(found, always)

    def _judge(self, found: Sequence[Found], always: int) -> Reading:
        kinds: dict[str, int] = {}
        labels: dict[str, int] = {}
        best: tuple[int, int, int] = (0, 0, 0)
        everything = always
        for start, present in _windows(found):
            everything |= present
            present |= always
            for rule in self._fired(present):
                _raise(labels, rule.label, rule.weight)
                if rule.kind:
                    _raise(kinds, rule.kind, rule.weight)
                if rule.weight > best[0]:
                    best = (rule.weight, start, rule.needs)
        groups = frozenset(self._group_of[bit] for bit in _bits(everything))
        phrases = dict.fromkeys(
            phrase
            for at, bits, phrase in found
            if bits & best[2] and best[1] <= at < best[1] + WINDOW
        )
        return Reading(kinds, labels, groups, tuple(phrases)[:6])


def _bits(groups: int) -> list[int]:
    """Return the single bits of a number."""
    found = []
    while groups:
        lowest = groups & -groups
        found.append(lowest)
        groups ^= lowest
    return found


def _windows(found: Sequence[Found]) -> Iterable[tuple[int, int]]:
    """Return (first word, groups present) of overlapping windows over the remark."""
    last = found[-1][0] if found else 0
    for start in range(0, max(1, last - WINDOW + _STRIDE + 1), _STRIDE):
        present = 0
        for at, groups, _ in found:
            if start <= at < start + WINDOW:
                present |= groups
        yield start, present


def _raise(table: dict[str, int], name: str, weight: int) -> None:
    """Keep the best weight; one lesser rule beside it adds 1."""
    old = table.get(name, 0)
    if weight > old:
        table[name] = weight + (1 if old else 0)
    elif old and weight >= old - 1:
        table[name] = max(old, weight + 1)


@cache
def concepts(known: frozenset[str] = frozenset()) -> Concepts:
    """Return the shipped patterns, compiled once for each list of known words."""
    path = Path(__file__).with_name("concepts.toml")
    return Concepts(tomllib.loads(path.read_text(encoding="utf-8")), known)
