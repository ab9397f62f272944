"""Text made plain: look-alike characters folded, copied program lines taken out.

A remark is judged by what its author says in words. A code line copied from the program says
nothing by itself, so it is cut out of the claim and kept aside; a short mention of code
(`` `scaler.fit` ``) stays, because it is part of the sentence.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

MAX_CHARACTERS = 10_000

# Cyrillic and Greek letters that print like Latin ones; NFKC does not fold them.
_LOOK_ALIKES = dict(
    zip(
        map(ord, "аеорсухіјѕԁһԛԝьАВЕКМНОРСТХУІЈЅαεικνορτυχγΑΒΕΖΗΙΚΜΝΟΡΤΥΧ"),
        "aeopcyxijsdhqwbABEKMHOPCTXYIJSaeiknoptuxyABEZHIKMNOPTYX",
        strict=True,
    )
)
_IGNORABLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]"
)
_CONTROL = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_PLAIN = str.maketrans(
    {
        "‘": "'", "’": "'", "ʼ": "'", "´": "'", "“": '"', "”": '"', "„": '"',
        "–": "-", "—": " - ", "‐": "-", "−": "-", "→": " -> ", "⇒": " -> ", "➜": " -> ",
        "•": "*", "·": "*", "▪": "*", "●": "*",
    }
)  # fmt: skip
_WORD = re.compile(r"[^\W\d_]+")
_FENCE = re.compile(r"```[^\n`]{0,20}\n(.*?)(?:```|\Z)", re.DOTALL)
_TICKS = re.compile(r"`([^`\n]{1,300})`")
_SPACES = re.compile(r"[ \t]+")
_SIGNS = "=([_{#"  # signs that program lines hold and few sentences do


class Plain(NamedTuple):
    """A remark made plain.

    ``claim`` is what is said in words, line breaks kept; ``copied`` the code that was cut out;
    ``notes`` what was done to the text that a person should know.
    """

    claim: str
    copied: tuple[str, ...]
    notes: tuple[str, ...]


def fold(text: str) -> tuple[str, bool]:
    """Return the text with every disguise folded, and whether letters had been disguised.

    Look-alike letters are folded only inside a mostly Latin text, so Russian stays Russian, and
    only in words that hold Latin letters too or nothing but look-alikes.
    """
    if text.isascii():
        return text if text.isprintable() else _CONTROL.sub(" ", text), False
    bare = _IGNORABLE.sub("", text)
    plain = _CONTROL.sub(" ", unicodedata.normalize("NFKC", bare).translate(_PLAIN))
    if plain.isascii():
        return plain, False
    latin = sum("a" <= c.lower() <= "z" for c in plain)
    letters = sum(c.isalpha() for c in plain)
    disguised = False
    if latin * 2 >= letters:
        folded = _WORD.sub(_fold_word, plain)
        disguised = folded != plain
        plain = folded
    stripped = unicodedata.normalize("NFKD", plain)
    return "".join(c for c in stripped if not unicodedata.combining(c)), disguised


def _fold_word(match: re.Match[str]) -> str:
    word = match.group()
    if word.isascii():
        return word
    folded = word.translate(_LOOK_ALIKES)
    # A single Greek letter (beta, lambda) is mathematics, not a disguise.
    return folded if folded.isascii() and len(word) > 1 else word


def squeeze(line: str) -> str:
    """Return a line without white space at its ends and with single spaces inside."""
    if "\t" in line or "  " in line:
        line = _SPACES.sub(" ", line)
    return line.strip()


class ProgramText:
    """The lines of a program, ready for finding copies of them in a remark."""

    def __init__(self, lines: Iterable[str]) -> None:
        squeezed = {squeeze(line) for line in lines}
        self._whole = frozenset(line for line in squeezed if line)
        bare = {line.lstrip("# ").rstrip() for line in squeezed}
        long = {line for line in squeezed | bare if len(line) >= 14 and _codelike(line)}
        self._long = tuple(sorted(long, key=lambda line: (-len(line), line)))
        self._by_signs: dict[frozenset[str], tuple[str, ...]] = {}

    def cut(self, text: str) -> tuple[str, list[str]]:
        """Return the text without copied program lines, and the copies."""
        copied: list[str] = []
        kept: list[str] = []
        for line in text.split("\n"):
            bare = squeeze(line.lstrip("> ").strip("`"))
            if bare in self._whole:
                copied.append(bare)
                continue
            kept.append(self._cut_inside(squeeze(line), copied))
        return "\n".join(kept), copied

    def _cut_inside(self, line: str, copied: list[str]) -> str:
        if len(line) < 14 or not _codelike(line):
            return line
        for code in self._with_signs(frozenset(sign for sign in _SIGNS if sign in line)):
            if code in line:
                copied.append(code)
                line = line.replace(code, " , ")
        return line

    def _with_signs(self, signs: frozenset[str]) -> tuple[str, ...]:
        """Return the long lines that hold no other signs than these: few are in any remark."""
        known = self._by_signs.get(signs)
        if known is None:
            others = [sign for sign in _SIGNS if sign not in signs]
            known = tuple(code for code in self._long if not any(o in code for o in others))
            self._by_signs[signs] = known
        return known

    def is_copy(self, code: str) -> bool:
        """Tell whether quoted code is (most of) a line of the program."""
        bare = squeeze(code)
        return bare in self._whole or (len(bare) >= 25 and any(bare in x for x in self._long))


def _codelike(line: str) -> bool:
    return any(c in line for c in "=([_.#{")


def make_plain(text: str, program: ProgramText) -> Plain:
    """Return the remark in plain words. Reads at most 10,000 characters of it."""
    notes: list[str] = []
    if len(text) > MAX_CHARACTERS:
        text = text[:MAX_CHARACTERS]
        notes.append(f"only the first {MAX_CHARACTERS:,} characters were read")
    folded, disguised = fold(text)
    if disguised:
        notes.append("letters that only look Latin were read as Latin")
    copied: list[str] = []

    def fence(match: re.Match[str]) -> str:
        copied.append(match.group(1))
        return "\n"

    def ticks(match: re.Match[str]) -> str:
        if program.is_copy(match.group(1)):
            copied.append(match.group(1))
            return " , "
        return f" {match.group(1)} "

    words = _TICKS.sub(ticks, _FENCE.sub(fence, folded))
    claim, lines = program.cut(words)
    return Plain(claim.strip(), tuple(copied + lines), tuple(notes))
