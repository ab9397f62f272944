"""Markdown: headings, list items and paragraphs."""

import pytest


def _at(line: int | None, end: int | None, text: str) -> tuple[object, ...]:
    return ("program.py" if line else None, None, line, end, text)


@pytest.mark.parametrize(
    "text",
    [
        "## program.py:12-14\n\nlate",
        "## Lines 12-14\nlate",
        "- L12-14: late",
        "* program.py:12-14: late",
        "1. lines 12-14: late",
        "- **L12–14**: late",
        "- **L12-14:** late",
        "- `program.py:12-14` - late",
        "- [L12-L14] late",
        "- program.py, lines 12 to 14: late",
        "- program.py#L12-L14: late",
        "- 12-14: late",
        "Lines 12-14: late",
        "L12-14 — late",
    ],
)
def test_a_place_is_read_however_it_is_written(handed, text: str) -> None:
    """As people write it in reviews."""
    assert handed.places("md", text) == [_at(12, 14, "late")]


@pytest.mark.parametrize(
    "text",
    ["L2 penalty is unscaled", "L1-regularised, why?", "12 months are too few", "Cell phone calls"],
)
def test_what_only_looks_like_a_place_is_text(handed, text: str) -> None:
    """The remark is general and whole."""
    assert handed.places("md", f"- {text}") == [_at(None, None, text)]


def test_a_sentence_about_a_line_stands_at_the_line(handed) -> None:
    """The place is part of the sentence, so it stays in it."""
    found = handed.places("md", "Line 29 fits on all rows.")
    assert found == [_at(29, None, "Line 29 fits on all rows.")]


def test_a_cell_and_its_line_are_read(handed) -> None:
    """With and without the line."""
    found = handed.places("md", "- cell 3, line 2: drops\n- cell 5: leaks\n")
    assert found == [
        ("program.ipynb", 3, 2, None, "drops"),
        ("program.ipynb", 5, None, None, "leaks"),
    ]


def test_paragraphs_under_a_place_are_one_comment(handed) -> None:
    """Until the next heading."""
    found = handed.places("md", "## L12\nlate\n\n- one\n- two\n\nmend it\n## L20\nx\n")
    assert found == [_at(12, None, "late\n\n- one\n- two\n\nmend it"), _at(20, None, "x")]


def test_text_without_a_place_is_one_comment_a_paragraph_or_item(handed) -> None:
    """Short headings only sort."""
    found = handed.places("md", "# Review\nno tests\n\nno seed\n## Other\n- no logs\n- no types\n")
    assert [p[4] for p in found] == ["no tests", "no seed", "no logs", "no types"]


def test_a_heading_that_says_something_belongs_to_the_comment(handed) -> None:
    """With the place that stands behind it."""
    found = handed.places("md", "### Scaler sees test rows (program.py:29)\nMove it.\n")
    assert found == [_at(29, None, "Scaler sees test rows\nMove it.")]


def test_a_fenced_block_belongs_to_its_comment(handed) -> None:
    """Nothing in it is read as markup."""
    text = "- L12: better:\n  ```python\n  # L3: x\n\n  - L4: y\n  ```\n- L20: z\n"
    found = handed.places("md", text)
    assert found == [
        _at(12, None, "better:\n```python\n# L3: x\n\n- L4: y\n```"),
        _at(20, None, "z"),
    ]


def test_a_fence_left_open_swallows_nothing(handed) -> None:
    """The items after it are still read."""
    assert len(handed.places("md", "- L12: a\n  ```python\n- L20: b\n")) == 2


def test_nested_items_take_the_file_or_cell_around_them(handed) -> None:
    """A list sorted by file."""
    found = handed.places("md", "- cell 3\n  - line 1: a\n  - line 2: b\n- line 3: c\n")
    assert [p[:3] for p in found] == [
        ("program.ipynb", 3, 1),
        ("program.ipynb", 3, 2),
        ("program.py", None, 3),
    ]


def test_consecutive_lines_with_places_are_comments_of_their_own(handed) -> None:
    """A list without bullets."""
    assert handed.places("md", "L12: a\nL20: b\n") == [_at(12, None, "a"), _at(20, None, "b")]


def test_a_place_that_is_not_there_is_told_and_dropped(handed) -> None:
    """Prose is no form to fill in, so it is no fault."""
    read = handed.read("md", "- L900: x\n")
    assert [(c.file, c.line) for c in read.comments] == [("program.py", None)]
    assert read.notices[0].message.startswith("line 900: program.py has 43 lines")


@pytest.mark.parametrize(
    "head", ["exercise: churn-01\ncandidate: bea\n\n", "---\nCandidate: bea\n---\n"]
)
def test_front_matter_names_the_candidate(published, head: str) -> None:
    """With or without the lines of dashes; it is no comment."""
    from grader.ingest.read import read_submission

    read = read_submission("review.md", f"{head}no seed\n".encode(), published)
    assert (read.candidate, [c.text for c in read.comments]) == ("bea", ["no seed"])
