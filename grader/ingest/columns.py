"""The names of fields, the same for the columns of a table and the keys of a JSON comment."""

_ALIASES = {
    "path": "file",
    "filename": "file",
    "file_name": "file",
    "lines": "line",
    "start_line": "line",
    "line_start": "line",
    "endline": "end_line",
    "line_end": "end_line",
    "body": "comment",
    "message": "comment",
    "text": "comment",
    "priority": "severity",
    "cell_id": "cell",
}
FIELDS = ("file", "cell", "line", "end_line", "comment", "category", "area", "severity")
WHOLE = ("exercise", "candidate")


def field_of(name: str) -> str | None:
    """Return the field that a heading names, whatever its case and blanks; None if unknown."""
    plain = "_".join(name.strip().casefold().replace("-", " ").split())
    plain = _ALIASES.get(plain, plain)
    return plain if plain in FIELDS or plain in WHOLE else None
