"""Mends words that are one letter off a word of the trade, so that typing errors cost nothing."""

from collections.abc import Iterable

from grader.match.phrases import word_list

_SHORTEST = 5
# English words that stand one letter from a word of the trade and mean what they say.
_PLAIN_WORDS = word_list("plain")


class Speller:
    """Knows a list of words and finds the one that a misspelt word is nearest to.

    Only words of five letters or more are mended, by one letter missing, added, changed or two
    swapped, and only when the first letter is right.

    Args:
        trade: the words that others are mended to.
        known: further words that are rightly spelt and are left as they are.
    """

    def __init__(self, trade: Iterable[str], known: Iterable[str] = ()) -> None:
        self._known = {word for word in trade if word.isalpha()}
        self._by_cut: dict[str, str] = {}
        for word in sorted(self._known, key=lambda w: (len(w), w), reverse=True):
            if len(word) >= _SHORTEST:
                for cut in _cuts(word):
                    self._by_cut[cut] = word
        self._known.update(known)
        self._mended: dict[str, str] = {}

    def mend(self, word: str) -> str:
        """Return the word itself, or the word of the trade that it was meant to be."""
        if len(word) < _SHORTEST or word in self._known or word in _PLAIN_WORDS:
            return word
        known = self._mended.get(word)
        if known is None:
            known = self._nearest(word) if word.isalpha() else word
            if len(self._mended) < 50_000:
                self._mended[word] = known
        return known

    def _nearest(self, word: str) -> str:
        if any(word.removesuffix(e) in self._known for e in ("s", "es", "d", "ed", "ing", "ly")):
            return word
        for cut in (word, *_cuts(word)):
            found = self._by_cut.get(cut)
            if found and found[0] == word[0] and abs(len(found) - len(word)) <= 1:
                return found
        return word


def _cuts(word: str) -> list[str]:
    return [word[:i] + word[i + 1 :] for i in range(1, len(word))]
