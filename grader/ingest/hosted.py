"""What reviews from code hosts have in common: pages, accounts, lines of a stored notebook."""

from collections.abc import Iterable, Iterator, Mapping

from grader.ingest.draft import Draft, Told
from grader.ingest.notebook_lines import cells_of_lines
from grader.ingest.published import NOTEBOOK, Published
from grader.ingest.text import shown

Span = tuple[object, object]
"""First and last line as the host gives them; None where it gives none."""


def flat(values: Iterable[object]) -> Iterator[object]:
    """Yield what stands in lists, however pages were put together: one list, or lists of lists."""
    for value in values:
        if isinstance(value, list):
            yield from flat(value)
        else:
            yield value


def inner(item: Mapping[str, object], *names: str) -> object:
    """Return what stands under names, one inside the other; None where something is missing."""
    value: object = item
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def one_account(accounts: Iterable[str], faults: list[str]) -> str | None:
    """Return whose the remarks are; a fault if several people wrote them."""
    names = sorted(set(accounts))
    if len(names) > 1:
        found = ", ".join(map(shown, names[:5]))
        faults.append(f"remarks of {found}; hand in one file a person")
    return names[0] if len(names) == 1 else None


def placed(
    source: str, text: str, path: object, span: Span, published: Published | None, told: list[Told]
) -> Draft:
    """Return a remark at lines of a file; in a notebook, lines of its JSON mean cell and line."""
    file = path if isinstance(path, str) and path.strip() else None
    first, last = (None if n is None else str(n) for n in span)
    first, last = first or last, last if first else None
    if file is None:
        return Draft(source, text)
    if not file.endswith(".ipynb") or first is None:
        return Draft(source, text, file, line=first, end_line=last)
    raw = published.files.get(NOTEBOOK, "") if published else ""
    start = cells_of_lines(raw).get(first)
    if start is None:
        told.append(
            Told(source, f"line {shown(first)} of {NOTEBOOK} is in no cell; read as on the file")
        )
        return Draft(source, text, file)
    cell, line = start
    end = cells_of_lines(raw).get(last or "")
    until = str(end[1]) if line and end and end[0] == cell and end[1] else None
    return Draft(source, text, file, str(cell), str(line) if line else None, until)
