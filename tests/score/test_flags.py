"""Flags: raised by the right comments, and by nothing else."""

import pytest

CV = "One split says little; use cross-validation on the training rows."


@pytest.fixture(scope="session")
def flag(scored):
    def get(verdicts, name):
        return next(f for f in scored(verdicts).flags if f.name == name)

    return get


@pytest.mark.parametrize(
    ("name", "category"),
    [
        ("identifies-leakage", "leakage"),
        ("spots-train-serve-mismatch", "serving"),
        ("thinks-reproducibly", "reproducibility"),
        ("suggests-refactoring", "maintainability"),
    ],
)
def test_a_credited_flaw_of_the_category_raises_the_green_flag(judge, flag, flaw, name, category):
    judged = judge([flaw("statistics", credit=1000), flaw(category, credit=1000)])
    assert (flag(judged, name).raised, flag(judged, name).comments) == (True, (1,))
    assert not flag(judge([flaw("statistics", credit=1000), flaw(category)]), name).raised


@pytest.mark.parametrize(
    ("text", "raised"),
    [
        (CV, True),
        ("Hold out a test set that is used once.", True),
        ("Tune on a separate validation set.", True),
        ("Report the mean over StratifiedKFold folds.", True),
        ("Please write unit tests for this function.", False),
        ("The number is too good.", False),
    ],
)
def test_a_testing_strategy_tests_on_unseen_rows(judge, flag, flaw, text, raised):
    judged = judge([flaw("evaluation", credit=1000, text=text)])
    assert flag(judged, "suggests-testing-strategy").raised is raised


def test_a_strategy_needs_a_proposal_and_a_credited_flaw(judge, flag, flaw):
    named = judge([flaw("evaluation", credit=1000, fix=False, text=CV)])
    elsewhere = judge([flaw("serving", credit=1000, text=CV)])
    assert not flag(named, "suggests-testing-strategy").raised
    assert not flag(elsewhere, "suggests-testing-strategy").raised


def test_an_unlisted_refactoring_with_a_fix_counts(judge, flag, flaw):
    idea = {"verdict": "valid-unlisted", "category": "maintainability", "says_fix": True}
    judged = judge([flaw(credit=1000)], further=[idea])
    assert flag(judged, "suggests-refactoring").comments == (1,)


def test_missing_all_leakage_raises_the_dealbreaker(judge, flag, flaw):
    assert flag(judge([flaw(), flaw("serving", credit=1000)]), "misses-statistical-errors").raised


@pytest.mark.parametrize(
    ("others", "raised"),
    [
        ({"style": 9, "valid-unlisted": 1}, True),
        ({"style": 8, "valid-unlisted": 2}, False),
        ({"style": 3, "empty": 2}, True),
        ({"style": 3, "generic": 30}, True),
        ({"empty": 2}, False),
        ({}, False),
    ],
    ids=["nine of ten", "eight of ten", "praise beside", "noise hides nothing", "praise", "empty"],
)
def test_style_only(judge, flag, flaw, others, raised):
    assert flag(judge([flaw()], others), "style-only").raised is raised


@pytest.mark.parametrize(
    ("explained", "silent", "raised"), [(0, 3, True), (1, 4, True), (1, 3, False), (0, 2, False)]
)
def test_does_not_explain(judge, flag, flaw, explained, silent, raised):
    flaws = [flaw(credit=1000)] * explained + [flaw(credit=1000, why=False)] * silent
    assert flag(judge(flaws), "does-not-explain").raised is raised


@pytest.mark.parametrize(
    ("others", "raised"),
    [
        ({"generic": 5}, True),
        ({"generic": 4}, False),
        ({"generic": 3, "contradicted": 2, "valid-unlisted": 6}, False),
        ({"generic": 5, "duplicate": 50}, True),
    ],
    ids=["five", "four", "a minority", "copies hide nothing"],
)
def test_shotgun(judge, flag, flaw, others, raised):
    assert flag(judge([flaw()], others), "shotgun").raised is raised


def test_flags_never_change_points(judge, scored, flaw):
    wordy = scored(judge([flaw("evaluation", credit=1000, text=CV)]))
    plain = scored(judge([flaw("evaluation", credit=1000, text="The number is too good.")]))
    assert wordy.flags != plain.flags
    assert wordy.score == plain.score
