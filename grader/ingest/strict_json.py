"""JSON from strangers: bounded depth, no duplicate keys, no NaN, no half characters."""

import json
import re
from itertools import accumulate

from grader.ingest.draft import RefusedError
from grader.ingest.limits import MAX_DEPTH, over, too_many_comments
from grader.ingest.text import has_surrogate, shown

_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_TOKEN = re.compile(_STRING.pattern + r"|[][{}]", re.DOTALL)
_NOT_BRACKET = re.compile(r"[^][{}]+")
_STEP = {"[": 1, "{": 1, "]": -1, "}": -1}
_LONGEST_NUMBER = 18
_FAULTS_TOLD = 20


def depth(text: str) -> int:
    """Return how deep lists and objects are nested, without parsing."""
    brackets = _NOT_BRACKET.sub("", _STRING.sub("", text))
    return max(accumulate(map(_STEP.__getitem__, brackets)), default=0)


def load_many(text: str) -> list[object]:
    """Return the values of a text that holds several, one after the other or one a line.

    Raises:
        RefusedError: if one of them is no JSON, or there are more of them than comments allowed.
    """
    pieces: list[tuple[int, str]] = []
    start, level, line = 0, 0, 1
    for token in _TOKEN.finditer(text):
        level += _STEP.get(token[0], 0)
        if level == 0 and token[0] in _STEP:
            pieces.append((line, text[start : token.end()]))
            line += text.count("\n", start, token.end())
            start = token.end()
    if text[start:].strip():
        pieces.append((line, text[start:]))
    refused = too_many_comments(len(pieces))
    if refused:
        raise RefusedError(*refused)
    return [load(piece, first_line=line) for line, piece in pieces]


def load(text: str, numbers_only: bool = True, first_line: int = 1) -> object:
    """Return the value of a JSON text. Very long numbers come as text.

    Args:
        first_line: where the text begins in its file, for messages.
        numbers_only: refuse NaN and Infinity; notebooks keep them in outputs, which nobody reads.

    Raises:
        RefusedError: with every fault that keeps the text from being read.
    """
    found = over("depth", depth(text), MAX_DEPTH, "levels of brackets", "write it flatter")
    if found:
        raise RefusedError(*found)
    faults: list[str] = []

    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        value = dict(pairs)
        if len(value) < len(pairs):
            seen: set[str] = set()
            for key, _ in pairs:
                if key in seen:
                    faults.append(f"the key {shown(key)} stands twice in one object")
                seen.add(key)
        return value

    def constant(name: str) -> None:
        if numbers_only:
            faults.append(f"{name} is no JSON value; write null or leave it out")

    def integer(digits: str) -> int | str:
        return int(digits) if len(digits) <= _LONGEST_NUMBER else digits

    try:
        value: object = json.loads(
            text, object_pairs_hook=unique, parse_constant=constant, parse_int=integer
        )
    except json.JSONDecodeError as error:
        raise RefusedError(
            f"line {error.lineno + first_line - 1}, column {error.colno}: {error.msg}; "
            "this is no valid JSON"
        ) from error
    except RecursionError as error:
        raise RefusedError("the JSON is nested too deep; write it flatter") from error
    if "\\u" in text and numbers_only and _any_surrogate(value):
        faults.append("a \\u escape is half a character; write the character itself")
    if faults:
        raise RefusedError(*list(dict.fromkeys(faults))[:_FAULTS_TOLD])
    return value


def _any_surrogate(value: object) -> bool:
    if isinstance(value, str):
        return has_surrogate(value)
    if isinstance(value, dict):
        return any(has_surrogate(key) or _any_surrogate(item) for key, item in value.items())
    if isinstance(value, list):
        return any(_any_surrogate(item) for item in value)
    return False
