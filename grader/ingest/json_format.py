"""Comments as JSON: an object with a list ``comments``, or that list alone."""

from grader.ingest import limits
from grader.ingest.columns import FIELDS, WHOLE, field_of
from grader.ingest.draft import Draft, Reading, RefusedError, Told
from grader.ingest.published import Published
from grader.ingest.strict_json import load
from grader.ingest.text import shown

_SHAPE = 'write {"exercise": …, "candidate": …, "comments": [{"line": 12, "comment": "…"}]}'


def read(text: str, published: Published | None) -> Reading:
    """Read a JSON submission.

    Raises:
        RefusedError: if the text is no JSON or not of this shape.
    """
    whole, items, notices, faults = _top(load(text))
    refused = limits.too_many_comments(len(items))
    if refused:
        raise RefusedError(*refused)
    drafts: list[Draft] = []
    for number, item in enumerate(items, 1):
        source = f"comment {number}"
        if not isinstance(item, dict):
            faults.append(f"{source}: is no object; {_SHAPE}")
            continue
        values = _fields(item, source, notices, faults)
        comment = values.pop("comment", None)
        if comment is None:
            faults.append(f"{source}: has no 'comment'; add it")
            continue
        drafts.append(Draft(source, comment, **values))
    return Reading(
        tuple(drafts),
        whole.get("exercise"),
        whole.get("candidate"),
        tuple(notices),
        tuple(faults),
        strict=True,
    )


def _top(value: object) -> tuple[dict[str, str], list[object], list[Told], list[str]]:
    """Return exercise and candidate, the comments, and what was odd about the outermost value."""
    notices: list[Told] = []
    faults: list[str] = []
    if isinstance(value, list):
        return {}, value, notices, faults
    if not isinstance(value, dict):
        raise RefusedError(f"the JSON is neither an object nor a list; {_SHAPE}")
    whole: dict[str, str] = {}
    for name, item in value.items():
        if name in WHOLE and isinstance(item, str):
            whole[name] = item
        elif name in WHOLE and item is not None:
            faults.append(f"{name}: is no text; put it in quotes")
        elif name not in WHOLE and name != "comments":
            notices.append(Told("file", f"the field {shown(name)} is unknown, left out"))
    comments = value.get("comments")
    if not isinstance(comments, list):
        raise RefusedError(*faults, f"there is no list 'comments'; {_SHAPE}")
    return whole, comments, notices, faults


def _fields(
    item: dict[str, object], source: str, notices: list[Told], faults: list[str]
) -> dict[str, str]:
    """Return the known fields of one comment as text."""
    values: dict[str, str] = {}
    for name, value in item.items():
        field = field_of(name)
        if field not in FIELDS:
            notices.append(Told(source, f"the field {shown(name)} is unknown, left out"))
        elif field in values:
            faults.append(f"{source}: {field} is given twice; keep one")
        elif value is None:
            continue
        elif isinstance(value, bool) or not isinstance(value, str | int | float):
            kind = "a number" if field in ("line", "end_line", "cell") else "text"
            faults.append(f"{source}: {field}: must be {kind}")
        else:
            values[field] = value if isinstance(value, str) else str(value)
    return values
