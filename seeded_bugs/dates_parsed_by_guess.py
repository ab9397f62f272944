"""Dates are parsed without a format, so the library guesses which number is the month."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.tree import keyword, tree_of, without_keyword

ENTRY = Entry(
    id="MLR705",
    name="dates_parsed_by_guess",
    category="validation",
    severity="minor",
    anchor="span",
    title="Dates parsed without a format",
    wrong=(
        "to_datetime is called without format, so pandas guesses the form of the dates from the "
        "first value. The agreed form is neither demanded nor checked."
    ),
    harm=(
        "A file with 03/04/2025 instead of 2025-04-03 is read as the 4th of March without an "
        "error: hours, lags and the order in time are computed from wrong days, and the check of "
        "the dates, which parses them the same way, lets it pass."
    ),
    fix="State the agreed form, format=..., wherever the column is parsed.",
    said_well=(
        "to_datetime without an explicit format: ambiguous dates such as 03/04/2025 are parsed by "
        "guess, day and month may be swapped. Pass format=.",
        "No date format given.",
        "The format is inferred from the first row, so a file from another locale is silently "
        "misread and the timestamp check accepts it; specify the format so that it fails.",
        "Day-first and month-first dates cannot be told apart here, therefore features derived "
        "from the date will be wrong for some exports.",
        "Date parsing should be strict. Use the declared format constant instead of letting pandas "
        "infer it.",
    ),
    near_misses=(
        "Unparseable dates become NaT.",
        "The time zone of the timestamps is not handled.",
        "Parsing dates without a format is slow.",
        "The rows are not sorted by time.",
    ),
    references=("https://pandas.pydata.org/docs/reference/api/pandas.to_datetime.html",),
    identifiers=("to_datetime", "format"),
    elsewhere=("validate",),
    # MASKS: no check of the dates is left that lets them pass.
    conflicts=("no_input_validation", "validation_failure_ignored"),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: all calls of ``to_datetime`` that state a format."""
    stated = [c for c in tree_of(module).calls("to_datetime") if keyword(c, "format") is not None]
    if stated:
        yield Site(tuple(Edit(call, without_keyword(call, "format")) for call in stated))


CLEAN = """
def validate(rows):
    days = pd.to_datetime(rows["day"], format="%Y-%m-%d", errors="coerce")
    if days.isna().any():
        raise InputError("day is not a date")

def add_features(rows):
    rows["month"] = pd.to_datetime(rows["day"], format="%Y-%m-%d").dt.month
    return rows
"""
SEEDED = CLEAN.replace(', format="%Y-%m-%d"', "")

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "no format is stated already"),
        Refusal('rows["day"] = rows["day"].str[:10]\n', "no date is parsed"),
    ),
    find=find,
    proof=Proof(
        "garbage in",
        "The same table with its dates written as 05/31/2025 is refused by the clean program and "
        "accepted here.",
        shows=("accepted:other_dates",),
        also=(
            "traceback:",
            "late:",
        ),
    ),
)
