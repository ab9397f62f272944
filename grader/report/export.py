"""A key, or the verdicts on a review, for editors and pull requests.

SARIF 2.1.0 (docs.oasis-open.org/sarif), reviewdog's ``rdjsonl`` (one ``rdf.Diagnostic`` a line) and
the body of GitHub's "create a review for a pull request". A candidate's text is data: it stands
between fences in Markdown, so it mentions nobody and formats nothing.
"""

import json
import re
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

from grader.records.base import Lines
from grader.records.key import AnswerKey, Place
from grader.records.score import Form, Result
from grader.records.verdict import JudgedComment
from grader.report.visible import visible_text
from seeded_bugs.words import Severity

Level = Literal["error", "warning", "note", "none"]
PROGRAM = "program.py"
_URI = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: dict[Severity, Level] = {"critical": "error", "major": "warning", "minor": "note"}
_RDF = {"error": "ERROR", "warning": "WARNING", "note": "INFO", "none": "INFO"}
_TICKS = re.compile(r"`+")


class Remark(NamedTuple):
    """One thing to show at one place.

    ``rule`` is a stable name for things of its kind, ``quoted`` a candidate's own words.
    """

    rule: str
    title: str
    level: Level
    text: str
    lines: Lines | None
    quoted: str = ""


def of_key(key: AnswerKey) -> list[Remark]:
    """Return the flaws of a key, and its decoys as remarks of no level."""
    flaws = [
        Remark(
            item.kind,
            item.title,
            _LEVELS[item.severity],
            " ".join(filter(None, (item.wrong, item.harm, item.fix))),
            _main(item.places),
        )
        for item in key.items
    ]
    decoys = [
        Remark(decoy.kind, decoy.title, "none", decoy.sound_because, _main(decoy.places))
        for decoy in key.decoys
    ]
    return flaws + decoys


def of_result(result: Result, form: Form) -> list[Remark]:
    """Return the comments of a scored review with their verdicts, and the flaws it missed."""
    if result.verdicts is None:
        return []
    missed = {item.item for item in result.verdicts.items if not item.credit}
    return [_judged(comment) for comment in result.verdicts.comments] + [
        Remark(
            "missed", f"missed: {item.title}", _LEVELS[item.severity], item.wrong,
            _main(item.places),
        )
        for item in form.items
        if item.id in missed
    ]  # fmt: skip


def _judged(comment: JudgedComment) -> Remark:
    level: Level = "warning" if comment.verdict == "contradicted" else "note"
    return Remark(
        comment.verdict, f"{comment.verdict}: {comment.place}", level, comment.evidence.reason,
        comment.lines, comment.text,
    )  # fmt: skip


def _main(places: Sequence[Place]) -> Lines | None:
    return next((place.lines for place in places if place.role == "main"), None)


def as_sarif(remarks: Sequence[Remark], version: str) -> str:
    """Return one SARIF log with one run."""
    titles = {remark.rule: remark.title for remark in reversed(remarks)}
    rules = [
        {"id": rule, "shortDescription": {"text": visible_text(titles[rule])}}
        for rule in sorted(titles)
    ]
    driver = {"name": "ml-review-grader", "version": version, "rules": rules}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_sarif_result(remark) for remark in remarks],
    }
    return _json({"$schema": _URI, "version": "2.1.0", "runs": [run]})


def _sarif_result(remark: Remark) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": PROGRAM}}
    if remark.lines is not None:
        place["region"] = {"startLine": remark.lines.start, "endLine": remark.lines.end}
    return {
        "ruleId": remark.rule,
        "level": remark.level,
        "kind": "pass" if remark.level == "none" else "fail",
        "message": {"text": _plain(remark)},
        "locations": [{"physicalLocation": place}],
    }


def as_rdjsonl(remarks: Sequence[Remark], version: str) -> str:
    """Return one diagnostic a line."""
    return "".join(
        json.dumps(_diagnostic(remark, version), ensure_ascii=False) + "\n" for remark in remarks
    )


def _diagnostic(remark: Remark, version: str) -> dict[str, Any]:
    location: dict[str, Any] = {"path": PROGRAM}
    if remark.lines is not None:
        start, end = {"line": remark.lines.start}, {"line": remark.lines.end}
        location["range"] = {"start": start, "end": end}
    return {
        "message": _plain(remark),
        "location": location,
        "severity": _RDF[remark.level],
        "source": {"name": f"ml-review-grader {version}"},
        "code": {"value": remark.rule},
    }


def as_github(remarks: Sequence[Remark], version: str) -> str:
    """Return a review for ``POST /repos/OWNER/REPO/pulls/N/reviews``; it approves nothing."""
    general = [_markdown(remark) for remark in remarks if remark.lines is None]
    return _json(
        {
            "event": "COMMENT",
            "body": "\n\n".join([f"ml-review-grader {version}", *general]),
            "comments": [_github_comment(r, r.lines) for r in remarks if r.lines is not None],
        }
    )


def _github_comment(remark: Remark, lines: Lines) -> dict[str, Any]:
    made: dict[str, Any] = {"path": PROGRAM, "line": lines.end, "side": "RIGHT"}
    if lines.start != lines.end:
        made |= {"start_line": lines.start, "start_side": "RIGHT"}
    return made | {"body": _markdown(remark)}


def _plain(remark: Remark) -> str:
    quoted = _shown(remark.quoted) + "\n" if remark.quoted else ""
    return quoted + (f"{remark.title}. {remark.text}" if remark.text else remark.title)


def _markdown(remark: Remark) -> str:
    """Return a remark in Markdown, a candidate's words between fences longer than any in them."""
    told = f"**{remark.title}**\n\n{remark.text}".strip()
    if not remark.quoted:
        return told
    longest = max((len(ticks) for ticks in _TICKS.findall(remark.quoted)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{_shown(remark.quoted)}\n{fence}\n\n{told}"


def _shown(text: str) -> str:
    return visible_text(text, keep="\n")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


FORMATS: dict[str, Callable[[Sequence[Remark], str], str]] = {
    "sarif": as_sarif,
    "rdjsonl": as_rdjsonl,
    "github": as_github,
}
