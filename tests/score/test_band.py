"""The band: from the low end, capped by the dealbreaker, handed to a person when open."""

import pytest

from grader.score.band import band_of


@pytest.mark.parametrize(
    ("low", "band"),
    [
        (0, "not shown"),
        (19_999, "not shown"),
        (20_000, "mixed"),
        (39_999, "mixed"),
        (40_000, "solid"),
        (60_000, "strong"),
    ],
)
def test_the_low_end_decides(rubric, low, band):
    assert band_of(low, missed=False, rubric=rubric) == band


def test_a_thorough_reviewer_is_strong(judge, scored, flaw):
    found = [
        *[flaw("leakage", "critical", 1000)] * 2,
        flaw("serving", "critical", 1000, fix=False),
        *[flaw("evaluation", "major", 1000)] * 3,
        *[flaw("reproducibility", "major", 1000, why=False)] * 2,
    ]
    missed = [flaw("error-handling", "critical"), flaw("validation", "major")]
    result = scored(judge(found + missed, {"contradicted": 1, "style": 3}))
    assert 70_000 < result.score < 80_000
    assert result.band == "strong"


def test_missing_every_leak_caps_the_band_whatever_the_total(judge, scored, flaw):
    blind = scored(judge([flaw(), *[flaw("evaluation", credit=1000)] * 9]))
    assert blind.score > 85_000
    assert (blind.band, blind.dealbreaker) == ("not shown", True)
    assert "leakage was missed" in blind.band_reason


def test_one_leak_of_two_found_is_no_dealbreaker(judge, scored, flaw):
    assert not scored(judge([flaw(), flaw(credit=1000)])).dealbreaker


def test_no_leak_keyed_is_no_dealbreaker(judge, scored, flaw):
    assert not scored(judge([flaw("serving")])).dealbreaker


def test_undecided_comments_that_could_lift_the_band_need_a_person(judge, scored, flaw):
    flaws = [*[flaw(credit=1000)] * 5, *[flaw()] * 5]
    assert scored(judge(flaws)).band == "solid"
    opened = scored(judge(flaws, {"undecided": 2}))
    assert opened.band == "needs human"
    assert "'solid'" in opened.band_reason
    assert "'strong'" in opened.band_reason


def test_open_comments_that_could_change_nothing_need_nobody(judge, scored, flaw):
    flaws = [flaw(credit=1000)] * 10
    assert scored(judge(flaws, {"undecided": 3, "valid-unlisted": 3})).band == "strong"


def test_an_undecided_comment_about_something_else_does_not_lift_the_dealbreaker(
    judge, scored, flaw
):
    flaws = [flaw(), *[flaw("evaluation", credit=1000)] * 9]

    def band(category):
        return scored(judge(flaws, further=[{"verdict": "undecided", "category": category}])).band

    assert (band("serving"), band("leakage"), band(None)) == (
        "not shown",
        "needs human",
        "needs human",
    )


def test_an_exercise_without_flaws_is_scored_without_fault(judge, scored):
    assert scored(judge([], {"generic": 1})).score == 0
