"""Comments as JSON: an object with a list ``comments``, or that list alone."""

from grader.ingest import limits
from grader.ingest.columns import FIELDS, WHOLE, field_of
from grader.ingest.draft import Draft, Reading, RefusedError, Told
from grader.ingest.published import Published
from grader.ingest.strict_json import load
from grader.ingest.text import shown

_SHAPE = 'write {"exercise": …, "candidate": …, "comments": [{"line": 12, "comment": "…"}]}'

_FIELDS_TOLD = 20


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
    unknown: dict[str, str] = {}
    for number, item in enumerate(items, 1):
        source = f"comment {number}"
        if not isinstance(item, dict):
            faults.append(f"{source}: is no object; {_SHAPE}")
            continue
        values = _fields(item, source, unknown, faults)
        comment = values.pop("comment", None)
        if comment is None:
            faults.append(f"{source}: has no 'comment'; add it")
            continue
        drafts.append(Draft(source, comment, **values))
    notices += _told(unknown)
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
    unknown: dict[str, str] = {}
    faults: list[str] = []
    if isinstance(value, list):
        return {}, value, [], faults
    if not isinstance(value, dict):
        raise RefusedError(f"the JSON is neither an object nor a list; {_SHAPE}")
    whole: dict[str, str] = {}
    for name, item in value.items():
        if name in WHOLE and isinstance(item, str):
            whole[name] = item
        elif name in WHOLE and item is not None:
            faults.append(f"{name}: is no text; put it in quotes")
        elif name not in WHOLE and name != "comments":
            unknown[name] = "file"
    comments = value.get("comments")
    if not isinstance(comments, list):
        raise RefusedError(*faults, f"there is no list 'comments'; {_SHAPE}")
    return whole, comments, _told(unknown), faults


def _fields(
    item: dict[str, object], source: str, unknown: dict[str, str], faults: list[str]
) -> dict[str, str]:
    """Return the known fields of one comment as text; unknown ones go to ``unknown``."""
    values: dict[str, str] = {}
    for name, value in item.items():
        field = field_of(name)
        if field not in FIELDS:
            unknown.setdefault(name, source)
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


def _told(unknown: dict[str, str]) -> list[Told]:
    """Tell each unknown field once, where it came first; the first few of very many."""
    named = list(unknown.items())[:_FIELDS_TOLD]
    told = [Told(source, f"the field {shown(name)} is unknown, left out") for name, source in named]
    if len(unknown) > len(named):
        told.append(Told("file", f"{len(unknown) - len(named)} more fields are unknown, left out"))
    return told
