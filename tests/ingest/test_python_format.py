"""Remarks in the returned program are placed on the published lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.ingest.published import Published

FIT = "    X = scaler.fit_transform(X)"
FIT_LINE = 29


def _placed(line: int | None, text: str) -> tuple[object, ...]:
    return ("program.py", None, line, None, text)


@pytest.mark.parametrize(
    "mark",
    [
        "# REVIEW: leaks",
        "#REVIEW: leaks",
        "# review - leaks",
        "#REVIEW(critical): leaks",
        "# REVIEW [critical] leaks",
        "## Review – leaks",
        "# REVIEW (Anna): leaks",
        "# REVIEW leaks",
    ],
)
def test_a_mark_on_its_own_line_refers_to_the_line_below(handed, mark: str) -> None:
    """However the mark is spelled."""
    text = handed.edited((FIT, f"    {mark}\n{FIT}"))
    assert handed.places("py", text) == [_placed(FIT_LINE, "leaks")]


def test_a_trailing_mark_refers_to_its_own_line(handed) -> None:
    """The code before it is the published line."""
    text = handed.edited((FIT, f"{FIT}  # REVIEW: leaks"))
    assert handed.places("py", text) == [_placed(FIT_LINE, "leaks")]


def test_continuation_lines_belong_to_the_remark(handed) -> None:
    """Marked or plain, consecutive comment lines are one remark."""
    block = "    # REVIEW: leaks,\n    # because it is\n    #     fitted\n    # REVIEW: too early\n"
    found = handed.places("py", handed.edited((FIT, block + FIT)))
    assert found == [_placed(FIT_LINE, "leaks,\nbecause it is\n    fitted\ntoo early")]


def test_a_trailing_remark_does_not_swallow_the_next_one(handed) -> None:
    """A marked line below a trailing remark is about the line below it."""
    text = handed.edited((FIT, f"{FIT}  # REVIEW: leaks\n    # REVIEW: late\n"))
    assert [p[4] for p in handed.places("py", text)] == ["leaks", "late"]


def test_a_remark_before_a_blank_refers_to_the_line_above(handed) -> None:
    """So does one at the end of the file."""
    text = handed.edited((FIT, f"{FIT}\n    # REVIEW: leaks")) + "# REVIEW: no tests\n"
    assert handed.places("py", text) == [_placed(FIT_LINE, "leaks"), _placed(43, "no tests")]


def test_a_published_comment_is_no_part_of_the_remark_above_it(handed) -> None:
    """The remark ends where published lines go on."""
    text = handed.edited(("    # scale", "    # REVIEW: why?\n    # scale"))
    assert handed.places("py", text) == [_placed(27, "why?")]


def test_a_published_line_that_says_review_is_no_remark(handed, program: str) -> None:
    """The program itself may hold such a comment."""
    assert handed.places("py", program) == []


def test_an_explicit_place_wins(handed) -> None:
    """``# REVIEW L12-14:`` is about those published lines, wherever it stands."""
    text = "# REVIEW L12-14: constants\n" + handed.edited()
    assert handed.places("py", text) == [("program.py", None, 12, 14, "constants")]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\r"),
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "   \n"),
        lambda text: text.replace("    ", "\t"),
    ],
    ids=["CRLF", "CR", "byte-order mark", "trailing blanks", "tabs"],
)
def test_what_editors_change_is_put_aside(handed, change) -> None:
    """Line ends, marks and blanks do not move a remark, and nothing is reported."""
    text = change(handed.edited((FIT, f"    # REVIEW: leaks\n{FIT}")))
    read = handed.read("py", text)
    assert [(c.line, c.text) for c in read.comments] == [(FIT_LINE, "leaks")]
    assert read.notices == ()


def test_deleted_and_inserted_lines_do_not_shift_remarks(handed) -> None:
    """Places are those of the published bytes; the edits are told."""
    text = handed.edited(
        ("import argparse\nimport logging\n", ""),
        (FIT, f"    extra = 1\n    # REVIEW: leaks\n{FIT}"),
    )
    read = handed.read("py", text)
    assert [(c.line, c.text) for c in read.comments] == [(FIT_LINE, "leaks")]
    assert "2 of 43 published lines are changed or gone, 1 lines are new" in read.notices[0].message


def test_a_remark_on_a_changed_line_goes_to_the_nearest_kept_one(handed) -> None:
    """The changed line itself has no published place."""
    text = handed.edited((FIT, "    X = new(X)  # REVIEW: mine"))
    assert handed.places("py", text) == [_placed(FIT_LINE - 1, "mine")]


def test_a_remark_far_from_any_kept_line_is_on_the_whole_file(handed) -> None:
    """It is kept, without a line, and told."""
    mine = "".join(f"y{n} = {n}\n" for n in range(20))
    read = handed.read("py", handed.edited() + mine + "z = 1  # REVIEW: mine\n" + mine)
    assert [(c.file, c.line, c.text) for c in read.comments] == [("program.py", None, "mine")]
    assert any("no published line is near" in n.message for n in read.notices)


def test_a_new_comment_without_a_mark_is_read_and_told(handed) -> None:
    """Some candidates forget the mark."""
    text = handed.edited((FIT, f"    # this leaks\n{FIT}"), ("C=0.1)", "C=0.1)  # why 0.1?"))
    read = handed.read("py", text)
    assert [(c.line, c.text) for c in read.comments] == [(29, "this leaks"), (32, "why 0.1?")]
    assert sum("without REVIEW" in n.message for n in read.notices) == 2


def test_commented_out_code_is_no_remark(handed) -> None:
    """It is an edit of the program."""
    assert handed.places("py", handed.edited((FIT, f"#{FIT}"))) == []


@given(st.data())
def test_remarks_put_anywhere_find_their_line(handed, published: Published, data) -> None:
    """Above or behind any written line, the remark is read at that line."""
    lines = list(published.script or ())
    written = [n for n, line in enumerate(lines, 1) if line.strip()]
    chosen = sorted(data.draw(st.sets(st.sampled_from(written), max_size=6)))
    above = {n: data.draw(st.booleans()) for n in chosen}
    out: list[str] = []
    for number, line in enumerate(lines, 1):
        out += [f"# REVIEW: on {number}"] if above.get(number) else []
        out.append(line + ("  # REVIEW: on " + str(number) if above.get(number) is False else ""))
    found = handed.places("py", "\n".join(out))
    assert found == [_placed(n, f"on {n}") for n in chosen]
