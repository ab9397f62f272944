"""Any bytes give a submission or a clear refusal; names, limits and agreement are checked."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import SubmissionError
from grader.ingest import limits, write
from grader.ingest.published import Published
from grader.ingest.read import peek_exercise, read_submission
from grader.records.submission import Comment, Submission

_ENDINGS = ("json", "csv", "md", "py", "ipynb", "txt", "xyz")
_TOKENS = [
    *(b'"', b"{", b"}", b"[", b"]", b",", b":", b"\n", b"\r", b";", b"\t", b"\x00", b"\xff"),
    *(b"# REVIEW", b"#", b"- ", b"## ", b"```", b"99999999", b"-1", b"NaN", b"null", b"true"),
    *(b"\\ud800", b"\\u0000", b"1e999", b"L12", b"cell 9", b"program.py:3", b"\xef\xbb\xbf"),
]


def _survives(name: str, data: bytes, published: Published | None) -> None:
    read, refused = None, None
    try:
        read = read_submission(name, data, published)
    except SubmissionError as error:
        refused = error
    if read is None:
        assert refused is not None
        assert refused.faults
        assert str(refused).encode()
    else:
        assert Submission.model_validate_json(read.canonical()) == read


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(_ENDINGS), st.binary(max_size=200), st.booleans())
def test_arbitrary_bytes_are_read_or_refused(
    published: Published, ending: str, data: bytes, beside: bool
) -> None:
    """No bytes raise anything but SubmissionError."""
    _survives(f"churn-01__anna.{ending}", data, published if beside else None)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_files_are_read_or_refused(published: Published, data: Any) -> None:
    """A valid file with bytes put in, taken out or replaced raises nothing but SubmissionError."""
    ending, writer = data.draw(
        st.sampled_from(
            [
                ("json", write.as_json),
                ("csv", write.as_csv),
                ("md", write.as_markdown),
                ("py", write.as_python),
                ("ipynb", write.as_notebook),
            ]
        )
    )
    comments = (
        Comment(text="fit before split\nit leaks", file="program.py", line=29, severity="major"),
        Comment(text="no seed", file="program.ipynb", cell=5, line=3),
        Comment(text="no tests"),
    )
    whole = Submission(
        exercise="churn-01", candidate="anna", format="json", sha256="0" * 64, comments=comments
    )
    content = bytearray(writer(whole, published))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        gone = data.draw(st.integers(0, 20))
        content[start : start + gone] = data.draw(st.sampled_from(_TOKENS) | st.just(b""))
    _survives(f"churn-01__anna.{ending}", bytes(content), published)


def test_the_name_of_the_file_says_exercise_and_candidate(published: Published) -> None:
    """A list without a head takes both from the file name."""
    read = read_submission("in/churn-01__anna b.json", b'[{"comment": "x"}]', published)
    assert (read.exercise, read.candidate) == ("churn-01", "anna b")


def test_content_and_name_must_agree(published: Published) -> None:
    """A file named for one candidate that holds another is refused."""
    data = b'{"exercise": "churn-01", "candidate": "bob", "comments": []}'
    with pytest.raises(SubmissionError, match="'bob' in the content, 'anna' in the file name"):
        read_submission("churn-01__anna.json", data, published)


def test_a_review_of_another_exercise_is_refused(published: Published) -> None:
    """The published exercise must be the one that was reviewed."""
    with pytest.raises(SubmissionError, match="'fraud-02' in the file name"):
        read_submission("fraud-02__anna.json", b"[]", published)


@pytest.mark.parametrize("candidate", ["../x", "a/b", ".hidden", "a\\\\b", "x" * 81, "a\\u001bb"])
def test_a_candidate_is_never_a_path(published: Published, candidate: str) -> None:
    """The candidate's name becomes part of file names."""
    data = f'{{"candidate": "{candidate}", "comments": []}}'.encode()
    with pytest.raises(SubmissionError, match="cannot be part of a file name"):
        read_submission("review.json", data, published)


def test_a_nameless_review_is_refused_unless_the_caller_knows(published: Published) -> None:
    """The caller may say who wrote it."""
    with pytest.raises(SubmissionError, match="candidate: neither"):
        read_submission("review.md", b"no seed", published)
    assert read_submission("review.md", b"no seed", published, candidate="anna").candidate == "anna"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("churn-01__anna.py", b"\xff"),
        ("Churn-01__anna.csv", b""),
        ("review.json", b'{"exercise": "churn-01", "comments": []}'),
        ("review.csv", b"exercise,comment\nchurn-01,x\n"),
        ("review.md", b"exercise: churn-01\n\n- x\n"),
    ],
)
def test_the_exercise_is_known_before_its_files_are(name: str, data: bytes) -> None:
    """The name or the content says which exercise to load."""
    assert peek_exercise(name, data) == "churn-01"


