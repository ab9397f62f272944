"""The rubric file: complete, exact, and all its faults told at once."""

from importlib.resources import files

import pytest

from grader.errors import RubricError
from grader.score.rubric import load_rubric

DEFAULT = (files("grader.score") / "rubric.toml").read_text("utf-8")


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "own.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_the_default_rubric_has_the_stated_weights():
    weights = load_rubric().weights
    assert (weights.detection, weights.explanation, weights.judgement) == (60, 20, 20)


def test_layout_and_order_of_tables_do_not_change_the_hash(written):
    head, *tables = DEFAULT.split("\n[")
    lists = [t for t in tables if t.startswith("[")]
    plain = [t for t in tables if not t.startswith("[")]
    turned = "\n[".join([head, *reversed(plain), *lists]).replace(" = ", "   =  ")
    assert load_rubric(written(turned)).sha256 == load_rubric().sha256


def test_another_number_changes_the_hash(written):
    other = DEFAULT.replace("critical = 5", "critical = 6")
    assert load_rubric(written(other)).sha256 != load_rubric().sha256


def test_every_fault_is_told_at_once(written):
    broken = (
        DEFAULT.replace("detection = 60", "detection = 50")
        .replace("major = 3\n", "")
        .replace("why = 600", "why = 0.6")
        .replace('category = "leakage"', 'category = "leaks"')
        + '\n[surprise]\n"x" = 1\n'
    )
    with pytest.raises(RubricError) as caught:
        load_rubric(written(broken))
    for place in (
        "weights",
        "severity.major",
        "explanation.why",
        "dealbreaker.category",
        "surprise",
    ):
        assert f"  {place}: " in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("detection = 60", "detection = 61", "sum to 101"),
        ("fix = 400", "fix = 300", "sum to 900"),
        ("solid = 40", "solid = 70", "must fall"),
        ('version = "1"', 'version = ""', "version"),
    ],
    ids=["weights", "shares", "bands", "a rubric without a version"],
)
def test_a_rule_between_numbers_is_checked(written, old, new, told):
    with pytest.raises(RubricError, match=told):
        load_rubric(written(DEFAULT.replace(old, new)))


@pytest.mark.parametrize(
    ("data", "told"),
    [(b"name = ", "is not TOML"), (b"\xff\xfe", "is not UTF-8"), (None, "cannot be read")],
    ids=["cut short", "other encoding", "missing"],
)
def test_an_unreadable_file_is_named(written, tmp_path, data, told):
    path = tmp_path / "missing.toml" if data is None else written(data)
    with pytest.raises(RubricError, match=told) as caught:
        load_rubric(path)
    assert str(path) in str(caught.value)
