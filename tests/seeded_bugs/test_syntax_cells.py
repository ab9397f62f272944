"""The cells of a program that is the export of a notebook, and how markers outlive a sowing."""

import libcst as cst

from seeded_bugs.contract import Edit, Site, sow
from seeded_bugs.syntax.cells import cells_of, has_markers, marked_lines, uncommented
from seeded_bugs.syntax.tree import statements

PROGRAM = """\
# %% [markdown]
# # Prices
#
# A look at the sales.

# %%
import math

# %%
a = 1
b = 2

# %% [markdown]
# ## More

# %%
def more():
    return a


# %%

# %%
c = more()
"""


def sown(number: int, *texts: str) -> list[str]:
    """Return the lines after the statement of that number was replaced by others."""
    module = cst.parse_module(PROGRAM)
    kept = module.body[number]
    new = [kept if text == "it" else statements(f"{text}\n")[0] for text in texts]
    return sow(module, Site((Edit(kept, new),)), ("main",)).code.splitlines()


def test_a_cell_holds_what_stands_below_its_marker_without_blank_ends() -> None:
    found = [(cell.kind, cell.start, cell.end) for cell in cells_of(PROGRAM)]
    text, code = "markdown", "code"
    assert found == [
        (text, 2, 4),
        (code, 7, 7),
        (code, 10, 11),
        (text, 14, 14),
        (code, 17, 18),
        (code, 24, 24),
    ]


def test_what_stands_above_the_first_marker_is_a_cell_of_code() -> None:
    (first, _) = cells_of("import os\n\n# %%\na = 1\n")
    assert (first.kind, first.start, first.end) == ("code", 1, 1)


def test_only_a_line_of_its_own_is_a_marker() -> None:
    assert has_markers("# %%\n")
    assert not has_markers("a = 1  # %%\n# %%time\n    # %%\n#%%\n")


def test_markers_and_the_text_of_text_cells_make_the_notebook() -> None:
    assert marked_lines(PROGRAM) == {1, 2, 3, 4, 6, 9, 13, 14, 16, 21, 23}


def test_a_text_cell_is_shown_without_its_comment_signs() -> None:
    assert uncommented(["# ## Data", "#", "#  indented", "#tight"]) == [
        "## Data",
        "",
        " indented",
        "tight",
    ]


def test_a_statement_put_above_the_head_of_a_cell_stands_below_the_marker() -> None:
    lines = sown(1, "x = 0", "it")
    assert lines[7:11] == ["", "# %%", "x = 0", "a = 1"]


def test_a_statement_that_replaces_the_head_of_a_cell_stands_below_the_marker() -> None:
    assert sown(1, "x = 0")[8:11] == ["# %%", "x = 0", "b = 2"]


def test_a_head_that_goes_leaves_its_marker_to_the_next_statement() -> None:
    assert sown(1)[8:10] == ["# %%", "b = 2"]


def test_a_cell_that_loses_its_only_statement_goes_with_the_text_above() -> None:
    lines = sown(3)
    assert "# ## More" not in lines
    kinds = [cell.kind for cell in cells_of("\n".join(lines))]
    assert kinds == ["markdown", "code", "code", "code"]
    assert lines[-2:] == ["# %%", "c = more()"]
