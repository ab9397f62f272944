"""Tables of the running program, kept as hashes of their cells so that two runs can be compared.

A table is a matrix of 64-bit cell hashes with column names and, where the program kept them, the
row labels of its pandas index. Arrays have no labels of their own; what a known call made from a
labelled table (a split part, a prediction) is remembered by identity and gets the same labels.
"""

import hashlib
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse

MOST_COLUMNS = 400
MOST_CELLS = 4_000_000


class TableStore:
    """The tables and number arrays of one call, each stored once by its content."""

    def __init__(self) -> None:
        self.arrays: dict[str, np.ndarray] = {}
        self.columns: dict[int, list[str]] = {}
        self._known: dict[bytes, int] = {}
        self._labels: dict[int, tuple[object, np.ndarray]] = {}

    def name_rows(self, value: object, labels: np.ndarray | None) -> None:
        """Remember the row labels of an array that has none of its own."""
        if labels is None or isinstance(value, pd.DataFrame | pd.Series):
            return
        shape = getattr(value, "shape", ())
        if shape and shape[0] == len(labels):
            self._labels[id(value)] = (value, labels)

    def labels(self, value: object) -> np.ndarray | None:
        """Return the row labels of a table as whole numbers; None where they are not known."""
        if isinstance(value, pd.DataFrame | pd.Series):
            index = value.index
            return index.to_numpy() if pd.api.types.is_integer_dtype(index.dtype) else None
        known = self._labels.get(id(value))
        return known[1] if known is not None and known[0] is value else None

    def add(self, value: object) -> int | None:
        """Store a table, a column or an array of rows; return its number, else None."""
        made = hashed(value)
        if made is None:
            return None
        cells, columns = made
        labels = self.labels(value)
        parts = [
            cells.tobytes(),
            b"" if labels is None else labels.tobytes(),
            repr(columns).encode(),
        ]
        content = hashlib.blake2b(b"\x00".join(parts), digest_size=16).digest()
        if content in self._known:
            return self._known[content]
        number = self._known[content] = len(self._known)
        self.arrays[f"cells{number}"] = cells
        self.columns[number] = columns
        if labels is not None:
            self.arrays[f"rows{number}"] = labels.astype(np.int64)
        numbers = as_numbers(value)
        if numbers is not None:
            self.arrays[f"numbers{number}"] = numbers
        return number


def hashed(value: object) -> tuple[np.ndarray, list[str]] | None:
    """Return the cell hashes (rows x columns) and the column names of a table-like value."""
    if isinstance(value, pd.DataFrame):
        if value.shape[1] > MOST_COLUMNS or value.size > MOST_CELLS:
            return _row_hashes(value.to_numpy()), ["row"]
        cells = [_column(value.iloc[:, k]) for k in range(value.shape[1])]
        names = [str(name) for name in value.columns]
        return (np.stack(cells, axis=1) if cells else np.empty((len(value), 0), np.uint64)), names
    if isinstance(value, pd.Series):
        return _column(value)[:, None], [str(value.name)]
    if scipy.sparse.issparse(value):
        return _sparse_rows(value), ["row"]
    if isinstance(value, list) and value and isinstance(value[0], str | int | float):
        return hashed(np.asarray(value, dtype=object))
    if isinstance(value, np.ndarray) and value.ndim in (1, 2) and len(value):
        columns = value[:, None] if value.ndim == 1 else value
        if columns.shape[1] > MOST_COLUMNS or columns.size > MOST_CELLS:
            return _row_hashes(columns), ["row"]
        cells = [_column(pd.Series(columns[:, k])) for k in range(columns.shape[1])]
        return np.stack(cells, axis=1), [str(k) for k in range(columns.shape[1])]
    return None


def as_numbers(value: object) -> np.ndarray | None:
    """Return a narrow table of numbers as float64, rows x columns; None for text."""
    if scipy.sparse.issparse(value) or isinstance(value, list):
        return None
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    array = array[:, None] if array.ndim == 1 else array
    return array if array.ndim == 2 and array.shape[1] <= MOST_COLUMNS else None


def _column(column: "pd.Series[Any]") -> np.ndarray:
    """Return one hash a cell; whole numbers and floats of the same value hash alike."""
    if pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_numeric_dtype(column.dtype):
        numbers = column.to_numpy(dtype=np.float64, na_value=np.nan) + 0.0
        return np.where(np.isnan(numbers), NAN_BITS, numbers.view(np.uint64))
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return column.to_numpy(dtype="datetime64[ns]").view(np.uint64)
    codes, known = pd.factorize(column.astype(object).to_numpy())
    text = np.array([*map(str, known), "\x00"], dtype=object)
    return np.asarray(pd.util.hash_array(text, categorize=False))[codes]


def _row_hashes(array: np.ndarray) -> np.ndarray:
    rows = np.ascontiguousarray(np.asarray(array, dtype=np.float64))
    return np.array([_digest(row.tobytes()) for row in rows], dtype=np.uint64)[:, None]


def _sparse_rows(matrix: Any) -> np.ndarray:
    rows = scipy.sparse.csr_matrix(matrix)
    rows.sort_indices()
    parts = zip(rows.indptr[:-1], rows.indptr[1:], strict=True)
    digests = [_digest(rows.indices[a:b].tobytes() + rows.data[a:b].tobytes()) for a, b in parts]
    return np.array(digests, dtype=np.uint64)[:, None]


def _digest(data: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little")


NAN_BITS = np.array([np.nan]).view(np.uint64)[0]
ZERO_BITS = np.uint64(0)
