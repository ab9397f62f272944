"""The same comments read the same, whatever format carried them."""

from collections import Counter
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.ingest import write, write_hosted
from grader.ingest.published import Published
from grader.ingest.read import read_submission
from grader.ingest.text import tidy
from grader.records.submission import Comment, Submission

_TROUBLE = [
    *("L12: x", "- L3: y", "1. L4: z", "  - program.py:5: nested", "## program.py:12", "# x"),
    *("# REVIEW: a", "REVIEW L2: b", "\\REVIEW", "scale the features # REVIEW: c"),
    *("scale the features", "```", "~~~ python", "---", "***", "> quoted", "\\", "\\- x", "1\\. y"),
    *("=SUM(A1)", "<b>bold</b>", ', "quoted"', "exercise: other", "general: x", "cell 3: z"),
    *("é λ 😀", "\ttab", "    indented", "", "\u2028", "`code`", "'single'"),
]
_text = (
    st.lists(
        st.sampled_from(_TROUBLE) | st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
        min_size=1,
        max_size=5,
    )
    .map("\n".join)
    .map(tidy)
    .filter(bool)
)
_span = st.tuples(st.integers(1, 40), st.integers(0, 3)).map(
    lambda s: ("program.py", None, s[0], s[0] + s[1] if s[1] else None)
)
_other = st.sampled_from(
    [
        (None, None, None, None),
        ("program.py", None, None, None),
        ("brief.md", None, 1, None),
        ("data/customers.csv", None, 2, 3),
        ("program.ipynb", 3, 2, None),
        ("program.ipynb", 5, 1, 4),
        ("program.ipynb", 5, None, None),
    ]
)


def _comment(place: tuple[str, int, int, int], text: str, tags: Sequence[str | None]) -> Comment:
    names = ("severity", "category", "area")
    where = dict(zip(("file", "cell", "line", "end_line"), place, strict=True))
    return Comment(text=text, **where, **dict(zip(names, tags, strict=True)))


_comments = st.lists(
    st.builds(
        _comment,
        _span | _other,
        _text,
        st.tuples(
            st.sampled_from([None, "critical", "minor"]),
            st.sampled_from([None, "leakage", "serving", "style"]),
            st.sampled_from([None, "data", "serving", "statistics & evaluation"]),
        ),
    ),
    min_size=1,
    max_size=4,
)


def _facts(comments: Sequence[Comment]) -> list[str]:
    return [comment.model_copy(update={"source": ""}).model_dump_json() for comment in comments]


def _submission(comments: Sequence[Comment]) -> Submission:
    return Submission(
        exercise="churn-01",
        candidate="anna",
        format="json",
        sha256="0" * 64,
        comments=tuple(comments),
    )


@pytest.mark.parametrize(
    ("ending", "writer"),
    [("json", write.as_json), ("csv", write.as_csv), ("md", write.as_markdown)],
)
@settings(max_examples=60, deadline=None)
@given(comments=_comments)
def test_lists_of_comments_come_back_in_order(
    ending: str,
    writer: Callable[[Submission, Published], bytes],
    comments: list[Comment],
    published: Published,
) -> None:
    """What was written as JSON, CSV or Markdown is read back field for field."""
    data = writer(_submission(comments), published)
    back = read_submission(f"churn-01__anna.{ending}", data, published)
    assert _facts(back.comments) == _facts(comments)


@pytest.mark.parametrize(
    ("ending", "writer"), [("py", write.as_python), ("ipynb", write.as_notebook)]
)
@settings(max_examples=60, deadline=None)
@given(comments=_comments)
def test_comments_in_the_returned_file_come_back_whole(
    ending: str,
    writer: Callable[[Submission, Published], bytes],
    comments: list[Comment],
    published: Published,
) -> None:
    """In the program and the notebook comments stand by place; each is read field for field."""
    data = writer(_submission(comments), published)
    back = read_submission(f"churn-01__anna.{ending}", data, published)
    assert Counter(_facts(back.comments)) == Counter(_facts(comments))


@pytest.mark.parametrize(
    ("ending", "writer", "kept"),
    [
        ("json", write_hosted.as_github, ()),
        ("json", write_hosted.as_gitlab, ()),
        ("csv", write_hosted.as_vscode, ("severity", "category")),
        ("rdjson", write_hosted.as_rdjson, ("severity", "category")),
        ("jsonl", write_hosted.as_rdjsonl, ("severity", "category")),
    ],
)
@settings(max_examples=60, deadline=None)
@given(comments=_comments)
def test_comments_from_code_hosts_and_editors_come_back_in_order(
    ending: str,
    writer: Callable[[Submission, Published], bytes],
    kept: Sequence[str],
    comments: list[Comment],
    published: Published,
) -> None:
    """Every text and place is read back, also lines of notebook cells from the stored JSON."""
    if writer is write_hosted.as_vscode:  # its rows have no lines of a cell: stored lines stand
        comments = [c for c in comments if c.cell is None]
    lost = {n: None for n in ("severity", "category", "area") if n not in kept}
    data = writer(_submission(comments), published)
    back = read_submission(f"churn-01__anna.{ending}", data, published)
    assert _facts(back.comments) == _facts([c.model_copy(update=lost) for c in comments])


def test_the_notebook_written_is_a_valid_one(published: Published) -> None:
    """Jupyter opens what is written."""
    import nbformat

    data = write.as_notebook(_submission([Comment(text="no seed")]), published)
    read = nbformat.reads(data.decode(), as_version=4)
    nbformat.validate(read)
    assert sum("no seed" in cell.source for cell in read.cells) == 1
