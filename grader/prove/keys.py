"""Which row of a table a served row belongs to, by the columns that say which row it is."""

from collections.abc import Sequence

import pandas as pd

from grader.records.scenario import Scenario


def key_names(facts: Scenario, served: pd.DataFrame, table: pd.DataFrame) -> list[str]:
    """Return the served columns that say which row it is."""
    if facts.id_column and facts.id_column in served:
        return [facts.id_column]
    several = dict.fromkeys([*facts.key_columns, facts.group_column, facts.time_column])
    return [name for name in several if name and name in served and name in table]


def keys_of(table: pd.DataFrame, names: Sequence[str], time: str | None = None) -> pd.Series:
    """Return the keys as text; one like 00012 comes back from a file of predictions as 12.

    Blanks around them and capitals do not count: programs tidy both.

    Args:
        time: a column of ``names`` whose values are moments, however each file writes them.
    """
    parts = [
        pd.to_datetime(table[name], errors="coerce").astype(str)
        if name == time
        else table[name].astype(str).str.strip().str.lower().str.lstrip("0")
        for name in names
    ]
    return pd.Series(list(zip(*parts, strict=True)), dtype=object).map(" | ".join)
