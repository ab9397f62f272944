"""Identifiers and categories are read without a type, so numeric codes are changed."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.preparation import only_for
from seeded_bugs.syntax.tree import keyword, tree_of, without_keyword

ENTRY = Entry(
    id="MLR706",
    name="types_left_to_inference",
    category="validation",
    severity="minor",
    anchor="span",
    title="Column types left to inference",
    wrong=(
        "read_csv is called without dtype, so pandas infers the type of every column from the "
        "values that happen to be in the file; identifiers and categories are not kept as text."
    ),
    harm=(
        "An identifier such as 00123 becomes the number 123 and cannot be joined back. A category "
        "column whose codes look like numbers, or that is empty in one file, gets another type "
        "from file to file, and the text operations on it fail or no category is known any more."
    ),
    fix="Pass dtype for identifiers and categories, from the lists of columns that are there.",
    said_well=(
        "No dtype is passed to read_csv, so ids like '00123' lose their leading zeros. Read "
        "ids and categories as strings.",
        "Column types are left to inference.",
        "Without dtype= the type of a column depends on the file's content: the same category may "
        "be int in one batch and str in the next, which breaks encoding at prediction time.",
        "Identifiers should be read as text because numeric parsing changes them; specify dtype.",
        "Schema is implicit here. State the dtypes of key and categorical columns so a changed "
        "export cannot silently change their meaning.",
    ),
    near_misses=(
        "The columns are not validated.",
        "usecols would save memory.",
        "Text in numeric columns is coerced to NaN.",
        "The dates are parsed without a format.",
    ),
    references=("https://pandas.pydata.org/docs/user_guide/io.html#specifying-column-data-types",),
    identifiers=("read_csv", "dtype"),
    elsewhere=("load",),
    # SAME LINE: all of them rewrite the call that reads the file.
    conflicts=("bad_lines_skipped", "row_limit_left_in"),
)


def find(module: cst.Module) -> Iterator[Site]:
    """A site at each call of ``read_csv`` that states types."""
    tree = tree_of(module)
    for call in tree.calls("read_csv"):
        types = keyword(call, "dtype")
        if types is None:
            continue
        made = only_for(tree, types.value) if isinstance(types.value, cst.Name) else []
        gone = (Edit(line, None, "support") for line in made)
        yield Site((Edit(call, without_keyword(call, "dtype")), *gone))


CLEAN = """
def load(path):
    as_text = dict.fromkeys(["id", "city"], str)
    return pd.read_csv(path, dtype=as_text)
"""
SEEDED = """
def load(path):
    return pd.read_csv(path)
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "no types are stated already"),
        Refusal(CLEAN.replace("read_csv", "read_parquet"), "the file itself knows the types"),
    ),
    find=find,
    proof=Proof(
        "garbage in",
        "A file whose identifiers, or the values of one category, are codes such as 00123 is "
        "scored by the clean program with the codes as they came; here they come back as 123, or "
        "the run fails.",
        shows=("codes-changed",),
        also=("same-content",),
    ),
)
