"""CSV as spreadsheets and people write it."""

import pytest


@pytest.mark.parametrize(
    "text",
    [
        "line,comment\n29,leaks; badly\n",
        "Line;Comment\n29;leaks; badly\n",
        "LINES\tBody\nL29\tleaks; badly\n",
        '\ufefffile,line,message\nprogram.py,29,"leaks; badly"\n',
        "line,comment\r29,leaks; badly\r",
        "line,comment\r\n29.0,leaks; badly\r\n",
        "\n line , Comment \n\n29,leaks; badly\n,\n",
    ],
    ids=["plain", "semicolon", "tab", "byte-order mark", "CR", "CRLF and pandas", "blank rows"],
)
def test_every_dialect_reads_the_same(handed, text: str) -> None:
    """Delimiter, line ends, case and blanks of the header change nothing."""
    assert handed.places("csv", text) == [("program.py", None, 29, None, "leaks; badly")]


def test_a_range_may_stand_in_one_column(handed) -> None:
    """``lines`` holds 12-14."""
    found = handed.places("csv", "lines,comment\n12-14,x\n")
    assert found == [("program.py", None, 12, 14, "x")]


def test_quoted_cells_hold_line_ends_quotes_and_delimiters(handed) -> None:
    """As RFC 4180 says."""
    found = handed.places("csv", 'comment,line\r\n"a ""b"",\r\nc",3\r\n')
    assert found == [("program.py", None, 3, None, 'a "b",\nc')]


def test_a_formula_is_text(handed) -> None:
    """Nothing is evaluated or changed."""
    assert handed.places("csv", "comment\n=1+1\n")[0][4] == "=1+1"


def test_only_the_comment_column_is_compulsory(handed) -> None:
    """The message names what was found instead."""
    assert handed.faults("csv", "line,opinion\n1,x\n") == (
        "row 1: no column 'comment' among 'line', 'opinion'; "
        "start with a header such as file,line,end_line,comment,severity,category",
    )


def test_a_row_with_too_many_cells_is_a_fault(handed) -> None:
    """A delimiter in an unquoted comment would move the other cells."""
    faults = handed.faults("csv", "comment,line\na,b,3\n")
    assert "row 2: 3 cells, the header has 2; put the comment in double quotes" in faults


def test_a_quote_that_never_closes_is_a_fault(handed) -> None:
    """It would swallow the rest of the file."""
    (fault,) = handed.faults("csv", 'comment\n"a\nb\n')
    assert "a quote opens here and never closes" in fault


def test_faults_name_the_row_of_the_spreadsheet(handed) -> None:
    """Row 1 is the header."""
    faults = handed.faults("csv", 'line,comment\n1,"a\nb"\n12a,c\n')
    assert faults == ("row 3: line: '12a' is not a line number; write a whole number such as 12",)


def test_exercise_and_candidate_must_be_one(handed) -> None:
    """A table of two candidates is two submissions."""
    (fault,) = handed.faults("csv", "candidate,comment\nanna,x\nbob,y\n")
    assert fault == "candidate: 'anna', 'bob' differ; hand in one file a candidate"
