"""Fragments that are claims: "eval! int." on the line of the eval says all that there is to say.

A string of words asserts nothing, wherever it stands. But a few words in fragments, or two pieces
of code held against each other, are a claim when they name one kind of flaw for certain and stand
on the line of a flaw of that kind.
"""

import re

from grader.match.findings import Finding
from grader.match.pairs import SURELY
from grader.match.prepare import Ready
from grader.match.words import open_up, tokens

_MOST_WORDS, _MOST_IN_CHANGE = 12, 24
# Each fragment ends in a stop or a colon of its own, or compares: a list of words does neither.
_FRAGMENT = re.compile(r"[\w)\]`'\"][.!?:](?=\s+\S)|[<>=]=|\s[<>]\s|\w=\w|->")
_CHANGE = "->"  # this code to that code


def spoken(finding: Finding, ready: Ready) -> Finding:
    """Return a finding, its fragments taken for a claim if they are one at this place."""
    one = finding.draft
    if one.claim.stance != "keywords" or not finding.kind:
        return finding
    if finding.opinion.flags.get("asserts", 0) < SURELY or not _FRAGMENT.search(one.text):
        return finding
    most = _MOST_IN_CHANGE if _CHANGE in one.text else _MOST_WORDS
    if len(tokens(open_up(one.text))) > most or not _is_at(finding, ready):
        return finding
    return finding._replace(
        draft=one._replace(claim=one.claim._replace(stance="asserts", level=1000))
    )


def _is_at(finding: Finding, ready: Ready) -> bool:
    """Tell whether a flaw of the kind that a finding names has its place here."""
    reaches = ready.reach_items(finding.draft.spot)
    return any(
        fit.lead > 0 and reaches[number].nearness == "at" and reaches[number].main
        for number, fit in finding.said.fits.items()
    )
