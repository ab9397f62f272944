"""Only the first rows of the file are read: a limit of some trial run stayed in the code."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.tree import expression, keyword, tree_of, with_keyword

ENTRY = Entry(
    id="MLR505",
    name="row_limit_left_in",
    category="configuration",
    severity="major",
    anchor="span",
    title="A fixed row limit in the call that reads the file",
    wrong=(
        "read_csv is called with nrows=5_000, a literal that no option or setting can change: of "
        "a longer file only the first rows are read."
    ),
    harm=(
        "Small samples work as they should. With a full extract the model is trained on its head "
        "only (the oldest rows, where the file is in order of time), and rows beyond the limit "
        "get no prediction. Nothing in the log says that anything is missing."
    ),
    fix=(
        "Take nrows away. If a short run is wanted, make it an option that defaults to all rows, "
        "and log it when it is used."
    ),
    said_well=(
        "nrows=5_000 is hard-coded in read_csv, so a larger file is silently truncated, in "
        "training and in prediction alike. Remove it or make it a CLI option.",
        "Looks like a debugging leftover: only the first rows of the CSV are read.",
        "The row limit means that customers beyond line 5000 never get a score and nobody is told.",
        "Training uses the head of the file only because of nrows, which is a biased sample when "
        "the export is sorted; read everything or sample at random.",
        "Magic row limit when loading. If it is for quick experiments it belongs in the "
        "configuration, with no limit by default.",
    ),
    near_misses=(
        "Malformed lines are skipped.",
        "The file should be read in chunks to save memory.",
        "The path of the data is hard-coded.",
        "The training rows are thinned by an unseeded sample.",
    ),
    references=("https://pandas.pydata.org/docs/reference/api/pandas.read_csv.html",),
    identifiers=("nrows", "5_000", "5000", "read_csv"),
    elsewhere=("load",),
    conflicts=("bad_lines_skipped", "types_left_to_inference"),
)


def find(module: cst.Module) -> Iterator[Site]:
    """A site at each call of ``read_csv`` without a limit."""
    for call in tree_of(module).calls("read_csv"):
        limited = any(keyword(call, name) for name in ("nrows", "chunksize", "iterator"))
        if call.args and not limited:
            yield Site((Edit(call, with_keyword(call, "nrows", expression("5_000"))),))


CLEAN = """
def load(path):
    return pd.read_csv(path, dtype={"id": str})
"""
SEEDED = """
def load(path):
    return pd.read_csv(path, dtype={"id": str}, nrows=5_000)
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the rows are limited already"),
        Refusal(CLEAN.replace("dtype", "chunksize=500, dtype"), "the file is read in pieces"),
    ),
    find=find,
    proof=Proof(
        "row count",
        "Of a file of 6,000 rows the clean program scores all (but exact repeats); here no more "
        "than 5,000 are scored, with exit code 0 and no word about it.",
        shows=("unserved",),
        also=("rows-lost",),
    ),
)
