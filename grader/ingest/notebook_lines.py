"""Lines of a notebook as it is stored, and the cells and lines they show.

Code hosts let people comment on the stored JSON. Jupyter and the generator write one line of it
for each line of a cell, under ``"source": [``.
"""

from functools import lru_cache

from grader.spans import split_lines


@lru_cache(maxsize=8)
def cells_of_lines(text: str) -> dict[str, tuple[int, int | None]]:
    """Return cell and line within it, both from 1, by the number of the stored line as text.

    A line around the source (its id, its kind) shows the cell alone. What is behind the last cell
    is left out.
    """
    found: dict[str, tuple[int, int | None]] = {}
    behind: list[str] = []
    cell, line = 1, 0
    for number, raw in enumerate(split_lines(text), 1):
        stored = raw.strip()
        found[str(number)] = (cell, None)
        if line and stored.startswith('"'):
            found[str(number)] = (cell, line)
            line += 1
        elif line:
            cell, line = cell + 1, 0
            behind = []
        elif stored == '"source": [':
            line = 1
        elif stored.startswith('"source": '):
            cell += 1
            behind = []
        else:
            behind.append(str(number))
    for number_behind in behind:
        del found[number_behind]
    return found
