"""Which comment says which flaw: a verdict for every comment and every key item.

``match`` judges one submission, ``match_all`` many; a submission has the same verdicts in both.
"""

from collections.abc import Sequence

from grader.match.findings import conclude, draft
from grader.match.model import Model, load_model
from grader.match.prepare import prepare
from grader.match.rules import Case
from grader.match.verdicts import write
from grader.records.key import AnswerKey
from grader.records.submission import Submission
from grader.records.verdict import Verdicts

_BATCH = 256  # submissions read by the text model at once


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
    for start in range(0, len(pairs), _BATCH):
        done.extend(_match_batch(pairs[start : start + _BATCH], mind))
    return done


def _match_batch(pairs: Sequence[tuple[AnswerKey, Submission]], model: Model) -> list[Verdicts]:
    readied = [prepare(key, model) for key, _ in pairs]
    drafts = [
        draft(submission, ready) for (_, submission), ready in zip(pairs, readied, strict=True)
    ]
    opinions = iter(model.opinions([one.text for many in drafts for one in many]))
    done = []
    for (_, submission), ready, many in zip(pairs, readied, drafts, strict=True):
        heard = [next(opinions) for _ in many]
        case = Case(ready, conclude(many, heard, submission, ready))
        done.append(write(case.judge(), submission, ready, model))
    return done
