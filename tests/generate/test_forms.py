"""Every made form keeps every count of its blueprint, counted anew on what is published."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader import catalog
from grader.generate.blueprint import blueprint_of
from grader.generate.build import Made
from grader.generate.kept import Form, departures
from grader.generate.prospects import sides_of
from grader.generate.reach import Ground, Reach
from grader.records.key import AnswerKey
from seeded_bugs.contract import Edit, Entry, Site
from seeded_bugs.syntax.whole import parse
from seeded_bugs.words import CATEGORIES, SEVERITIES


def within(found: int, count: tuple[int, int]) -> bool:
    return count[0] <= found <= count[1]


def far(key: AnswerKey) -> list[int]:
    """Return the reach of each delocalised flaw, as the key has it."""
    apart = blueprint_of(key.level).reach.apart
    assert all(item.apart is not None for item in key.items)
    return [item.apart for item in key.items if item.apart is not None and item.apart >= apart]


def test_every_form_keeps_every_count_of_its_blueprint(exercises: list[Made]) -> None:
    for key in (made.key for made in exercises):
        wanted = blueprint_of(key.level)
        severities = Counter(item.severity for item in key.items)
        assert within(len(key.items), wanted.flaws)
        assert within(len(key.decoys), wanted.decoys)
        assert within(key.program.count("\n"), wanted.lines)
        assert within(len(far(key)), wanted.reach.delocalised)
        for severity in SEVERITIES:
            assert within(severities[severity], getattr(wanted.severity, severity)), severity
        for group in wanted.group:
            there = [i.severity for i in key.items if i.category in group.categories]
            assert within(len(there), group.flaws), group.name
            assert within(there.count("critical"), group.critical), group.name


def test_the_key_names_the_blueprint_that_was_kept(exercises: list[Made]) -> None:
    for made in exercises:
        assert made.key.blueprint == blueprint_of(made.key.level).mark


def test_senior_forms_have_their_far_flaws_30_lines_apart_junior_ones_mostly_near(
    exercises: list[Made],
) -> None:
    for key in (made.key for made in exercises):
        if key.level == "senior":
            assert len(far(key)) >= 4
            assert min(far(key)) >= 30
        if key.level == "junior":
            assert len(far(key)) * 4 <= len(key.items)


# A form that keeps the blueprint of the level mid, as severities and categories of its flaws.
SOUND = (
    ("critical", "leakage"),
    ("critical", "leakage"),
    ("critical", "serving"),
    ("critical", "evaluation"),
    ("major", "statistics"),
    ("major", "reproducibility"),
    ("major", "configuration"),
    ("major", "validation"),
    ("minor", "error-handling"),
    ("minor", "maintainability"),
    ("major", "security"),
)
LEAK = catalog.bugs()["scaler_fitted_before_split"].entry


def entry(severity: str, category: str) -> Entry:
    return replace(LEAK, severity=severity, category=category)  # type: ignore[arg-type]


def form(pairs: list[tuple[str, str]], distances: list[int], decoys: int, lines: int) -> Form:
    found = zip(pairs, distances, strict=False)
    return Form(tuple((entry(*pair), Reach(1, apart)) for pair, apart in found), decoys, lines)


def test_a_form_that_keeps_its_blueprint_has_no_departure() -> None:
    sound = form(list(SOUND), [30, 99, *[29] * 9], 4, 300)
    assert departures(sound, blueprint_of("mid")) == []


@given(
    st.lists(
        st.tuples(st.sampled_from(SEVERITIES), st.sampled_from(CATEGORIES)), min_size=9, max_size=13
    ),
    st.lists(st.sampled_from([0, 29, 30, 90]), min_size=13, max_size=13),
    st.integers(2, 6),
    st.integers(205, 375),
)
def test_departures_tell_exactly_the_counts_that_are_not_kept(
    pairs: list[tuple[str, str]], distances: list[int], decoys: int, lines: int
) -> None:
    wanted = blueprint_of("mid")
    told = {d.split(":")[0] for d in departures(form(pairs, distances, decoys, lines), wanted)}
    severities = [severity for severity, _ in pairs]
    counts = {
        "flaws": (len(pairs), wanted.flaws),
        "decoys": (decoys, wanted.decoys),
        "lines": (lines, wanted.lines),
        "delocalised": (sum(d >= 30 for d in distances[: len(pairs)]), wanted.reach.delocalised),
        **{s: (severities.count(s), getattr(wanted.severity, s)) for s in SEVERITIES},
    }
    for group in wanted.group:
        there = [severity for severity, category in pairs if category in group.categories]
        counts[f"group {group.name}"] = (len(there), group.flaws)
        counts[f"critical of group {group.name}"] = (there.count("critical"), group.critical)
    assert told == {name for name, (found, count) in counts.items() if not within(found, count)}


@pytest.mark.parametrize(
    ("between", "side"),
    [(1, "near"), (22, "near"), (23, "either"), (31, "either"), (32, "far"), (90, "far")],
)
def test_a_site_near_the_limit_is_on_neither_side(between: int, side: str) -> None:
    """What is sown beside it moves its lines, so only the finished program can tell."""
    text = "rows = 1\n" + "# filling\n" * (between - 1) + "train, test = train_test_split(rows)\n"
    module = parse(text)
    leak = replace(LEAK, elsewhere=("split",))
    site = Site((Edit(module.body[0], None),))
    assert sides_of(Ground(module), [site], leak, 30) == (side,)
