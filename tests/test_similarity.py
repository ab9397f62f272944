"""Copied reviews are flagged; the same findings in words of one's own are not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.records.score import Form, Result
from grader.records.verdict import Evidence, JudgedComment, Verdicts
from grader.similarity import alike

ADA = [
    "The scaler is fitted on every row before the split, so the held-out rows shift its mean.",
    "Nothing here checks the columns, an empty export would crash far below with a KeyError.",
    "Use the seed that was passed in, otherwise two runs with one argument differ from each other.",
]
BO = [
    "You scale first and split later: test data already contributed to mean and deviation.",
    "Missing columns surface as a bare KeyError somewhere deep inside; validate input up front.",
    "args.seed never arrives at the forest, hence no run can be repeated.",
]
PROGRAM = "X = scaler.fit_transform(rows)\nparts = train_test_split(X, y, test_size=0.25)\n"
FORM = Form(
    exercise="ex-1", title="t", scenario="s", level="mid", program=PROGRAM, items=(), decoys=()
)


def result(candidate, texts, exercise="ex-1"):
    comments = tuple(
        JudgedComment(index=n, text=text, lines=None, place="", verdict="empty",
                      evidence=Evidence(rule="r", reason="r"))
        for n, text in enumerate(texts)
    )  # fmt: skip
    verdicts = Verdicts(
        exercise=exercise, candidate=candidate, model="m", comments=comments, items=(), decoys=0
    )
    return Result(
        source=candidate, status="scored", exercise=exercise, candidate=candidate, verdicts=verdicts
    )


def pairs(*results):
    return [(p.first, p.second) for p in alike(results, {"ex-1": FORM})]


def test_a_copied_review_is_flagged_with_words_that_both_hold():
    (found,) = alike([result("ada", ADA), result("eve", ADA)], {"ex-1": FORM})
    assert (found.first, found.second, found.share) == ("ada", "eve", 1.0)
    assert len(found.example.split()) == 5


@pytest.mark.parametrize(
    "change", [str.upper, lambda t: t.replace("The", "Hm, the"), lambda t: f"- {t} ok?"]
)
def test_small_changes_hide_no_copy(change):
    assert pairs(result("ada", ADA), result("eve", [change(t) for t in ADA])) == [("ada", "eve")]


def test_a_copied_half_is_flagged():
    assert pairs(result("ada", ADA), result("eve", [*ADA[:2], *BO])) == [("ada", "eve")]


def test_the_same_findings_in_other_words_are_not():
    assert pairs(result("ada", ADA), result("bo", BO)) == []


def test_quoting_the_same_lines_of_the_program_is_no_copying():
    quotes = [*PROGRAM.splitlines()] * 3
    assert pairs(result("ada", [*ADA, *quotes]), result("bo", [*BO, *quotes])) == []


def test_one_person_and_two_exercises_are_compared_with_nobody():
    assert pairs(result("ada", ADA), result("ada", ADA)) == []
    assert pairs(result("ada", ADA), result("eve", ADA, exercise="ex-2")) == []


@given(st.permutations([*ADA, *BO]))
def test_the_order_of_comments_changes_nothing(mixed):
    (found,) = alike([result("ada", ADA), result("eve", mixed)], {"ex-1": FORM})
    (same,) = alike([result("eve", [*ADA, *BO]), result("ada", ADA)], {"ex-1": FORM})
    assert found == same
