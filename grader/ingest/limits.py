"""How much a submission may hold; every refusal names the limit and what was found.

A line limit on whole files would refuse a JSON text without line ends, so it holds where lines
are compared with the published ones: lines of code, remarks taken out. Remarks have their own.
"""

from collections.abc import Sequence

MAX_BYTES = 5 * 1024 * 1024
MAX_COMMENTS = 2_000
MAX_COMMENT_CHARACTERS = 10_000
MAX_FIELD_CHARACTERS = 1_000
MAX_LINE_CHARACTERS = 10_000
MAX_CODE_LINES = 10_000
MAX_CELLS = 2_000
MAX_LINES = 100_000
MAX_COLUMNS = 100
MAX_DEPTH = 50


def over(what: str, found: int, limit: int, unit: str, mend: str) -> list[str]:
    """Return one fault when ``found`` is above ``limit``, else none."""
    if found <= limit:
        return []
    return [f"{what}: {found:,} {unit}, the limit is {limit:,}; {mend}"]


def too_many_bytes(data: bytes) -> list[str]:
    """Check the size of the whole file."""
    return over("size", len(data), MAX_BYTES, "bytes", "hand in the comments alone")


def too_many_lines(lines: Sequence[str]) -> list[str]:
    """Check the number of lines of a format that is read line by line."""
    return over("length", len(lines), MAX_LINES, "lines", "hand in the comments alone")


def too_many_comments(found: int) -> list[str]:
    """Check the number of comments."""
    return over("comments", found, MAX_COMMENTS, "comments", "keep the most important ones")


def too_long_comment(source: str, text: str) -> list[str]:
    """Check the length of one comment."""
    return over(f"{source}: comment", len(text), MAX_COMMENT_CHARACTERS, "characters", "shorten it")


def too_long_field(source: str, name: str, value: str) -> list[str]:
    """Check the length of a field that is no comment."""
    return over(f"{source}: {name}", len(value), MAX_FIELD_CHARACTERS, "characters", "shorten it")


def too_much_code(where: str, code: Sequence[tuple[int, str]]) -> list[str]:
    """Check number and length of lines of code, given with their numbers."""
    faults = over(where, len(code), MAX_CODE_LINES, "lines", "return the published file")
    for number, line in [] if faults else code:
        found = len(line.rstrip())
        faults += over(
            f"{where}, line {number}", found, MAX_LINE_CHARACTERS, "characters", "break the line"
        )
    return faults
