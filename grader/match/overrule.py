"""Verdicts as a person's rulings leave them: pure, and the same in whatever order they were made.

A comment that was ruled on has the verdict of the ruling. An item goes to the best of what is left:
a ruling in its favour, or the comment that the matcher credited if nobody ruled on that one. A
comment that only repeated an overruled one is open again: nobody has judged it by itself.
"""

from collections.abc import Mapping

from grader.records.decision import Decision
from grader.records.verdict import JudgedComment, JudgedItem, Verdicts

FULL, HALF = 1000, 500  # credit of a hit and of a near miss by ruling, in thousandths


def overrule(verdicts: Verdicts, decisions: Mapping[int, Decision]) -> Verdicts:
    """Return the verdicts with the decisions in force.

    Args:
        verdicts: what the matcher made of the submission.
        decisions: the last decision on each comment, by the comment's index.
    """
    ruled = {c.index: decisions[c.index] for c in verdicts.comments if c.index in decisions}
    if not ruled:
        return verdicts
    items = tuple(_item(item, ruled) for item in verdicts.items)
    taken_by = {item.item: item.comment for item in items}
    before = {item.item: item.comment for item in verdicts.items}
    comments = tuple(
        _ruled(c, ruled[c.index]) if c.index in ruled else _left(c, before, taken_by)
        for c in verdicts.comments
    )
    return verdicts.model_copy(update={"comments": comments, "items": items})


def _ruled(comment: JudgedComment, decision: Decision) -> JudgedComment:
    ruling = decision.ruling
    told = {"rule": "person", "reason": f"{decision.who}: {decision.why}"}
    return comment.model_copy(
        update={
            "verdict": ruling.verdict,
            "item": ruling.items[0] if ruling.items else None,
            "also": ruling.items[1:],
            "says_why": ruling.says_why,
            "says_fix": ruling.says_fix,
            "decided": decision.number,
            "evidence": comment.evidence.model_copy(update=told),
        }
    )


def _item(item: JudgedItem, ruled: Mapping[int, Decision]) -> JudgedItem:
    """Return an item as the best of the rulings, or the matcher, credits it."""
    claims: list[JudgedItem] = []
    if item.comment is not None and item.comment not in ruled:
        claims.append(item)
    for index, decision in sorted(ruled.items()):
        ruling = decision.ruling
        if item.item not in ruling.items or ruling.verdict not in ("hit", "near-miss"):
            continue
        won = {
            "credit": FULL if ruling.verdict == "hit" else HALF,
            "says_why": ruling.says_why,
            "says_fix": ruling.says_fix,
            "comment": index,
            "reason": f"{decision.who}: {decision.why}",
        }
        claims.append(item.model_copy(update=won))
    if item.comment is None and not claims:
        return item
    if claims:
        return max(claims, key=lambda c: (c.credit, c.says_why + c.says_fix, -(c.comment or 0)))
    none = {"credit": 0, "says_why": False, "says_fix": False, "comment": None}
    return item.model_copy(update={**none, "reason": "no remark says it"})


def _left(
    comment: JudgedComment, before: Mapping[str, int | None], taken_by: Mapping[str, int | None]
) -> JudgedComment:
    """Return a comment that nobody ruled on beside those that were."""
    item = comment.item
    if item is None or item not in taken_by or before[item] == taken_by[item]:
        return comment
    if comment.verdict == "duplicate" and taken_by[item] is None:
        told = {"rule": "orphaned", "reason": "the remark that it repeated was overruled"}
        evidence = comment.evidence.model_copy(update={**told, "runner_up": item})
        return comment.model_copy(
            update={"verdict": "undecided", "item": None, "evidence": evidence}
        )
    if comment.verdict in ("hit", "near-miss") and before[item] == comment.index:
        told = {"rule": "overtaken", "reason": "a person credited another remark for this flaw"}
        evidence = comment.evidence.model_copy(update=told)
        return comment.model_copy(update={"verdict": "duplicate", "evidence": evidence})
    return comment
