"""A person's decisions: written once, chained, and what they do to verdicts."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.decisions import Decisions, Reason, Subject, digest_of
from grader.errors import DecisionsError
from grader.match.overrule import overrule
from grader.records.decision import Decision, Ruling
from grader.records.verdict import Evidence, JudgedComment, JudgedItem, Verdicts
from grader.score.rubric import load_rubric
from grader.score.tally import tally

SHA = "ab" * 32
ADA = Reason("Ada", "it names the split")
HIT = Ruling(verdict="hit", items=("F1",), says_why=True)
EMPTY = Ruling(verdict="empty")


def subject(comment, candidate="bob"):
    return Subject("churn-1", candidate, SHA, comment)


def decision(index, ruling, number=1):
    return Decision(
        number=number, when="2026-01-01T00:00:00Z", who="Ada", why="so it is", exercise="churn-1",
        candidate="bob", submission_sha256=SHA, comment=index, was="undecided", ruling=ruling,
        previous="0" * 64,
    )  # fmt: skip


def comment(index, verdict, item=None, also=()):
    return JudgedComment(
        index=index, text=f"remark {index}", lines=None, place="line 1", verdict=verdict, item=item,
        also=also, evidence=Evidence(rule="made", reason="made", category="leakage"),
    )  # fmt: skip


def item(name, credit=0, taken=None, why=False):
    return JudgedItem(
        item=name, kind="k", category="leakage", severity="major", title=name, credit=credit,
        comment=taken, says_why=why, reason="made",
    )  # fmt: skip


def verdicts(comments, items):
    return Verdicts(
        exercise="churn-1", candidate="bob", model="m", comments=tuple(comments),
        items=tuple(items), decoys=2,
    )  # fmt: skip


def credited(made):
    return {i.item: (i.credit, i.comment) for i in made.items}


def test_decisions_are_read_back_and_the_last_one_holds(tmp_path):
    path = tmp_path / "d.jsonl"
    first = Decisions(path)
    first.append(subject(0), "undecided", HIT, ADA)
    first.append(subject(1), "undecided", EMPTY, ADA)
    first.append(subject(0), "hit", EMPTY, Reason("Bo", "no, it does not"))
    again = Decisions(path)
    assert len(again) == 3
    held = again.of("churn-1", "bob", SHA)
    assert {i: d.ruling for i, d in held.items()} == {0: EMPTY, 1: EMPTY}
    assert held[0].who == "Bo"
    assert digest_of(held) == digest_of(first.of("churn-1", "bob", SHA))


def test_a_decision_is_about_the_bytes_that_were_judged(tmp_path):
    made = Decisions(tmp_path / "d.jsonl")
    made.append(subject(0), "undecided", HIT, ADA)
    assert made.of("churn-1", "bob", "cd" * 32) == {}
    assert made.of("churn-1", "eve", SHA) == {}
    assert made.of("churn-2", "bob", SHA) == {}


@pytest.mark.parametrize("line", [1, 2, 3])
def test_a_line_that_was_changed_or_taken_out_is_noticed(tmp_path, line):
    path = tmp_path / "d.jsonl"
    made = Decisions(path)
    for n in range(4):
        made.append(subject(n), "undecided", HIT, ADA)
    lines = path.read_text().splitlines()
    changed = [*lines]
    changed[line - 1] = lines[line - 1].replace("Ada", "Eve")
    path.write_text("\n".join(changed) + "\n")
    with pytest.raises(DecisionsError, match=f"line {line + 1}: does not follow"):
        Decisions(path)
    path.write_text("\n".join([*lines[: line - 1], *lines[line:]]) + "\n")
    with pytest.raises(DecisionsError, match=f"line {line}: does not follow"):
        Decisions(path)


def test_all_damaged_lines_are_told_at_once(tmp_path):
    path = tmp_path / "d.jsonl"
    Decisions(path).append(subject(0), "undecided", HIT, ADA)
    path.write_text("no json\n" + path.read_text() + "{}\n")
    with pytest.raises(DecisionsError) as caught:
        Decisions(path)
    assert "line 1: is no decision" in str(caught.value)
    assert "line 3: is no decision" in str(caught.value)


def test_what_cannot_be_written_does_not_hold(tmp_path):
    made = Decisions(tmp_path / "none" / "d.jsonl")
    with pytest.raises(DecisionsError, match="does not hold"):
        made.append(subject(0), "undecided", HIT, ADA)
    assert len(made) == 0
    assert made.of("churn-1", "bob", SHA) == {}


@pytest.mark.parametrize(
    ("verdict", "items"), [("hit", ()), ("near-miss", ()), ("style", ("F1",)), ("empty", ("F1",))]
)
def test_a_ruling_that_contradicts_itself_is_refused(verdict, items):
    with pytest.raises(ValueError, match="credited for"):
        Ruling(verdict=verdict, items=items)


def test_a_hit_by_ruling_credits_the_item():
    made = overrule(verdicts([comment(0, "undecided")], [item("F1")]), {0: decision(0, HIT)})
    assert credited(made) == {"F1": (1000, 0)}
    assert made.items[0].says_why
    assert made.comments[0].verdict == "hit"
    assert made.comments[0].evidence.reason == "Ada: so it is"


def test_a_near_miss_by_ruling_is_worth_half():
    half = Ruling(verdict="near-miss", items=("F1",))
    made = overrule(verdicts([comment(0, "undecided")], [item("F1")]), {0: decision(0, half)})
    assert credited(made) == {"F1": (500, 0)}


def test_a_hit_that_is_overruled_loses_its_credit_and_its_repetition_is_open():
    before = verdicts(
        [comment(0, "hit", "F1"), comment(1, "duplicate", "F1")], [item("F1", 1000, 0, why=True)]
    )
    made = overrule(before, {0: decision(0, EMPTY)})
    assert credited(made) == {"F1": (0, None)}
    assert not made.items[0].says_why
    assert [c.verdict for c in made.comments] == ["empty", "undecided"]


def test_a_ruling_takes_an_item_from_a_weaker_remark():
    before = verdicts(
        [comment(0, "near-miss", "F1"), comment(1, "undecided")], [item("F1", 400, 0)]
    )
    made = overrule(before, {1: decision(1, HIT)})
    assert credited(made) == {"F1": (1000, 1)}
    assert [c.verdict for c in made.comments] == ["duplicate", "hit"]


def test_one_remark_may_be_ruled_to_say_two_flaws():
    both = Ruling(verdict="hit", items=("F1", "F2"))
    made = overrule(
        verdicts([comment(0, "undecided")], [item("F1"), item("F2")]), {0: decision(0, both)}
    )
    assert credited(made) == {"F1": (1000, 0), "F2": (1000, 0)}
    assert made.comments[0].also == ("F2",)


def test_a_remark_that_was_ruled_on_waits_for_nobody():
    valid = Ruling(verdict="valid-unlisted")
    before = verdicts([comment(0, "valid-unlisted"), comment(1, "undecided")], [item("F1")])
    rubric = load_rubric()
    assert (tally(before, rubric).unlisted, tally(before, rubric).undecided) == (1, 1)
    made = tally(overrule(before, {0: decision(0, valid), 1: decision(1, EMPTY)}), rubric)
    assert (made.unlisted, made.undecided) == (0, 0)


RULINGS = st.sampled_from(
    [
        HIT,
        EMPTY,
        Ruling(verdict="near-miss", items=("F2",), says_fix=True),
        Ruling(verdict="hit", items=("F1", "F2")),
        Ruling(verdict="style"),
        Ruling(verdict="valid-unlisted"),
    ]
)
BEFORE = verdicts(
    [
        comment(0, "hit", "F1"),
        comment(1, "duplicate", "F1"),
        comment(2, "near-miss", "F2"),
        comment(3, "undecided"),
    ],
    [item("F1", 1000, 0), item("F2", 400, 2), item("F3")],
)


@given(st.dictionaries(st.integers(0, 3), RULINGS))
def test_whatever_is_ruled_an_item_has_the_credit_of_a_remark_that_says_it(rulings):
    made = overrule(BEFORE, {i: decision(i, r, i + 1) for i, r in rulings.items()})
    for one in made.items:
        assert (one.credit > 0) == (one.comment is not None)
        if one.comment is not None:
            taker = made.comments[one.comment]
            assert one.item in (taker.item, *taker.also)
            assert taker.verdict in ("hit", "near-miss")
    assert made.items[2] == BEFORE.items[2]
    untouched = [c for c in made.comments if c.index not in rulings]
    assert all(c.decided is None for c in untouched)


@given(st.dictionaries(st.integers(0, 3), RULINGS))
def test_the_order_of_decisions_on_different_remarks_changes_nothing(rulings):
    there = {i: decision(i, r, i + 1) for i, r in rulings.items()}
    back = dict(reversed(list(there.items())))
    assert overrule(BEFORE, there) == overrule(BEFORE, back)


def test_the_file_is_plain_lines(tmp_path):
    path = tmp_path / "d.jsonl"
    Decisions(path).append(subject(0), "undecided", HIT, Reason("Zoë", "ünïcode\nline"))
    (line,) = path.read_text("utf-8").splitlines()
    assert json.loads(line)["who"] == "Zoë"
