"""Wordings that are tried only where one of their words stands miss nothing by that."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.match.phrases import Passage, Wording
from grader.match.words import tokens

ASCII = st.characters(max_codepoint=127)
WORDINGS = ("no_defect", "fine", "rightly", "sound", "hedge", "approves", "supposed", "turn")
PASSAGES = (
    ("alerts", "steering"),
    ("alerts", "embedded"),
    ("claim", "stuffing"),
    ("claim", "unsays"),
)


@pytest.mark.parametrize("name", WORDINGS)
@settings(max_examples=200)
@given(data=st.data())
def test_every_match_of_a_wording_holds_one_of_its_words(name, data):
    wording = Wording(name)
    clause = data.draw(st.from_regex(wording.pattern, alphabet=ASCII))
    found = wording.pattern.search(clause.lower())
    assert not found or not wording.words.isdisjoint(tokens(found.group())), found


@pytest.mark.parametrize(("table", "name"), PASSAGES)
@settings(max_examples=200)
@given(data=st.data())
def test_every_match_of_a_passage_holds_one_of_its_pieces(table, name, data):
    passage = Passage(table, name)
    text = data.draw(st.from_regex(passage.pattern, alphabet=ASCII))
    assert passage.is_in(text) == bool(passage.pattern.search(text))


def test_a_wording_is_not_searched_for_where_none_of_its_words_stands():
    fine = Wording("fine")
    assert fine.search("this is fine", ["this", "is", "fine"])
    assert not fine.search("this is fine", ["this", "is"])
