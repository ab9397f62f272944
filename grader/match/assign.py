"""Which finding takes which item: one to one, the best in total.

The gains are whole numbers and both sides stand in a canonical order, so the result depends on
what was said and never on the order of the remarks.
"""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment


def assign(gains: Sequence[Sequence[int]]) -> list[tuple[int, int]]:
    """Return pairs (finding, item) with the greatest sum of gains; a gain of 0 is no pair.

    Args:
        gains: a row for each finding, a column for each item, all 0 or above.
    """
    if not gains or not gains[0]:
        return []
    table = np.array(gains, np.int64)
    rows = np.flatnonzero(table.any(axis=1))
    columns = np.flatnonzero(table.any(axis=0))
    if not len(rows):
        return []
    small = table[np.ix_(rows, columns)]
    # A little is added for the items that stand first, so equal sums are decided by key order.
    ties = np.where(small > 0, len(columns) - np.arange(len(columns)), 0)
    chosen = linear_sum_assignment(small * (len(columns) ** 2 + 1) + ties, maximize=True)
    return [
        (int(rows[r]), int(columns[c])) for r, c in zip(*chosen, strict=True) if small[r, c] > 0
    ]
