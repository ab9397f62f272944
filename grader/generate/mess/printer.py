"""The one printer: every line of the program, seeded or not, comes out of the same hand.

After the formatter has laid the program out, so that no line shows that a tool wrote it, the hand
of this exercise (its quotes, its blanks, its blank lines) goes over all of it alike.
"""

import io
import re
import tokenize
from contextlib import suppress

from grader.spans import split_lines
from grader.stream import Stream

_FORMATTED_STRING = re.compile(r"\b[rR]?[fFtT][rR]?[\"']")
_TIGHTEN = frozenset({"=", "+", "-", "*", "/", ">", "<", ">=", "<=", "=="})


def by_hand(text: str, stream: Stream, percent: int) -> str:
    """Return the program with one person's careless layout; lines keep their numbers."""
    quotes = stream.weighted(("double", "single", "mixed"), (3, 4, 3))
    lines = split_lines(text)
    whole = _simple_lines(text, len(lines))
    result = []
    for number, line in enumerate(lines, 1):
        if number in whole and not _FORMATTED_STRING.search(line):
            single = quotes == "single" or (quotes == "mixed" and stream.chance(50))
            line = _quoted(line) if single else line
            line = _tight(line) if stream.chance(percent // 4) else line
            line = _no_blank_after_comma(line) if stream.chance(percent // 8) else line
        result.append(line)
    return "\n".join(result) + "\n"


def loosen(text: str, stream: Stream, percent: int) -> list[tuple[int, str]]:
    """Return the program with blank lines gone here and doubled there (between statements)."""
    whole = _string_lines(text)
    result: list[tuple[int, str]] = []
    for number, line in enumerate(split_lines(text), 1):
        if line.strip() == "" and number not in whole:
            if result and result[-1][1].strip() == "" and stream.chance(percent):
                continue
            if stream.chance(percent // 8):
                result.append((0, ""))
        result.append((number, line))
    return result


def _tokens(text: str) -> list[tokenize.TokenInfo]:
    return list(tokenize.generate_tokens(io.StringIO(text).readline))


def _simple_lines(text: str, count: int) -> set[int]:
    """Return the lines that no string of several lines touches."""
    return set(range(1, count + 1)) - _string_lines(text)


def _string_lines(text: str) -> set[int]:
    lines: set[int] = set()
    for token in _tokens(text):
        if token.start[0] != token.end[0] and token.type not in (tokenize.NEWLINE, tokenize.NL):
            lines.update(range(token.start[0], token.end[0] + 1))
    return lines


def _line_tokens(line: str) -> list[tokenize.TokenInfo]:
    """Return the tokens of one physical line, as far as it can be read alone."""
    tokens: list[tokenize.TokenInfo] = []
    with suppress(tokenize.TokenError, IndentationError):
        tokens.extend(tokenize.generate_tokens(io.StringIO(line.lstrip() + "\n").readline))
    return [t for t in tokens if t.start[0] == 1]


def _rewrite(line: str, change: dict[tuple[int, int], str]) -> str:
    """Return the line with pieces (start, end) replaced."""
    indent = len(line) - len(line.lstrip())
    for (start, end), new in sorted(change.items(), reverse=True):
        line = line[: indent + start] + new + line[indent + end :]
    return line


def _quoted(line: str) -> str:
    change = {}
    for token in _line_tokens(line):
        text = token.string
        plain = token.type == tokenize.STRING and text.startswith('"') and len(text) >= 2
        if plain and not text.startswith('"""') and "'" not in text and "\\" not in text:
            change[token.start[1], token.end[1]] = f"'{text[1:-1]}'"
    return _rewrite(line, change)


def _tight(line: str) -> str:
    """Return the line without blanks around its operators."""
    body, change = line.lstrip(), {}
    for token in _line_tokens(line):
        start, end = token.start[1], token.end[1]
        binary = token.type == tokenize.OP and token.string in _TIGHTEN and start > 0
        if binary and body[start - 1 : start] == " " and body[end : end + 1] == " ":
            change[start - 1, end + 1] = token.string
    return _rewrite(line, change)


def _no_blank_after_comma(line: str) -> str:
    body, change = line.lstrip(), {}
    for token in _line_tokens(line):
        end = token.end[1]
        if token.type == tokenize.OP and token.string == "," and body[end : end + 1] == " ":
            change[token.start[1], end + 1] = ","
    return _rewrite(line, change)
