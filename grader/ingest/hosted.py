"""What reviews from code hosts have in common: pages, accounts, lines of a stored notebook."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from grader.ingest.draft import Draft, Reading, Told
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


@dataclass
class Found:
    """What a reader has found so far."""

    published: Published | None
    drafts: list[Draft] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    accounts: list[str] = field(default_factory=list)

    def tell(self, source: str, message: str) -> None:
        """Add a notice about one remark."""
        self.told.append(Told(source, message))

    def place(self, source: str, text: str, path: object, span: Span) -> Draft:
        """Add and return a remark at lines of a file, as it is stored.

        Lines of a notebook's JSON become cell and line. Without the notebook they cannot, and
        guessing would change a score, so that is a fault.
        """
        file = path if isinstance(path, str) and path.strip() else None
        first, last = (None if n is None else str(n) for n in span)
        first, last = first or last, last if first else None
        draft = (
            Draft(source, text, file, line=first, end_line=last) if file else Draft(source, text)
        )
        if file and first and file.endswith(".ipynb"):
            draft = self._in_cell(draft, first, last)
        self.drafts.append(draft)
        return draft

    def _in_cell(self, draft: Draft, first: str, last: str | None) -> Draft:
        raw = self.published.files.get(NOTEBOOK, "") if self.published else ""
        whole = Draft(draft.source, draft.text, draft.file)
        if not raw:
            self.faults.append(
                f"{draft.source}: stands at line {shown(first)} of the stored notebook, which is "
                "not at hand; give the folder of the published exercises (--exercises)"
            )
            return whole
        places = cells_of_lines(raw)
        start, end = places.get(first), places.get(last or "")
        if start is None:
            self.tell(draft.source, f"line {shown(first)} of {NOTEBOOK} is in no cell")
            return whole
        cell, line = start
        until = str(end[1]) if line and end and end[0] == cell and end[1] else None
        return Draft(
            draft.source, draft.text, draft.file, str(cell), str(line) if line else None, until
        )

    def reading(self) -> Reading:
        """Return all of it; a fault more if several people wrote the remarks."""
        names = sorted(set(self.accounts))
        if len(names) > 1:
            people = ", ".join(map(shown, names[:5]))
            self.faults.append(f"remarks of {people}; hand in one file a person")
        account = names[0] if len(names) == 1 else None
        return Reading(
            tuple(self.drafts), notices=tuple(self.told), faults=tuple(self.faults), account=account
        )
