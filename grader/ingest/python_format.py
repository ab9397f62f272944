"""The returned program with ``# REVIEW: …`` comments, re-aligned to the published bytes."""

from grader.ingest import limits
from grader.ingest.draft import Draft, Reading, RefusedError, Told
from grader.ingest.places import Place
from grader.ingest.published import SCRIPT, Published
from grader.ingest.realign import Aligned, Realigned, realign
from grader.spans import split_lines


def read(text: str, published: Published | None) -> Reading:
    """Read the remarks in a returned program.

    Raises:
        RefusedError: if the published program is not at hand, or a limit is passed.
    """
    if published is None:
        raise RefusedError("a returned program can be read only beside the published exercise")
    if published.script is None:
        raise RefusedError(f"{published.id} has no {SCRIPT}; return the notebook")
    lines = split_lines(text)
    refused = limits.too_many_lines(lines)
    if refused:
        raise RefusedError(*refused)
    found = realign("program", lines, published.script)
    refused = limits.too_many_comments(len(found.remarks))
    if refused:
        raise RefusedError(*refused)
    drafts: list[Draft] = []
    notices = _edits(found, len(published.script))
    for aligned in found.remarks:
        source = f"line {aligned.remark.number}"
        drafts.append(draft(aligned, source, Place(SCRIPT)))
        notices += told(aligned, source, SCRIPT)
    return Reading(tuple(drafts), notices=tuple(notices))


def draft(aligned: Aligned, source: str, file: Place) -> Draft:
    """Return the remark at the place it names, else where it stands in ``file``."""
    remark = aligned.remark
    if remark.place is not None:
        return remark.place.within(file).draft(source, remark.text, remark.tags)
    line = str(aligned.line) if aligned.line else None
    return file._replace(line=line).draft(source, remark.text, remark.tags)


def told(aligned: Aligned, source: str, where: str) -> list[Told]:
    """Return what the candidate should know about how the remark was read."""
    notices = []
    if not aligned.remark.marked:
        notices.append(Told(source, "a new comment without REVIEW, read as a remark"))
    if aligned.remark.place is None and aligned.line is None:
        notices.append(
            Told(source, f"no published line is near; read as a remark on the whole of {where}")
        )
    return notices


def _edits(found: Realigned, total: int) -> list[Told]:
    if not found.missing and not found.added:
        return []
    return [
        Told(
            "program",
            f"{found.missing} of {total} published lines are changed or gone, "
            f"{found.added} lines are new; edits are not graded, only remarks",
        )
    ]
