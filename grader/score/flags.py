"""Green and red flags: what a review shows beside its points. They never change points."""

import re
from collections.abc import Callable, Sequence

from grader.records.score import Flag
from grader.records.verdict import JudgedComment, JudgedItem, Verdicts
from grader.score.band import missed_dealbreaker
from grader.score.rubric import Rubric
from seeded_bugs.words import Category

GREEN = (
    "identifies-leakage",
    "spots-train-serve-mismatch",
    "suggests-testing-strategy",
    "thinks-reproducibly",
    "suggests-refactoring",
)
RED = ("misses-statistical-errors", "style-only", "does-not-explain", "shotgun")
FLAGS = GREEN + RED

# How people name a test on unseen rows. "Unit tests" is not among them.
_STRATEGY = re.compile(
    r"cross[\s_-]?val|\bcv\b|\bk[\s-]?fold|stratifiedk|groupk|timeseriessplit|time[\s-]series split"
    r"|h[eo]ld[\s-]?(?:it |them |one |some |rows? |data |part |set )?(?:out|back)|hold-?out"
    r"|out[\s-]of[\s-]fold|out[\s-]of[\s-]time|backtest|nested"
    r"|(?:validation|dev|separate|untouched|unseen|final|third|independent) "
    r"(?:test )?(?:set|split|fold|rows|part|data|sample)",
    re.IGNORECASE,
)


def flags(verdicts: Verdicts, rubric: Rubric) -> tuple[Flag, ...]:
    """Return every flag, raised or not, each with the comments (by index) that raised it."""
    return (
        _category("identifies-leakage", "leakage", "data leakage", verdicts, rubric),
        _category(
            "spots-train-serve-mismatch", "serving", "training/inference mismatch", verdicts, rubric
        ),
        _testing_strategy(verdicts, rubric),
        _category(
            "thinks-reproducibly", "reproducibility", "a reproducibility flaw", verdicts, rubric
        ),
        _refactoring(verdicts, rubric),
        _misses_statistics(verdicts, rubric),
        _style_only(verdicts, rubric),
        _does_not_explain(verdicts, rubric),
        _shotgun(verdicts, rubric),
    )


def _credited(verdicts: Verdicts, category: Category, rubric: Rubric) -> list[JudgedItem]:
    least = rubric.flags.green_credit
    return [i for i in verdicts.items if i.category == category and i.credit >= max(1, least)]


def _indexes(items: Sequence[JudgedItem]) -> tuple[int, ...]:
    return tuple(sorted({item.comment for item in items if item.comment is not None}))


def _category(
    name: str, category: Category, words: str, verdicts: Verdicts, rubric: Rubric
) -> Flag:
    """Raise a green flag when a flaw of the category was credited."""
    found = _credited(verdicts, category, rubric)
    keyed = sum(item.category == category for item in verdicts.items)
    if found:
        reason = f"Found {len(found)} of {keyed} keyed: " + "; ".join(i.title for i in found) + "."
    elif keyed:
        reason = f"None of {keyed} keyed was found ({words})."
    else:
        reason = f"This exercise keys nothing of the kind ({words})."
    return Flag(
        name=name, colour="green", raised=bool(found), comments=_indexes(found), reason=reason
    )


def _crediting(verdicts: Verdicts, items: Sequence[JudgedItem]) -> list[JudgedComment]:
    wanted = set(_indexes(items))
    return [comment for comment in verdicts.comments if comment.index in wanted]


def _testing_strategy(verdicts: Verdicts, rubric: Rubric) -> Flag:
    """Raise it for a credited evaluation flaw whose fix is to test on unseen rows."""
    found = _credited(verdicts, "evaluation", rubric)
    proposing = [
        comment.index
        for comment in _crediting(verdicts, found)
        if comment.says_fix and _STRATEGY.search(comment.text)
    ]
    if proposing:
        reason = "Proposes how to test on unseen rows (cross-validation, a hold-out)."
    elif found:
        reason = "Found a flaw of the evaluation, but proposes no cross-validation or hold-out."
    else:
        reason = "No keyed flaw of the evaluation was found."
    return Flag(
        name="suggests-testing-strategy",
        colour="green",
        raised=bool(proposing),
        comments=tuple(proposing),
        reason=reason,
    )


