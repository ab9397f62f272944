"""Damaged input: what a program is given to see whether it notices."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from grader.prove.material import NO_CATEGORY, Material, as_csv, number_columns, text_columns

FEW = 5
ISO_DATE = r"\d{4}-\d\d-\d\d"
GAP_EVERY = 7
FAR_BELOW, FAR_ABOVE = -9.0e7, 9.0e7

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
    labels = frame[material.facts.target]
    value = "nobody"
    if material.facts.task == "regression":
        value = "-17"
    elif pd.api.types.is_numeric_dtype(labels):
        value = str(int(labels.max()) + 6)
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


def other_dates(material: Material, frame: pd.DataFrame) -> bytes | None:
    """Return the table with its dates written month first; None where it has none."""
    named = [n for n in frame.columns if pd.api.types.is_string_dtype(frame[n])]
    dates = [n for n in named if frame[n].dropna().astype(str).str.match(ISO_DATE).all()]
    for name in dates:
        text = frame[name].astype(str)
        frame = frame.assign(
            **{name: text.str[5:7] + "/" + text.str[8:10] + "/" + text.str[:4] + text.str[10:]}
        )
    return as_csv(frame) if dates else None


def numeric_codes(material: Material, frame: pd.DataFrame) -> bytes | None:
    """Return the table with ids like 0000123; where rows have none, a category of such codes."""
    name = material.facts.id_column
    if name is not None:
        return as_csv(frame.assign(**{name: [f"{number + 1:07d}" for number in range(len(frame))]}))
    names = text_columns(material, frame)
    if not names:
        return None
    codes = frame[names[-1]].astype("category").cat.codes
    return as_csv(frame.assign(**{names[-1]: [f"{code:03d}" for code in codes]}))


def shouted(material: Material, frame: pd.DataFrame) -> bytes | None:
    """Return the table with its categories in capitals; None where spelling varies in none."""
    names = spelled_freely(material, frame)
    capitals = {name: frame[name].str.upper() for name in names}
    return as_csv(frame.assign(**capitals)) if names else None


def renamed(material: Material, frame: pd.DataFrame) -> bytes | None:
    """Return the table with its categories renamed one for one, in another order."""
    names = spelled_freely(material, frame)
    for name in names:
        values = frame[name].str.strip().str.lower()
        known = sorted(set(values.dropna()) - {""})
        mixed = [*known[1::2], *known[::2]]
        other = {value: f"{chr(97 + place)} {value}" for place, value in enumerate(mixed)}
        frame = frame.assign(**{name: values.map(other)})
    return as_csv(frame) if names else None


def spelled_freely(material: Material, frame: pd.DataFrame) -> list[str]:
    """Return the categories that come in several spellings, which every program must unify."""
    found = []
    for name in text_columns(material, frame):
        raw, plain = frame[name].dropna(), frame[name].dropna().str.strip().str.lower()
        if raw.nunique() > plain.nunique() and plain.nunique() < 26:
            found.append(name)
    return found


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
    "other_dates": other_dates,
    "column_empty": column_empty,
}
SERVE_DAMAGE: Mapping[str, Damage] = {
    "empty_file": empty_file,
    "column_missing": column_missing,
    "lines_too_long": lines_too_long,
    "out_of_range": out_of_range,
    "unseen_category": unseen_category,
    "columns_reversed": columns_reversed,
    "numeric_codes": numeric_codes,
    "shouted": shouted,
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
    "other_dates": "dates in another form",
    "numeric_codes": "codes such as 0000123",
    "shouted": "categories in capitals",
    "column_empty": "a column without any value",
    "unseen_category": "a category that training has not seen",
    "columns_reversed": "columns in another order",
}
