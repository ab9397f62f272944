"""Does a remark say why the code is wrong, and what to do?

The signs are connectives, words of consequence, words of repair, and words shared with what the
key says of harm and fix. Length counts for nothing.
"""

from collections.abc import Collection, Mapping

from grader.match.phrases import pattern
from grader.match.words import open_up

_BECAUSE = pattern("explain", "because")
_EFFECT = pattern("explain", "effect")
_REPAIR = pattern("explain", "repair")
# An order: the verb begins a sentence, or follows "please", "should" and the like.
_ORDER = pattern("explain", "order")
_LOOSE = pattern("explain", "loose")
# What each sign weighs against the text model's leaning, all in thousandths of a nat.
_BECAUSE_WEIGHS = _EFFECT_WEIGHS = 600
_ORDER_WEIGHS, _LOOSE_WEIGHS, _REPAIR_WEIGHS = 2200, 400, 100
_SHARED_WEIGHS, _MOST_SHARED = 150, 4
_WHY_FROM, _FIX_FROM = 200, 200
_REPAIRS = ((_ORDER, _ORDER_WEIGHS), (_LOOSE, _LOOSE_WEIGHS), (_REPAIR, _REPAIR_WEIGHS))


def says_why(text: str, flags: Mapping[str, int], shared_harm: int) -> bool:
    """Tell whether a remark gives mechanism or consequence.

    Args:
        text: the folded remark.
        flags: the text model's leanings, in thousandths.
        shared_harm: how many telling words it shares with the key's words on harm.
    """
    missing = _WHY_FROM - flags.get("why", 0) - _overlap(shared_harm)
    # Only where the signs decide are they looked for.
    if missing <= 0 or missing > _BECAUSE_WEIGHS + _EFFECT_WEIGHS:
        return missing <= 0
    opened = open_up(text)
    signs = _BECAUSE_WEIGHS * bool(_BECAUSE.search(opened))
    signs += _EFFECT_WEIGHS * bool(_EFFECT.search(opened))
    return signs >= missing


def says_fix(text: str, flags: Mapping[str, int], shared_fix: int) -> bool:
    """Tell whether a remark says what to do. Arguments as in ``says_why``."""
    missing = _FIX_FROM - flags.get("fix", 0) - _overlap(shared_fix)
    if missing <= 0 or missing > _ORDER_WEIGHS:
        return missing <= 0
    opened = open_up(text)
    return next((w for sign, w in _REPAIRS if sign.search(opened)), 0) >= missing


def _overlap(count: int) -> int:
    return _SHARED_WEIGHS * min(count, _MOST_SHARED)


def shared(words: Collection[str], others: Collection[str]) -> int:
    """Return how many different words two texts share."""
    return len(set(words) & set(others))
