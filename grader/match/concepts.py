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
from grader.match.spelling import Speller
from grader.match.words import open_up, stem, tokens

WINDOW = 44  # words: a rule's groups must meet within two or three sentences
_STRIDE = 22
_SKIPPED = frozenset(("the", "a", "an", "our", "these", "those"))


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


class _Phrase(NamedTuple):
    words: tuple[str, ...]
    open_end: bool
    groups: int


class _Word(NamedTuple):
    """A word of a remark: rightly spelt, its stem, with "is" for "iz", the groups it is in by
    itself, and the phrases that it begins, by their second words.
    """

    text: str
    stem: str
    plain: str
    groups: int
    begins: Mapping[str, Sequence[_Phrase]]


_NO_PHRASES: Mapping[str, Sequence[_Phrase]] = {}


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
        phrases: dict[tuple[tuple[str, ...], bool], int] = {}
        spelled: set[str] = set()
        for group, text in data["terms"].items():
            for words, open_end in _phrases(str(text), spelled):
                key = (words, open_end)
                phrases[key] = phrases.get(key, 0) | self._bit[group]
        self._by_first: dict[str, dict[str, list[_Phrase]]] = {}
        self._prefixes: dict[str, int] = {}
        self._alone: dict[str, int] = {}
        for (words, open_end), bits in phrases.items():
            if len(words) == 1:
                table = self._prefixes if open_end else self._alone
                table[words[0]] = bits
            else:
                # Known second words narrow the search: common first words begin many phrases.
                second = words[1] if len(words) > 2 or not open_end else ""
                phrase = _Phrase(words, open_end, bits)
                self._by_first.setdefault(words[0], {}).setdefault(second, []).append(phrase)
        for seconds in self._by_first.values():
            for entries in seconds.values():
                entries.sort(key=lambda p: -len(p.words))
        self._shortest = min(map(len, self._prefixes), default=1)
        self._words: dict[str, _Word] = {}
        self._rules = tuple(self._compile_rules(data["rules"]))
        self._by_need = self._index_rules()
        self.kinds = tuple(dict.fromkeys(rule.kind for rule in self._rules if rule.kind))
        self.category_of = {rule.kind: rule.label for rule in self._rules if rule.kind}
        self.labels = tuple(dict.fromkeys(rule.label for rule in self._rules))
        self.speller = Speller(spelled, known)

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
        known = self._words
        words = [known.get(word) or self._word(word) for word in raw if word not in _SKIPPED]
        found = self._scan(words)
        always = self._bit["question_mark"] if "?" in text else 0
        if is_other_script(text):
            always |= self._bit["non_latin"]
        elif is_foreign(text, raw):
            always |= self._bit["foreign_strong"]
        return self._judge(found, always)

    def _word(self, raw: str) -> _Word:
        """Return a word rightly spelt with all that is looked up for it; worked out once."""
        known = self._words.get(raw)
        if known is None:
            text = self.speller.mend(raw)
            stemmed = stem(text)
            known = _Word(
                text, stemmed, text.replace("iz", "is"), self._single(text, stemmed),
                self._by_first.get(stemmed, _NO_PHRASES),
            )  # fmt: skip
            if len(self._words) < 50_000:
                self._words[raw] = known
        return known

    def _scan(self, words: Sequence[_Word]) -> list[tuple[int, int, str]]:
        """Return (position, groups, phrase) of every phrase found, the longest first taken."""
        found: list[tuple[int, int, str]] = []
        at = 0
        while at < len(words):
            word = words[at]
            length = groups = 0
            if word.begins and at + 1 < len(words):
                seconds = (words[at + 1].stem, "")
                for phrases in (word.begins[s] for s in seconds if s in word.begins):
                    length, groups = _longest(phrases, words, at, (length, groups))
            if length:
                found.append((at, groups, " ".join(w.text for w in words[at : at + length])))
            elif word.groups:
                found.append((at, word.groups, word.text))
            at += length or 1
        return found

    def _single(self, word: str, stemmed: str) -> int:
        """Return the groups that hold this word, or an open-ended word that begins it."""
        groups = self._alone.get(stemmed, 0)
        for form in {word.replace("iz", "is"), stemmed}:
            for size in range(self._shortest, len(form) + 1):
                groups |= self._prefixes.get(form[:size], 0)
        return groups

    def _judge(self, found: Sequence[tuple[int, int, str]], always: int) -> Reading:
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


def _phrases(text: str, spelled: set[str]) -> Iterable[tuple[tuple[str, ...], bool]]:
    for phrase in text.split(","):
        open_end = phrase.rstrip().endswith("*")
        words = [w for w in tokens(open_up(phrase.strip(" *"))) if w not in _SKIPPED]
        if not words:
            continue
        spelled.update(words)
        last = words[-1].replace("iz", "is") if open_end else stem(words[-1])
        yield (*map(stem, words[:-1]), last), open_end


def _longest(
    phrases: Sequence[_Phrase], words: Sequence[_Word], at: int, best: tuple[int, int]
) -> tuple[int, int]:
    """Return how many words the longest phrase at a position has, and its groups.

    Args:
        phrases: those that may stand there.
        words: of the remark.
        at: the position.
        best: the longest so far.
    """
    length, groups = best
    for phrase in phrases:
        size = len(phrase.words)
        if size < length or not _matches(phrase, words, at):
            continue
        groups = phrase.groups | (groups if size == length else 0)
        length = size
    return length, groups


def _matches(phrase: _Phrase, words: Sequence[_Word], at: int) -> bool:
    last = at + len(phrase.words) - 1
    if last >= len(words):
        return False
    if any(words[at + i].stem != word for i, word in enumerate(phrase.words[:-1])):
        return False
    end = phrase.words[-1]
    if not phrase.open_end:
        return words[last].stem == end
    return words[last].plain.startswith(end) or words[last].stem.startswith(end)


def _windows(found: Sequence[tuple[int, int, str]]) -> Iterable[tuple[int, int]]:
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
