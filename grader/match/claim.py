"""Does a finding say that something is wrong?

A denial, a shrug, praise and a bare string of keywords assert nothing; an order to change
something and a question that expects "yes, it is wrong" assert a defect.
"""

import re
from collections.abc import Collection, Sequence
from typing import Literal, NamedTuple

from grader.match.phrases import Passage, Wording, pattern, word_list
from grader.match.words import open_up, tokens

Stance = Literal["asserts", "asks", "hedges", "denies", "keywords", "unsays", "nothing"]

_NO_DEFECT = Wording("no_defect")
_PURPOSE = pattern("claim", "purpose")
_SO = pattern("claim", "so")
_MODAL = pattern("claim", "modal")
_NOT_FLAWED = Wording("not_flawed")
_APPROVED = Wording("approved")
_FINE = Wording("fine")
_UNFINE = pattern("claim", "unfine")
_RIGHTLY = Wording("rightly")
_WRONGLY = pattern("claim", "wrongly")
_SOUND = Wording("sound")
_UNSOUND = pattern("claim", "unsound")
_HEDGE = Wording("hedge")
_REASON = pattern("claim", "reason")
_NEGATED_ASK = pattern("claim", "negated_ask")
_REQUEST = pattern("claim", "request")
_TURN = Wording("turn")
# What begins so turns from the praise before it.
_TURNS_FROM = re.compile(r"(?:but|however|unfortunately|one thing)\b")
_RELATION = word_list("relation")
_TERSE = word_list("terse")
_CONTENT = pattern("claim", "content")
_WITHDRAWS = pattern("claim", "withdraws")
_TAKES_BACK = pattern("claim", "takes_back")
_UNSAYS = Passage("claim", "unsays")


# A clause that ends in one approving word: "seed passed everywhere, good".
_APPROVES = Wording("approves")
# "At first I thought it leaks" is no claim.
_SUPPOSED = Wording("supposed")
# What a statement of a defect holds; without it, praise in the next clause speaks for it.
_BAD = pattern("claim", "bad")
# An order to change the code; who gives one does not say that all is well.
_CHANGE = pattern("claim", "change")


class Claim(NamedTuple):
    """What a finding asserts: ``level`` 1000 a defect, 500 a bare question, 0 nothing.

    ``denies``: one of its ``sentences`` says that there is no defect.
    """

    stance: Stance
    level: int
    denies: bool = False
    sentences: tuple[str, ...] = ()

    @property
    def content(self) -> bool:
        """Tell whether some part of it says that all is well, whatever else it says."""
        return self.denies or any(_CONTENT.search(open_up(s)) for s in self.sentences)


UNSAID = Claim("unsays", 0)


def judge(sentences: Sequence[str]) -> Claim:
    """Return the strongest stance of a finding's sentences."""
    clauses = [clause for sentence in sentences for clause in _clauses(sentence)]
    stances = {clause.stance for clause in clauses}
    if "denies" in stances:
        clauses = [c for c in clauses if c.stance != "asserts" or c.turned or _speaks_of_fault(c)]
    denies, said = "denies" in stances, tuple(sentences)
    if any(clause.stance == "asserts" for clause in clauses):
        return Claim("asserts", 1000, denies, said)
    for stance in ("denies", "asks", "hedges", "keywords"):
        if stance in stances:
            return Claim(stance, 500 if stance == "asks" else 0, denies, said)
    return Claim("nothing", 0, denies, said)


def sounds_bad(text: str) -> bool:
    """Tell whether a text holds any word that a statement of a defect holds."""
    return bool(_BAD.search(open_up(text)))


def withdraws(text: str) -> bool:
    """Tell whether a remark corrects an earlier one."""
    return bool(_WITHDRAWS.match(text[:200].lower()))


def takes_back(text: str) -> bool:
    """Tell whether a correcting remark takes the earlier claim back without a new one."""
    return bool(_TAKES_BACK.search(text[:200].lower()))


def unsays(text: str) -> bool:
    """Tell whether a remark withdraws what it says itself."""
    return _UNSAYS.is_in(text.lower())


class _Clause(NamedTuple):
    text: str
    stance: Stance
    turned: bool


def _clauses(sentence: str) -> list[_Clause]:
    """Return the stance on each side of a "but"; a question mark holds for the last side."""
    opened = open_up(sentence).strip()
    words = tokens(opened)
    turns = not _TURN.words.isdisjoint(words)
    split = _TURN.pattern.split(opened) if turns else [opened]
    parts = [part for one in split if one and (part := one.strip(" ,."))]
    if not parts:
        return [_Clause("", "nothing", False)]
    asked = opened.rstrip(")\"' ").endswith("?")
    if not turns and len(parts) == 1:
        return [_Clause(parts[0], _stance(parts[0], words, asked), False)]
    last, turned = len(parts) - 1, bool(_TURNS_FROM.match(opened))
    return [
        _Clause(part, _stance(part, tokens(part), asked and i == last), turned or i > 0)
        for i, part in enumerate(parts)
    ]


def _speaks_of_fault(clause: _Clause) -> bool:
    return bool(_BAD.search(clause.text) or _CHANGE.search(clause.text))


def _stance(clause: str, words: Sequence[str], asked: bool) -> Stance:
    if not words:
        return "nothing"
    if asked:
        return "asserts" if _NEGATED_ASK.search(clause) or _REQUEST.search(clause) else "asks"
    held = frozenset(words)
    if _HEDGE.search(clause, held) and not _REASON.search(clause):
        return "hedges"
    if _SUPPOSED.search(clause, held):
        return "nothing"
    if _denies(clause, held) and not _CHANGE.search(clause):
        return "denies"
    code = any(sign in clause for sign in "=([_'\"`")
    return "asserts" if _is_sentence(words, code) else "keywords"


def _denies(clause: str, words: Collection[str]) -> bool:
    if _APPROVES.search(clause, words) and not _BAD.search(clause):
        return True
    if _NOT_FLAWED.search(clause, words) or _APPROVED.search(clause, words):
        return True
    denied = _NO_DEFECT.search(clause, words)
    if denied and not _is_purpose(clause[: denied.start()]):
        return True
    fine = _FINE.search(clause, words)
    if fine and not _UNFINE.search(
        clause[max(0, fine.start() - 24) : fine.end()].replace(fine.group().split()[0], "", 1)
    ):
        return True
    rightly = _RIGHTLY.search(clause, words)
    if rightly and not _WRONGLY.search(clause[max(0, rightly.start() - 30) : rightly.start()]):
        return True
    return bool(_SOUND.search(clause, words)) and not _UNSOUND.search(clause)


def _is_purpose(before: str) -> bool:
    """Tell whether a denied defect is what an order is for, by what stands before it."""
    return bool(_PURPOSE.search(before) or (_SO.search(before) and _MODAL.search(before)))


def _is_sentence(words: Sequence[str], code: bool) -> bool:
    """Tell whether words stand in relation to each other, or are a terse finding.

    Args:
        words: the words of a clause.
        code: whether the clause names a piece of code, which then stands for the relation.
    """
    related = sum(word in _RELATION for word in words)
    if len(words) <= 4:
        return related > 0 or any(word in _TERSE for word in words)
    if related == 0:
        return code and any(word in _TERSE for word in words)
    return len(words) < 10 or related * 12 >= len(words)
