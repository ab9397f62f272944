"""Groups of words, found in one pass over the words of a remark, the longest phrase first.

A phrase may end in an open word (``leak*``), and every word may be misspelt by a letter.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from grader.match.spelling import Speller
from grader.match.words import open_up, stem, tokens

_SKIPPED = frozenset(("the", "a", "an", "our", "these", "those"))
_KEPT_WORDS = 50_000

Found = tuple[int, int, str]
"""The position of a phrase, the groups that it is in as bits, and its words."""


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


class Terms:
    """The phrases of all groups.

    Args:
        groups: the bit of each group, and its phrases as they stand in ``concepts.toml``.
        known: words that are rightly spelt though no phrase has them.
    """

    def __init__(self, groups: Iterable[tuple[int, str]], known: Iterable[str] = ()) -> None:
        phrases: dict[tuple[tuple[str, ...], bool], int] = {}
        spelled: set[str] = set()
        for bit, text in groups:
            for words, open_end in _phrases(text, spelled):
                key = (words, open_end)
                phrases[key] = phrases.get(key, 0) | bit
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
        self._speller = Speller(spelled, known)

    def find(self, raw: Sequence[str]) -> list[Found]:
        """Return every phrase among the words of a remark, in order."""
        known = self._words
        return self._scan(
            [known.get(word) or self._word(word) for word in raw if word not in _SKIPPED]
        )

    def _word(self, raw: str) -> _Word:
        """Return a word rightly spelt with all that is looked up for it, and keep it."""
        text = self._speller.mend(raw)
        stemmed = stem(text)
        groups = self._single(text, stemmed)
        begins = self._by_first.get(stemmed, _NO_PHRASES)
        made = _Word(text, stemmed, text.replace("iz", "is"), groups, begins)
        if len(self._words) < _KEPT_WORDS:
            self._words[raw] = made
        return made

    def _scan(self, words: Sequence[_Word]) -> list[Found]:
        """Return (position, groups, phrase) of every phrase found, the longest first taken."""
        found: list[Found] = []
        at = 0
        while at < len(words):
            word = words[at]
            length = groups = 0
            begins = word.begins
            if begins and at + 1 < len(words):
                if words[at + 1].stem in begins:
                    length, groups = _longest(begins[words[at + 1].stem], words, at, (0, 0))
                if "" in begins:
                    length, groups = _longest(begins[""], words, at, (length, groups))
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
