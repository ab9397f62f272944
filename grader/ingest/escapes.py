"""Backslashes that keep a line of a comment from being read as markup.

``guard`` and ``unguard`` undo one another for every line, so writers and readers agree.
"""

import re
from collections.abc import Callable

_MARKUP = re.compile(r"(?:\s*|\s*[0-9]{1,9}(?=\\*[.)]))(\\*)(?=[-*+#`~_.)])")


def guard_markdown(line: str) -> str:
    """Return the line with a backslash where it would open a heading, an item or a fence."""
    match = _MARKUP.match(line)
    return f"{line[: match.end()]}\\{line[match.end() :]}" if match else line


def unguard_markdown(line: str) -> str:
    """Take one such backslash away."""
    match = _MARKUP.match(line)
    return line[: match.end() - 1] + line[match.end() :] if match and match[1] else line


def guard(line: str, special: Callable[[str], bool]) -> str:
    """Return the line with a backslash in front when, backslashes aside, it is ``special``."""
    return "\\" + line if special(line.lstrip("\\")) else line


def unguard(line: str, special: Callable[[str], bool]) -> str:
    """Take one such backslash away."""
    return line[1:] if line.startswith("\\") and special(line.lstrip("\\")) else line
