"""Judged findings written out as the verdicts of a submission, with their evidence."""

from collections.abc import Sequence

from grader.match.explain import says_fix, says_why, shared
from grader.match.judged import Judged
from grader.match.likeness import telling
from grader.match.model import Model
from grader.match.prepare import Ready
from grader.records.base import Lines
from grader.records.submission import Comment, Submission
from grader.records.verdict import CommentVerdict, Evidence, JudgedComment, JudgedItem, Verdicts

# A remark with several findings has the verdict that stands first here.
_RANK: tuple[CommentVerdict, ...] = (
    "hit", "near-miss", "contradicted", "duplicate", "valid-unlisted", "undecided", "style",
    "generic", "empty",
)  # fmt: skip


def write(judged: Sequence[Judged], submission: Submission, ready: Ready, model: Model) -> Verdicts:
    """Return the verdicts on a submission from its judged findings, in order."""
    by_comment: dict[int, list[Judged]] = {}
    for one in judged:
        by_comment.setdefault(one.finding.draft.comment, []).append(one)
    explained = {id(one): _explains(one, ready, model) for one in judged if one.item is not None}
    comments = tuple(
        _comment(index, comment, by_comment[index], explained, ready)
        for index, comment in enumerate(submission.comments)
    )
    return Verdicts(
        exercise=submission.exercise,
        candidate=submission.candidate,
        model=model.version,
        comments=comments,
        items=tuple(_item(number, judged, explained, ready) for number in range(len(ready.items))),
        decoys=len(ready.decoys),
        alerts=_alerts(judged),
    )


def _explains(one: Judged, ready: Ready, model: Model) -> tuple[bool, bool]:
    """Return whether a finding says why, and what to do."""
    assert one.item is not None
    item = ready.items[one.item]
    whole = one.finding.draft.whole
    words = telling(whole, model.idf)
    flags = one.finding.opinion.flags
    return (
        says_why(whole, flags, shared(words, item.harm)),
        says_fix(whole, flags, shared(words, item.fix)),
    )


def _comment(
    index: int,
    comment: Comment,
    judged: Sequence[Judged],
    explained: dict[int, tuple[bool, bool]],
    ready: Ready,
) -> JudgedComment:
    first = min(judged, key=lambda j: (_RANK.index(j.verdict), -j.credit, j.finding.draft.unit))
    one = first.finding.draft
    why, fix = explained.get(id(first), (False, False))
    item = ready.items[first.item].item.id if first.item is not None else first.decoy
    also = dict.fromkeys(
        ready.items[j.item].item.id
        for j in judged
        if j is not first and j.item is not None and j.verdict in ("hit", "near-miss")
    )
    notes = [*one.plain.notes, *(["speaks to the grader"] if one.steers else [])]
    lines = one.spot.lines
    return JudgedComment(
        index=index,
        text=comment.text,
        lines=Lines(start=lines.start, end=lines.end) if lines else None,
        place=one.spot.words,
        verdict=first.verdict,
        item=item,
        also=tuple(name for name in also if name != item),
        says_why=why,
        says_fix=fix,
        notes=tuple(notes),
        evidence=_evidence(first),
    )


def _evidence(one: Judged) -> Evidence:
    return Evidence(
        rule=one.rule,
        reason=one.reason,
        category=one.finding.label,
        category_share=one.finding.share,
        phrases=one.finding.opinion.reading.phrases,
        similarity=one.fit.similarity if one.fit else 0,
        distance=one.reach.lines if one.reach else None,
        runner_up=one.runner_up,
        margin=one.margin,
    )


def _item(
    number: int,
    judged: Sequence[Judged],
    explained: dict[int, tuple[bool, bool]],
    ready: Ready,
) -> JudgedItem:
    item = ready.items[number].item
    took = next((j for j in judged if j.item == number and j.credit), None)
    why, fix = explained[id(took)] if took else (False, False)
    return JudgedItem(
        item=item.id,
        kind=item.kind,
        category=item.category,
        severity=item.severity,
        title=item.title,
        credit=took.credit if took else 0,
        says_why=why,
        says_fix=fix,
        comment=took.finding.draft.comment if took else None,
        reason=took.reason if took else "no remark says it",
    )


def _alerts(judged: Sequence[Judged]) -> tuple[str, ...]:
    alerts = {one.alert for one in judged if one.alert}
    if any(one.finding.draft.steers for one in judged):
        alerts.add("a remark speaks to the grader; it was read without that part")
    if any("only look Latin" in note for one in judged for note in one.finding.draft.plain.notes):
        alerts.add("letters that only look Latin were read as Latin")
    if any(one.rule == "spray" for one in judged):
        alerts.add("remarks were spread over many places")
    return tuple(sorted(alerts))