def test_an_unknown_exercise_is_a_clear_refusal() -> None:
    """A program under its published name says nothing of its exercise."""
    with pytest.raises(SubmissionError, match="exercise: neither"):
        peek_exercise("program.py", b"x = 1")


def _list_of(comments: list[dict[str, object]]) -> bytes:
    return json.dumps(comments).encode()


@pytest.mark.parametrize(
    ("limit", "make", "figures"),
    [
        (
            limits.MAX_BYTES,
            lambda n: b'[{"comment": "x"}]'.ljust(n),
            ("5,242,881 bytes", "limit is 5,242,880"),
        ),
        (
            limits.MAX_COMMENTS,
            lambda n: _list_of([{"comment": "x"}] * n),
            ("2,001 comments", "limit is 2,000"),
        ),
        (
            limits.MAX_COMMENT_CHARACTERS,
            lambda n: _list_of([{"comment": "é" * n}]),
            ("10,001 characters", "limit is 10,000"),
        ),
        (
            limits.MAX_DEPTH,
            lambda n: b'[{"comment": "x", "y": ' + b"[" * (n - 2) + b"]" * (n - 2) + b"}]",
            ("51 levels", "limit is 50"),
        ),
    ],
    ids=["bytes", "comments", "characters", "depth"],
)
def test_at_a_limit_is_read_and_one_above_is_refused(
    published: Published, limit: int, make: Any, figures: tuple[str, str]
) -> None:
    """The refusal names what was found and what is allowed."""
    assert read_submission("churn-01__anna.json", make(limit), published).comments
    with pytest.raises(SubmissionError) as caught:
        read_submission("churn-01__anna.json", make(limit + 1), published)
    assert all(figure in str(caught.value) for figure in figures)


@pytest.mark.parametrize(
    ("ending", "head", "unit"), [("csv", "comment\n", "x\n"), ("md", "", "- x\n")]
)
def test_tables_and_lists_have_the_same_limit_of_comments(
    published: Published, ending: str, head: str, unit: str
) -> None:
    """2,000 rows or items are read, 2,001 refused."""
    name = f"churn-01__anna.{ending}"
    full = read_submission(name, (head + unit * 2000).encode(), published)
    assert len(full.comments) == 2000
    with pytest.raises(SubmissionError, match="2,001 comments, the limit is 2,000"):
        read_submission(name, (head + unit * 2001).encode(), published)


def test_the_length_of_code_lines_is_limited(published: Published, program: str) -> None:
    """A line of 10,000 characters is read, a longer one refused."""
    name = "churn-01__anna.py"
    read_submission(name, f"{program}{'x' * 10_000}\n".encode(), published)
    with pytest.raises(SubmissionError, match="line 44: 10,001 characters, the limit is 10,000"):
        read_submission(name, f"{program}{'x' * 10_001}\n".encode(), published)


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("churn-01__anna.csv", b"PK\x03\x04...", "ZIP archive"),
        ("churn-01__anna.csv", "comment\né".encode("latin-1"), "line 2: byte 8 is not UTF-8"),
        ("churn-01__anna.docx", b"x", "the ending '.docx' is unknown"),
        ("churn-01__anna.json", b'{"nbformat": 4, "cells": []}', "name it .ipynb"),
        ("churn-01__anna.ipynb", b'{"comments": []}', "name it .json"),
    ],
)
def test_a_file_of_another_kind_is_named(
    published: Published, name: str, data: bytes, words: str
) -> None:
    """The message says what the file is and what to do."""
    with pytest.raises(SubmissionError) as caught:
        read_submission(name, data, published)
    assert words in str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_text_files_of_common_editors_are_read(published: Published, encoding: str) -> None:
    """With or without a byte-order mark, and UTF-16 that has one."""
    read = read_submission("churn-01__anna.csv", "comment\nnaïve\n".encode(encoding), published)
    assert [c.text for c in read.comments] == ["naïve"]


def test_a_review_without_comments_says_so(published: Published) -> None:
    """Silence is a submission, and the candidate is told."""
    read = read_submission("churn-01__anna.json", b"[]", published)
    assert [n.message for n in read.notices] == ["no comment was found"]