def _refactoring(verdicts: Verdicts, rubric: Rubric) -> Flag:
    """Raise it for a credited maintainability flaw, or a plausible unkeyed one with a fix."""
    keyed = _indexes(_credited(verdicts, "maintainability", rubric))
    further = _where(
        verdicts,
        lambda c: (
            c.verdict == "valid-unlisted"
            and c.evidence.category == "maintainability"
            and c.says_fix
        ),
    )
    comments = tuple(sorted({*keyed, *further}))
    reason = (
        "Suggests how to make the code easier to maintain."
        if comments
        else "No comment suggests how to make the code easier to maintain."
    )
    return Flag(
        name="suggests-refactoring",
        colour="green",
        raised=bool(comments),
        comments=comments,
        reason=reason,
    )


def _misses_statistics(verdicts: Verdicts, rubric: Rubric) -> Flag:
    missed = missed_dealbreaker(verdicts, rubric)
    category = rubric.dealbreaker.category
    keyed = sum(item.category == category for item in verdicts.items)
    if missed:
        reason = f"All {keyed} keyed flaws of {category} were missed: the dealbreaker."
    elif keyed:
        reason = f"At least one of {keyed} keyed flaws of {category} was found."
    else:
        reason = f"This exercise keys no flaw of {category}."
    return Flag(name="misses-statistical-errors", colour="red", raised=missed, reason=reason)


def _where(verdicts: Verdicts, wanted: Callable[[JudgedComment], bool]) -> tuple[int, ...]:
    return tuple(comment.index for comment in verdicts.comments if wanted(comment))


def _style_only(verdicts: Verdicts, rubric: Rubric) -> Flag:
    """Raise it when nearly all comments are style or praise; wrong comments hide nothing."""
    style = _where(verdicts, lambda c: c.verdict == "style")
    light = len(style) + len(_where(verdicts, lambda c: c.verdict == "empty"))
    wrong = _where(verdicts, lambda c: c.verdict in ("generic", "contradicted", "duplicate"))
    weighed = len(verdicts.comments) - len(wrong)
    raised = bool(style) and light * 100 >= rubric.flags.style_share * weighed
    return Flag(
        name="style-only",
        colour="red",
        raised=raised,
        comments=style if raised else (),
        reason=f"{light} of {weighed} comments with a claim of their own are style or praise.",
    )


def _does_not_explain(verdicts: Verdicts, rubric: Rubric) -> Flag:
    """Raise it when enough flaws were credited and hardly any with a reason."""
    credited = [item for item in verdicts.items if item.credit]
    silent = [item for item in credited if not item.says_why]
    explained = len(credited) - len(silent)
    rules = rubric.flags
    raised = len(credited) >= rules.explain_least and explained * 100 < rules.explain_share * len(
        credited
    )
    return Flag(
        name="does-not-explain",
        colour="red",
        raised=raised,
        comments=_indexes(silent) if raised else (),
        reason=f"{explained} of {len(credited)} credited flaws are explained by a reason.",
    )


def _shotgun(verdicts: Verdicts, rubric: Rubric) -> Flag:
    wrong = _where(verdicts, lambda c: c.verdict in ("generic", "contradicted"))
    weighed = sum(comment.verdict != "duplicate" for comment in verdicts.comments)
    rules = rubric.flags
    raised = (
        len(wrong) >= max(1, rules.shotgun_least)
        and len(wrong) * 100 >= rules.shotgun_share * weighed
    )
    return Flag(
        name="shotgun",
        colour="red",
        raised=raised,
        comments=wrong if raised else (),
        reason=f"{len(wrong)} of {weighed} comments are generic or contradicted by the code.",
    )
