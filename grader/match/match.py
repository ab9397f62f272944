"""Which comment says which flaw: a verdict for every comment and every key item.

``match`` judges one submission, ``match_all`` many; a submission has the same verdicts in both.
"""

from collections.abc import Sequence

from grader.match.findings import Draft, Finding, draft, mark_pasted
from grader.match.model import Model, Opinion, load_model
from grader.match.prepare import Ready, prepare
from grader.match.rules import Case
from grader.match.verdicts import write
from grader.pause import collector_paused
from grader.records.key import AnswerKey
from grader.records.submission import Submission
from grader.records.verdict import Verdicts

_BATCH = 128  # submissions read by the text model at once


def match(key: AnswerKey, submission: Submission, model: Model | None = None) -> Verdicts:
    """Return the verdicts on one submission.

    Args:
        key: the answer key of the submission's exercise.
        submission: the candidate's remarks.
        model: the text model; the shipped one when None.
    """
    return match_all([(key, submission)], model)[0]


def match_all(
    pairs: Sequence[tuple[AnswerKey, Submission]], model: Model | None = None
) -> list[Verdicts]:
    """Return the verdicts on many submissions, in order; the texts are read in batches."""
    mind = model or load_model()
    done: list[Verdicts] = []
    with collector_paused():
        for start in range(0, len(pairs), _BATCH):
            done.extend(_match_batch(pairs[start : start + _BATCH], mind))
    return done


def _match_batch(pairs: Sequence[tuple[AnswerKey, Submission]], model: Model) -> list[Verdicts]:
    # A key is long, so it is looked up once and not for every submission.
    of_key = {id(key): key for key, _ in pairs}
    ready_of = {number: prepare(key, model) for number, key in of_key.items()}
    readied = [ready_of[id(key)] for key, _ in pairs]
    drafts = [
        draft(submission, ready) for (_, submission), ready in zip(pairs, readied, strict=True)
    ]
    opinions = model.opinions([one.text for many in drafts for one in many])
    found = iter(_read(pairs, readied, drafts, opinions))
    return [
        write(
            Case(ready, mark_pasted([next(found) for _ in many])).judge(), submission, ready, model
        )
        for (_, submission), ready, many in zip(pairs, readied, drafts, strict=True)
    ]


def _read(
    pairs: Sequence[tuple[AnswerKey, Submission]],
    readied: Sequence[Ready],
    drafts: Sequence[Sequence[Draft]],
    opinions: Sequence[Opinion],
) -> list[Finding]:
    """Return the findings of all submissions, those on the same key compared with it at once."""
    rows = [
        (number, one, submission.comments[one.comment])
        for number, ((_, submission), many) in enumerate(zip(pairs, drafts, strict=True))
        for one in many
    ]
    of_key: dict[int, list[int]] = {}
    for row, (number, _, _) in enumerate(rows):
        of_key.setdefault(id(readied[number]), []).append(row)
    found: dict[int, Finding] = {}
    for members in of_key.values():
        board = readied[rows[members[0]][0]].board
        heard = board.compare(
            [rows[row][1].text for row in members],
            [opinions[row] for row in members],
            [rows[row][2] for row in members],
        )
        for row, said in zip(members, heard, strict=True):
            found[row] = Finding(rows[row][1], opinions[row], said, *said.label)
    return [found[row] for row in range(len(rows))]
