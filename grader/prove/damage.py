"""Damaged input: what a program is given to see whether it notices."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from grader.prove.material import NO_CATEGORY, Material, as_csv, number_columns, text_columns

FEW = 5
GAP_EVERY = 7
FAR_BELOW, FAR_ABOVE = -9.0e7, 9.0e9

Damage = Callable[[Material, pd.DataFrame], bytes | None]


def empty_file(material: Material, frame: pd.DataFrame) -> bytes:
    """Return a file of no bytes."""
    return b""


def header_only(material: Material, frame: pd.DataFrame) -> bytes:
    """Return a table of no rows."""
    return as_csv(frame.iloc[:0])


def not_text(material: Material, frame: pd.DataFrame) -> bytes:
    """Return bytes that are no text."""
    return b"\xff\xfe\x00\x81" * 64


def column_missing(material: Material, frame: pd.DataFrame) -> bytes:
    """Return the table without one of its number columns."""
    return as_csv(frame.drop(columns=number_columns(material, frame)[0]))


def lines_too_long(material: Material, frame: pd.DataFrame) -> bytes:
    """Return the table with further fields in a few lines."""
    lines = as_csv(frame).decode().splitlines()
    for number in range(10, 10 + FEW):
        lines[number] += ",1,1,1"
    return ("\n".join(lines) + "\n").encode()


def out_of_range(material: Material, frame: pd.DataFrame) -> bytes:
    """Return the table with impossible numbers in a few rows of every number column."""
    changed = frame.copy()
    for name in number_columns(material, frame):
        column = changed[name].astype("float64")
        column.iloc[20 : 20 + FEW] = FAR_BELOW
        column.iloc[40 : 40 + FEW] = FAR_ABOVE
        changed[name] = column
    return as_csv(changed)


def text_in_number(name: str) -> Damage:
    """Return the damage that writes a word into a few cells of one number column."""

    def damage(material: Material, frame: pd.DataFrame) -> bytes:
        return as_csv(_with(frame, name, "n/k", slice(20, 20 + FEW)))

    return damage


def unknown_label(material: Material, frame: pd.DataFrame) -> bytes:
    """Return the table with a few labels that do not exist."""
    number = pd.api.types.is_numeric_dtype(frame[material.facts.target])
    value = "-17" if material.facts.task == "regression" else "7" if number else "nobody"
    return as_csv(_with(frame, material.facts.target, value, slice(20, 20 + FEW)))


def missing_label(material: Material, frame: pd.DataFrame) -> bytes:
    """Return the table with a few labels left out."""
    return as_csv(_with(frame, material.facts.target, "", slice(20, 20 + FEW)))


def repeated_id(material: Material, frame: pd.DataFrame) -> bytes | None:
    """Return the table with one id on two rows that differ; None where rows have no id."""
    facts = material.facts
    single = facts.id_column or facts.time_column
    names = facts.key_columns or ((single,) if single else ())
    for name in names:
        frame = _with(frame, name, str(frame[name].iloc[30]), slice(31, 32))
    return as_csv(frame) if names else None


def column_empty(material: Material, frame: pd.DataFrame) -> bytes:
    """Return the table with one number column left blank throughout."""
    return as_csv(frame.assign(**{number_columns(material, frame)[0]: np.nan}))


def unseen_category(material: Material, frame: pd.DataFrame) -> bytes | None:
    """Return the table with a category that training has not seen; None without categories."""
    names = text_columns(material, frame)
    if not names:
        return None
    for name in names:
        frame = _with(frame, name, NO_CATEGORY, slice(20, 20 + FEW))
    return as_csv(frame)


def gaps(material: Material, frame: pd.DataFrame) -> bytes:
    """Return the table with every seventh cell left out of number columns that have gaps."""
    changed = frame.copy()
    names = [n for n in number_columns(material, frame) if frame[n].isna().any()]
    for shift, name in enumerate(names):
        column = changed[name].astype("float64")
        column.iloc[shift % GAP_EVERY :: GAP_EVERY] = np.nan
        changed[name] = column
    return as_csv(changed)


def columns_reversed(material: Material, frame: pd.DataFrame) -> bytes:
    """Return the table with its columns in the opposite order."""
    return as_csv(frame[frame.columns[::-1]])


def _with(frame: pd.DataFrame, name: str, value: str, rows: slice) -> pd.DataFrame:
    column = frame[name].astype(object)
    column.iloc[rows] = value
    return frame.assign(**{name: column})


TRAIN_DAMAGE: Mapping[str, Damage] = {
    "empty_file": empty_file,
    "header_only": header_only,
    "not_text": not_text,
    "column_missing": column_missing,
    "lines_too_long": lines_too_long,
    "out_of_range": out_of_range,
    "unknown_label": unknown_label,
    "missing_label": missing_label,
    "repeated_id": repeated_id,
    "column_empty": column_empty,
}
SERVE_DAMAGE: Mapping[str, Damage] = {
    "empty_file": empty_file,
    "column_missing": column_missing,
    "lines_too_long": lines_too_long,
    "out_of_range": out_of_range,
    "unseen_category": unseen_category,
    "columns_reversed": columns_reversed,
    "repeated_id": repeated_id,
}
SAID = {
    "empty_file": "an empty file",
    "header_only": "a table of no rows",
    "not_text": "a file that is no text",
    "missing_file": "a missing file",
    "column_missing": "a table without one of its columns",
    "lines_too_long": "a table with broken lines",
    "out_of_range": "impossible numbers",
    "unknown_label": "labels that do not exist",
    "missing_label": "missing labels",
    "repeated_id": "one id on two different rows",
    "column_empty": "a column without any value",
    "unseen_category": "a category that training has not seen",
    "columns_reversed": "columns in another order",
}
