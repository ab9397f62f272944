"""The queue of comments that a person has to look at, and what becomes of a decision."""

from dataclasses import dataclass
from pathlib import Path

from grader.decisions import NAME, Decisions, Reason, Subject
from grader.errors import DecisionsError, OutputError
from grader.keyring import Keyring
from grader.match.likeness import TextIndex
from grader.match.model import load_model
from grader.match.normalise import fold
from grader.records.decision import Decision, Ruling, is_open
from grader.records.score import Form, Result
from grader.records.verdict import JudgedComment
from grader.report.results import read_results
from grader.revision import Confirmed, publish_revision, revised
from grader.spans import Span, distance

ALIKE = 650  # likeness of two comments from which a decision may be applied to both
NEAR = 4  # lines between two comments that can mean the same thing
SURROUND = 4  # lines of the program shown on each side of a comment


@dataclass(frozen=True)
class Entry:
    """One comment that a person has to look at.

    ``lifts``: the band of its submission waits for a person.
    """

    result: Result
    comment: JudgedComment
    form: Form
    lifts: bool

    @property
    def subject(self) -> Subject:
        """What a decision on it is about."""
        submission = self.result.submission
        if submission is None:
            raise DecisionsError(f"{self.result.source}: score it again before you decide on it")
        return Subject(
            submission.exercise, submission.candidate, submission.sha256, self.comment.index
        )

    @property
    def code(self) -> list[tuple[int, str, bool]]:
        """The lines around it: number, text, and whether the comment points there."""
        lines, at = self.form.program.split("\n"), self.comment.lines
        if at is None:
            return []
        first, last = max(1, at.start - SURROUND), min(len(lines), at.end + SURROUND)
        return [(n, lines[n - 1], at.start <= n <= at.end) for n in range(first, last + 1)]


class Desk:
    """A results folder on a person's desk.

    Args:
        folder: what `grader score` wrote.
        keys_dir: the folder of answer keys.
        who: the name that stands in the decisions.

    Raises:
        OutputError: if the folder holds no results, or no reviews.
        DecisionsError: if its file of decisions is damaged.
    """

    def __init__(self, folder: Path, keys_dir: Path, who: str) -> None:
        stored = read_results(folder)
        without = [r.source for r in stored.results if r.score and r.submission is None]
        if without:
            told = "the reviews are not in the results; score their files again"
            raise OutputError("\n".join([f"{folder}: {told}", *(f"  {s}" for s in without)]))
        self._results = {r.source: r for r in stored.results if r.score}
        self._forms = stored.forms
        self._keys_dir = keys_dir
        self._keys = Keyring(keys_dir)
        self._decisions = Decisions(folder / NAME)
        self.who = who
        self.touched: set[str] = set()

    def queue(self, every: bool = False) -> list[Entry]:
        """Return the comments to look at: those that may change a band first, then undecided ones.

        Args:
            every: all comments, not only those that are open.
        """
        found = [
            Entry(r, c, self._forms[r.exercise], r.score.band == "needs human")
            for r in self._results.values()
            if r.score and r.verdicts and r.exercise and r.duplicate_of is None
            for c in r.verdicts.comments
            if (every and c.text.strip()) or is_open(c)
        ]
        return sorted(
            found,
            key=lambda e: (
                not e.lifts,
                not is_open(e.comment),
                e.comment.verdict != "undecided",
                e.result.exercise or "",
                e.comment.lines.start if e.comment.lines else 0,
                e.result.source,
                e.comment.index,
            ),
        )

    def is_decided(self, entry: Entry) -> bool:
        """Tell whether somebody has ruled on a comment, perhaps since the queue was made."""
        subject = entry.subject
        return subject.comment in self._decisions.of(*subject[:3])

    def runner_up(self, entry: Entry) -> str | None:
        """Return the title of the flaw that a comment comes nearest to."""
        name = entry.comment.item or entry.comment.evidence.runner_up
        return next((i.title for i in entry.form.items if i.id == name), None)

    def alike(self, entry: Entry) -> list[Entry]:
        """Return open comments of others on the same exercise that say much the same there."""
        others = [
            e
            for e in self.queue()
            if e.result.exercise == entry.result.exercise
            and e.subject != entry.subject
            and not self.is_decided(e)
            and _near(e.comment, entry.comment)
        ]
        if not others:
            return []
        index = TextIndex(load_model().idf)
        index.add(fold(e.comment.text)[0] for e in others)
        alike = index.likeness([fold(entry.comment.text)[0]])[0].tolist()
        return [e for e, likeness in zip(others, alike, strict=True) if likeness >= ALIKE]

    def decide(self, entry: Entry, ruling: Ruling, why: str, like: int | None = None) -> Decision:
        """Write a decision down and return it.

        Raises:
            DecisionsError: if it names what the key does not hold, or cannot be written.
        """
        known = {*(i.id for i in entry.form.items), *(d.id for d in entry.form.decoys)}
        missing = [name for name in ruling.items if name not in known]
        if missing:
            raise DecisionsError(
                f"{entry.result.exercise}: the key holds no {', '.join(missing)}; "
                f"it holds {', '.join(sorted(known))}"
            )
        reason = Reason(self.who, why)
        made = self._decisions.append(entry.subject, entry.comment.verdict, ruling, reason, like)
        self.touched.add(entry.subject.exercise)
        return made

    def revise(self, entry: Entry, flaw: Confirmed) -> Path:
        """Put the flaw that a comment tells into the key; return where the old key is kept.

        The decision that it is found goes with it. Everybody who had this exercise is to be scored
        again: `grader.rescoring.rescore`.
        """
        old = self._keys.get(entry.subject.exercise)
        new = revised(old.key, entry.comment, flaw)
        kept = publish_revision(self._keys_dir, old, new)
        item = new.items[-1].id
        ruling = Ruling(
            verdict="hit", items=(item,), says_why=entry.comment.says_why,
            says_fix=entry.comment.says_fix,
        )  # fmt: skip
        reason = Reason(self.who, flaw.why)
        self._decisions.append(entry.subject, entry.comment.verdict, ruling, reason)
        self._keys = Keyring(self._keys_dir)
        self._forms[new.exercise] = self._forms[new.exercise].model_copy(
            update={"items": new.items}
        )
        self.touched.add(new.exercise)
        return kept


def _near(a: JudgedComment, b: JudgedComment) -> bool:
    if a.lines is None or b.lines is None:
        return a.lines is b.lines
    return distance(Span(a.lines.start, a.lines.end), Span(b.lines.start, b.lines.end)) <= NEAR
