"""Bytes to text, text to the form in which comments are kept, values as messages show them."""

import re
import unicodedata

from grader.ingest.draft import RefusedError
from grader.spans import split_lines

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_BOMS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_BINARY = (
    (b"PK\x03\x04", "a ZIP archive (perhaps an Excel or Word file)"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file"),
    (b"%PDF", "a PDF file"),
    (b"\x89PNG", "an image"),
    (b"\x1f\x8b", "a gzip archive"),
)
_SHOWN_CHARACTERS = 40


def decode(data: bytes) -> str:
    """Return the text of a file: UTF-8, or UTF-16/32 that says so by its first bytes.

    Raises:
        RefusedError: if the bytes are no text, with the place of the first that is not.
    """
    for start, what in _BINARY:
        if data.startswith(start):
            raise RefusedError(f"the file is {what}; export it as CSV (UTF-8), JSON or Markdown")
    encoding = next((name for bom, name in _BOMS if data.startswith(bom)), "utf-8")
    if encoding == "utf-8":
        data, encoding = data.removeprefix(b"\xef\xbb\xbf"), "utf-8"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = len(split_lines(data[: error.start].decode("latin-1") + "x"))
        raise RefusedError(
            f"line {line}: byte {error.start} is not {encoding.upper()}; "
            "save the file as UTF-8 (in Excel: 'CSV UTF-8')"
        ) from error
    if "\x00" in text:
        line = len(split_lines(text[: text.index("\x00")] + "x"))
        raise RefusedError(f"line {line}: a NUL byte; this is no text file, save it as UTF-8")
    return text


def tidy(text: str) -> str:
    """Return a comment as it is kept, the same whatever format carried it.

    Lines end in ``\\n``; control characters but TAB are gone; blanks at the end of lines and
    around the whole are gone.
    """
    lines = split_lines(text)
    return "\n".join(_CONTROL.sub("", line).rstrip() for line in lines).strip()


def has_control(text: str) -> bool:
    """Tell whether ``tidy`` takes more than blanks and line ends out of ``text``."""
    return any(_CONTROL.search(line) for line in split_lines(text))


def has_surrogate(text: str) -> bool:
    """Tell whether ``text`` holds half a character, which UTF-8 cannot write."""
    return _SURROGATE.search(text) is not None


def shown(value: str) -> str:
    """Return a value for a message: quoted, short, nothing in it can steer a terminal."""
    if len(value) > _SHOWN_CHARACTERS:
        value = value[:_SHOWN_CHARACTERS] + "…"
    return repr(value)


def printable(text: str) -> str:
    """Return ``text`` without anything that steers a terminal or turns the writing direction."""
    return "".join(
        c if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cf", "Cs"} else "�" for c in text
    )
