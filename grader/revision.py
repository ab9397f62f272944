"""A key with one more flaw: what a candidate found, a person confirmed, and the key had missed."""

from pathlib import Path
from typing import NamedTuple

from grader.errors import KeyFileError
from grader.files import sha256, write_whole
from grader.keyring import LoadedKey
from grader.records.base import Lines
from grader.records.key import AnswerKey, Claim, KeyItem, Place, Revised
from grader.records.verdict import JudgedComment
from seeded_bugs.words import Category, Severity

EARLIER = "earlier"
_KIND = "confirmed_by_a_person"


class Confirmed(NamedTuple):
    """What a person says of a flaw that the key does not hold; ``why`` is the harm it does."""

    title: str
    category: Category
    severity: Severity
    fix: str
    who: str
    why: str


def revised(key: AnswerKey, comment: JudgedComment, flaw: Confirmed) -> AnswerKey:
    """Return the next version of a key, with the flaw that a comment tells as its last item.

    A comment on no line tells of something that the whole program lacks.
    """
    number = sum(item.kind == _KIND for item in key.items) + 1
    lines = comment.lines
    anchor, first, last = ("span", lines.start, lines.end) if lines else ("absence", 1, 1)
    text = key.program.split("\n")
    item = KeyItem.model_validate(
        {
            "id": f"P{number}",
            "kind": _KIND,
            "kind_id": f"person-{number}",
            "category": flaw.category,
            "severity": flaw.severity,
            "anchor": anchor,
            "title": flaw.title,
            "places": (
                Place(
                    role="main",
                    lines=Lines(start=first, end=last),
                    snippet="\n".join(text[first - 1 : last]),
                ),
            ),
            "wrong": flaw.title,
            "harm": flaw.why,
            "fix": flaw.fix,
            "said_well": (comment.text,),
            "near_misses": (),
            "identifiers": (),
            "proof": Claim(
                oracle="a person",
                claim=flaw.title,
                status="unproved",
                evidence=f"Confirmed by {flaw.who}: {flaw.why}",
            ),
        }
    )
    return key.model_copy(
        update={
            "key_version": key.key_version + 1,
            "items": (*key.items, item),
            "revises": Revised(sha256=sha256(key.canonical()), who=flaw.who, why=flaw.why),
        }
    )


def publish_revision(keys: Path, old: LoadedKey, new: AnswerKey) -> Path:
    """Put the new version in the place of the old one, which is kept beside; return where.

    Raises:
        KeyFileError: if the key was revised meanwhile.
        OutputError: if it cannot be written; then the old key stands.
    """
    path = keys / f"{new.exercise}.json"
    kept = keys / EARLIER / f"{new.exercise}.v{old.key.key_version}.json"
    if path.read_bytes() != old.key.canonical():
        raise KeyFileError(f"{path}: was changed meanwhile; start again")
    write_whole(kept, old.key.canonical(), mode=0o600)
    write_whole(path, new.canonical(), mode=0o600)
    return kept
