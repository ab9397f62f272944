"""Candidates' text is shown, never obeyed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.report.visible import visible, visible_text

ACTING = ["\x00", "\x1b", "\x7f", "\x9b", "\r", "\u200b", "\u202e", "\u2066", "\u2028", "\ufeff"]


@pytest.mark.parametrize("character", ACTING, ids=lambda c: f"U+{ord(c):04X}")
def test_a_hidden_or_acting_character_is_named(character):
    assert character not in visible(f"a{character}b")
    assert character not in visible_text(f"a{character}b", keep="\n\t")


def test_an_escape_sequence_reaches_no_terminal():
    assert visible_text("\x1b[31mred\x1b[0m") == "[ESC][31mred[ESC][0m"


def test_markup_is_text():
    assert visible("<script>alert('x')</script>") == (
        "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"
    )


@pytest.mark.parametrize("text", ["naïve β λ", "日本語", "👩\u200d💻 emoji", "می\u200cخواهم"])
def test_honest_text_stays_as_it_is(text):
    assert visible(text) == text == visible_text(text)


@given(st.text())
def test_no_text_opens_a_tag_of_its_own(text):
    html = str(visible(text)).replace('<span class="hidden-char" title="', "")
    assert html.count("<") == html.count("</span>")


@given(st.text(st.characters(codec="utf-8")))
def test_what_is_shown_can_be_stored(text):
    for shown in (str(visible(text)), visible_text(text)):
        assert shown.encode().decode() == shown


def test_a_lone_surrogate_is_named():
    assert visible_text("\ud800") == "[U+D800]"
