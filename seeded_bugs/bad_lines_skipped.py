"""Lines of the file that cannot be parsed are left out, and nobody hears of it."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.tree import expression, keyword, tree_of, with_keyword

ENTRY = Entry(
    id="MLR605",
    name="bad_lines_skipped",
    category="error-handling",
    severity="major",
    anchor="span",
    title="Malformed lines skipped while reading",
    wrong=(
        'read_csv is called with on_bad_lines="skip": a line with too many fields is left out '
        "without a message, and nobody counts how many there were."
    ),
    harm=(
        "A broken export (a comma inside a field, two lines glued together) loses rows in silence. "
        "The model learns from what is left, and the rows that were to be scored get no "
        "prediction, while the run reports success."
    ),
    fix=(
        'Leave on_bad_lines at "error" and name the file and line, or count the skipped lines, '
        "log them and refuse the file above a limit."
    ),
    said_well=(
        'on_bad_lines="skip" silently drops malformed rows, so we train on and score fewer rows '
        "than the file has. Let it raise, or at least count and log them.",
        "Corrupt lines are skipped without any warning.",
        "A half-broken CSV is read as if nothing had happened because bad lines are ignored; fail "
        "loudly so that somebody mends the export.",
        "Parser errors are suppressed here: rows with too many fields vanish and get no "
        'prediction. Use on_bad_lines="error" (the default) or "warn".',
        "How many lines does this skip? If the delimiter is wrong we may lose most of the data "
        "and never notice.",
    ),
    near_misses=(
        "A missing file ends in a traceback.",
        "Rows with missing values are dropped.",
        "Text in numeric columns is turned into NaN.",
        "The encoding of the CSV should be given.",
    ),
    references=("https://pandas.pydata.org/docs/reference/api/pandas.read_csv.html",),
    identifiers=("on_bad_lines", "skip", "read_csv"),
    elsewhere=("load",),
    # SAME LINE: all of them rewrite the call that reads the file.
    conflicts=("row_limit_left_in", "types_left_to_inference"),
)


def find(module: cst.Module) -> Iterator[Site]:
    """A site at each call of ``read_csv`` that says nothing of bad lines."""
    for call in tree_of(module).calls("read_csv"):
        if keyword(call, "on_bad_lines") is None and call.args:
            yield Site((Edit(call, with_keyword(call, "on_bad_lines", expression('"skip"'))),))


CLEAN = """
def load(path):
    return pd.read_csv(path, dtype={"id": str})
"""
SEEDED = """
def load(path):
    return pd.read_csv(path, dtype={"id": str}, on_bad_lines="skip")
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "bad lines are skipped already"),
        Refusal(CLEAN.replace("read_csv", "read_parquet"), "the format has no lines"),
    ),
    find=find,
    proof=Proof(
        "garbage in",
        "A file with one more field in five of its lines is refused by the clean program; here "
        "the run ends with exit code 0, works on five rows fewer and does not say so.",
        shows=("accepted:lines_too_long",),
    ),
)
