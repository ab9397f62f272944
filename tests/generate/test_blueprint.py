"""A blueprint file says what it means, and every fault of it at once."""

from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import BlueprintError
from grader.generate import blueprint as module
from grader.generate.blueprint import (
    Blueprint,
    blueprint_of,
    contradictions,
    load_blueprint,
    read_blueprint,
)

LEVELS = ("junior", "mid", "senior")
HOME = Path(module.__file__).parent / "blueprints"
MID = (HOME / "mid.toml").read_text("utf-8")

# What stands in mid.toml, what may stand there instead, and how the fault is then told.
FAULTS = {
    "unknown value": ('name = "mid"', 'name = "mid"\ncolour = "red"', "colour: is not a blueprint"),
    "missing value": ('version = "1"\n', "", "version: is missing"),
    "range turned round": ("lines = [210, 370]", "lines = [370, 210]", "lines: the least stands"),
    "share over 100": ("look = 60", "look = 160", "mess.look: "),
    "no whole number": ("shorten = 50", 'shorten = "half"', "mess.shorten: "),
    "too many far": ("delocalised = [2, 3]", "delocalised = [12, 13]", "reach.delocalised: 12"),
    "a category nobody counts": ('"configuration"', "", "group: no group counts configuration"),
    "a category counted twice": (
        '["leakage"]',
        '["leakage", "serving"]',
        "group: serving is counted twice",
    ),
    "two groups of one name": ('name = "input"', 'name = "results"', "more than one is called res"),
    "too few by severity": ("major = [4, 6]", "major = [1, 2]", "flaws: the severities allow 9"),
}


def broken(names: list[str]) -> str:
    text = MID
    for name in names:
        old, new, _ = FAULTS[name]
        assert text.count(old) == 1, name
        text = text.replace(old, new)
    return text


def read(text: str) -> Blueprint:
    return read_blueprint("team.toml", text.encode())


@pytest.mark.parametrize("level", LEVELS)
def test_the_blueprint_of_a_level_is_of_that_level(level: str) -> None:
    found = blueprint_of(level)
    assert (found.level, found.name) == (level, level)


@given(st.sets(st.sampled_from(sorted(FAULTS)), min_size=1).map(sorted))
def test_all_faults_of_a_file_are_told_at_once(names: list[str]) -> None:
    with pytest.raises(BlueprintError) as told:
        read(broken(names))
    head, *faults = str(told.value).splitlines()
    assert head == f"team.toml: {len(faults)} to mend"
    assert len(faults) == len(names)
    for name in names:
        assert any(FAULTS[name][2] in fault for fault in faults), (name, faults)


@pytest.mark.parametrize(
    "data", [b"flaws = ", b"name = 'mid'\xff", b"PK\x03\x04\x00", b"a = " + b"[" * 5000]
)
def test_what_is_no_toml_is_refused_by_its_name(data: bytes) -> None:
    with pytest.raises(BlueprintError, match=r"team\.toml: is not"):
        read_blueprint("team.toml", data)


def test_a_file_that_is_not_there_is_told_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(BlueprintError, match=r"none\.toml: cannot be read .*check the path"):
        load_blueprint(tmp_path / "none.toml")


def test_equal_blueprints_have_equal_hashes_however_laid_out() -> None:
    bare = "\n".join(line for line in MID.splitlines() if not line.startswith("#"))
    wide = bare.replace("flaws = 11", "flaws   = [11, 11]").replace("lines = [", "lines = [ ")
    assert wide != bare
    assert read("\ufeff" + wide).mark == read(MID).mark == blueprint_of("mid").mark


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("look = 60", "look = 61"),
        ("delocalised = [2, 3]", "delocalised = [2, 4]"),
        ("apart = 30", "apart = 31"),
        ("[210, 370]", "[210, 371]"),
        ('version = "1"', 'version = "2"'),
    ],
)
def test_a_blueprint_that_says_something_else_has_another_hash(old: str, new: str) -> None:
    assert read(MID.replace(old, new)).mark.sha256 != blueprint_of("mid").mark.sha256


ranges = st.tuples(st.integers(0, 4), st.integers(0, 4)).map(sorted)


@given(st.lists(ranges, min_size=1, max_size=4), ranges.filter(lambda r: r[1] > 0))
def test_groups_contradict_the_total_if_no_counts_add_up(
    parts: list[list[int]], total: list[int]
) -> None:
    values = {"flaws": total, "group": [{"name": str(n), "flaws": p} for n, p in enumerate(parts)]}
    told = [f for f in contradictions(values) if f.startswith("flaws: the groups")]
    sums = {sum(counts) for counts in product(*(range(p[0], p[1] + 1) for p in parts))}
    assert bool(told) == (not sums & set(range(total[0], total[1] + 1)))


@given(st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.lists(st.integers())))
def test_whatever_stands_in_a_field_a_contradiction_names_the_field(value: object) -> None:
    for name in ("flaws", "severity", "reach", "group"):
        told = contradictions({name: value, "group": value if name == "group" else [value]})
        assert {fault.split(":")[0] for fault in told} <= {"flaws", "severity", "reach", "group"}
