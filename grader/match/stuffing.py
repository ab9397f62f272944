"""What is put around a remark to make it weigh more: taken off before anything is read.

Talk to the grader raises a flag; adjectives, exclamations and greetings raise nothing. Neither
changes a point, so the text is read without them.
"""

from collections.abc import Sequence

from grader.match.alerts import steering
from grader.match.phrases import Passage, word_list
from grader.match.segment import Unit
from grader.match.words import open_up, tokens

_EMBEDDED = Passage("alerts", "embedded")
_STUFFING = Passage("claim", "stuffing")
_HOLLOW = word_list("hollow")
_LONG = 60  # characters; no longer sentence says nothing but greetings


def without_embedded(claim: str) -> tuple[str, bool]:
    """Return a remark without results, tags and orders set into it, and whether there were any."""
    if not _EMBEDDED.is_in(claim):
        return claim, False
    return _EMBEDDED.pattern.sub(". ", claim), True


def bare(parts: Sequence[Unit]) -> tuple[list[Unit], bool]:
    """Return findings without stuffing and talk to the grader, and whether there was such talk.

    At least one finding is left, be it an empty one.
    """
    # Most remarks hold neither: one look at all of a remark spares one at each sentence.
    whole = "\n".join(s for part in parts for s in part.sentences)
    steers = steering(whole)
    stuffed = _STUFFING.is_in(whole)
    kept = [Unit(tuple(_bare(part.sentences, steers, stuffed)), part.itemised) for part in parts]
    steers = steers and any(steering(s) for part in parts for s in part.sentences)
    return [unit for unit in kept if unit.sentences] or kept[:1], steers


def _bare(sentences: Sequence[str], steers: bool, stuffed: bool) -> list[str]:
    return [
        left
        for s in sentences
        if not (steers and steering(s)) and (left := _without_stuffing(s, stuffed))
    ]


def _without_stuffing(sentence: str, stuffed: bool) -> str:
    """Return a sentence without words that only weigh; nothing if no other word is left."""
    left = _STUFFING.pattern.sub("", sentence).lstrip(" ,:;-") if stuffed else sentence
    if len(left) > _LONG:
        return left
    words = tokens(open_up(left))
    return "" if words and all(word in _HOLLOW for word in words) else left
