"""A value is assigned to a filtered copy, so the table keeps the old one."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.features import blank_cleaning
from seeded_bugs.syntax.predicting import line_of, stacked
from seeded_bugs.syntax.tree import assignment, code, tree_of

ENTRY = Entry(
    id="MLR901",
    name="chained_assignment",
    category="data-handling",
    severity="major",
    anchor="span",
    title="Chained assignment that has no effect",
    wrong=(
        "The line selects rows first and assigns to a column of that selection. The value goes "
        "into a temporary copy, and the table itself is never changed."
    ),
    harm=(
        "Blank strings stay in the column as a category of their own instead of becoming missing "
        "values, so the imputer never sees them. The code reads as if they were cleaned."
    ),
    fix=(
        "Assign in one step with df.loc[mask, column] = value, or replace the values and assign "
        "the result to the column."
    ),
    said_well=(
        "Chained assignment: df[mask][col] = value writes into a copy, the DataFrame is not "
        "changed. Use df.loc[mask, col].",
        "This assignment has no effect, so the blank values are never replaced by NaN.",
        "SettingWithCopy problem, under copy-on-write the original frame is never modified here.",
        "Indexing twice and assigning sets the value on a temporary object; the empty strings "
        "stay a category. Use .loc in a single step.",
        "The empty strings are not really turned into missing values because the filtered frame "
        "is a copy; fix with loc.",
    ),
    near_misses=(
        "Comparing with np.nan is always False.",
        "The result of replace is not assigned to anything.",
        "Empty strings should be kept as a category of their own.",
    ),
    references=("https://pandas.pydata.org/docs/user_guide/copy_on_write.html#chained-assignment",),
    identifiers=("loc",),
    # SAME LINE: these break the cleaning of blanks on the same line. MASKS: silenced warnings
    # hide the one that pandas gives here.
    conflicts=("discarded_result", "warnings_silenced"),
)


def find(module: cst.Module) -> Iterator[Site]:
    """A site at each line that turns blank strings of a column into missing values."""
    for line, column, call in blank_cleaning(tree_of(module)):
        assign = assignment(line)
        if assign is None or not isinstance(call.func, cst.Attribute):
            continue
        kept = assign.with_changes(value=call.func.value)
        target = assign.targets[0].target
        assert isinstance(target, cst.Subscript)
        frame, index = code(target.value), column[len(code(target.value)) :]
        lost = line_of(f'{frame}[{column} == ""]{index} = {code(call.args[1].value)}')
        yield Site((Edit(line, stacked([line.with_changes(body=[kept]), lost], line)),))


CLEAN = """
def clean(df):
    for name in CAT:
        df[name] = df[name].str.strip().replace("", np.nan)
    return df
"""
SEEDED = """
def clean(df):
    for name in CAT:
        df[name] = df[name].str.strip()
        df[df[name] == ""][name] = np.nan
    return df
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the assignment has no effect already"),
        Refusal('df[name] = df[name].replace("?", "")\n', "blanks are not what is replaced"),
    ),
    find=find,
    proof=Proof(
        "value unchanged",
        "Blank strings that are put into the column are still there after the line; in the clean "
        "program they are missing values.",
        shows=("no-effect",),
    ),
)
