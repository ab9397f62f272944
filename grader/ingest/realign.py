"""Remarks in returned code, placed on the published lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from grader.ingest import limits
from grader.ingest.draft import RefusedError
from grader.ingest.marks import Remark, Sorted, sort_lines, uncommented
from grader.spans import LineMap

# How many written lines of the candidate's own may lie between a remark and a published line.
NEAR = 5


class Aligned(NamedTuple):
    """One remark and the published line it stands at; None when nothing near was kept."""

    remark: Remark
    line: int | None


@dataclass(frozen=True)
class Realigned:
    """All remarks in their order, and how far the code is still the published one."""

    remarks: tuple[Aligned, ...]
    kept: int
    missing: int
    added: int


def realign(where: str, lines: Sequence[str], published: Sequence[str]) -> Realigned:
    """Place the remarks in ``lines`` on the published lines; ``where`` names them in messages.

    Blanks at both ends of a line are put aside, so indentation, line ends and a byte-order mark
    change nothing. Blank lines are not compared: they match everywhere and would mislead.

    Raises:
        RefusedError: if there are too many lines of code, or one is too long.
    """
    known = {line.strip() for line in published if line.strip()}
    found = sort_lines(lines, known)
    refused = limits.too_much_code(where, found.code)
    if refused:
        raise RefusedError(*refused)
    targets = _targets([line for _, line in found.code], published)
    _plain_comments(found, targets, known)
    aligned = [Aligned(remark, _line(remark, found, targets)) for remark in found.remarks]
    aligned.sort(key=lambda a: a.remark.number)
    kept = sum(target is not None for target in targets)
    written = sum(bool(line.strip()) for _, line in found.code)
    total = sum(bool(line.strip()) for line in published)
    return Realigned(tuple(aligned), kept, total - kept, written - kept)


def _targets(code: Sequence[str], published: Sequence[str]) -> list[int | None]:
    """Return the published line number of each line of code."""
    old = [number for number, line in enumerate(code) if line.strip()]
    new = [number for number, line in enumerate(published, 1) if line.strip()]
    targets: list[int | None] = [None] * len(code)
    if not old or not new:
        return targets
    lines = LineMap.by_diff(
        "\n".join(code[n] for n in old), "\n".join(published[n - 1] for n in new)
    )
    for position, number in enumerate(old, 1):
        target = lines.line(position)
        targets[number] = new[target - 1] if target else None
    return targets


def _plain_comments(found: Sorted, targets: Sequence[int | None], known: set[str]) -> None:
    """Read comment lines that the candidate added without a mark as remarks too.

    They stay in the code, where they count as changed lines; published code that was commented
    out is an edit and no remark.
    """
    block: Remark | None = None
    for index, (number, line) in enumerate(found.code):
        text = line.strip()
        kept = targets[index] is not None
        if kept or not text.startswith("#") or text.lstrip("# ").strip() in known:
            block = None
        elif block:
            block.lines.append(uncommented(text, known))
            block.at = index + 1
        else:
            block = Remark(number, True, index + 1, [uncommented(text, known)], marked=False)
            found.remarks.append(block)


def _line(remark: Remark, found: Sorted, targets: Sequence[int | None]) -> int | None:
    """Return the published line of a remark.

    A trailing one stands on its own line. One on a line of its own belongs to the line below;
    where a blank or nothing follows, to the nearest above.
    """
    code = found.code
    if not remark.own:
        return _nearest(code, targets, remark.at, (-1, 1))
    follows = remark.at < len(code) and bool(code[remark.at][1].strip())
    if follows:
        return _nearest(code, targets, remark.at, (1, -1))
    above = remark.at - 1
    while above >= 0 and not code[above][1].strip():
        above -= 1
    return _nearest(code, targets, above, (-1, 1)) if above >= 0 else None


def _nearest(
    code: Sequence[tuple[int, str]],
    targets: Sequence[int | None],
    start: int,
    order: tuple[int, int],
) -> int | None:
    """Return the published line nearest to line ``start``; at a tie the first of ``order``."""
    best: tuple[int, int] | None = None
    for step in order:
        index, away = start, 0
        while 0 <= index < len(code) and away <= NEAR:
            target = targets[index]
            if target is not None:
                if best is None or away < best[0]:
                    best = (away, target)
                break
            # Blank lines are no distance.
            away += bool(code[index][1].strip())
            index += step
    return best[1] if best else None
