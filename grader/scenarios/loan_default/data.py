"""Makes the applications of the loan scenario: one row per consumer loan that was paid out."""

import numpy as np
import pandas as pd

REPEATED_SHARE = 0.008
PURPOSES = ("car", "home repair", "debt consolidation", "medical", "education", "wedding", "other")
EMPLOYMENT = ("permanent", "temporary", "self-employed", "retired", "unemployed")
HOMES = ("rent", "own", "mortgage", "with family")
CHANNELS = ("branch", "web", "broker", "phone")
TERMS = (12, 24, 36, 48, 60, 72, 84)


def make(seed: int, rows: int) -> pd.DataFrame:
    """Return `rows` loans of one quarter; the same seed and rows give the same table.

    Known when the application is decided:

    - application_id: text, one per application (a few whole rows are repeated by the export).
    - amount: euros that were asked for and paid out, 1,000 to 60,000.
    - term_months: 12 to 84, in whole years.
    - income: net euros a month of the household; about 4 % missing.
    - debt: euros still owed elsewhere, from the credit bureau; about 5 % missing, heavy tail.
    - years_at_address: years at the present address, in halves, 0 to 60.
    - years_employed: years with the present employer, 0 without work; about 4 % missing.
    - open_lines: other credit lines at the bureau.
    - late_12m: payments to others that were over 30 days late in the last 12 months.
    - enquiries_6m: credit enquiries of other banks in the last 6 months.
    - purpose: seven purposes; typed by hand: mixed case, stray blanks, a few empty.
    - employment: permanent, temporary, self-employed, retired, unemployed; typed by hand.
    - home: rent, own, mortgage, with family; typed by hand, about 3 % empty.
    - channel: branch, web, broker, phone; written by the system.

    Known only later:

    - collection_calls: calls of the collection desk in the 24 months after the payout.
    - recovered_eur: euros recovered from securities and debtors after a default, else 0.
    - defaulted: 1 if over 90 days behind within 24 months, else 0 (about 12 % ones).
    """
    rng = np.random.default_rng(seed)
    repeated = round(rows * REPEATED_SHARE)
    unique = _loans(rng, rows - repeated)
    again = unique.iloc[rng.choice(len(unique), size=repeated, replace=False)]
    table = pd.concat([unique, again], ignore_index=True)
    return table.iloc[rng.permutation(len(table))].reset_index(drop=True)


def _loans(rng: np.random.Generator, count: int) -> pd.DataFrame:
    """Return `count` different loans."""
    purpose = rng.choice(7, size=count, p=[0.24, 0.19, 0.23, 0.07, 0.08, 0.06, 0.13])
    age = np.clip(np.floor(rng.gamma(9.0, 4.6, count)), 18, 88)
    employment = np.where(
        age >= 65,
        rng.choice(5, size=count, p=[0.10, 0.02, 0.08, 0.78, 0.02]),
        rng.choice(5, size=count, p=[0.63, 0.16, 0.13, 0.02, 0.06]),
    )
    home = rng.choice(4, size=count, p=[0.44, 0.17, 0.29, 0.10])
    channel = rng.choice(4, size=count, p=[0.31, 0.42, 0.19, 0.08])
    base = np.take([2550.0, 1850.0, 2700.0, 1650.0, 1050.0], employment)
    income = np.clip(base * rng.lognormal(0.0, 0.38, count) + 350.0 * (home == 2), 400, 30_000)
    works = employment <= 2
    employed = np.where(works, np.minimum(rng.exponential(6.0, count), age - 17.0), 0.0)
    moved = np.minimum(rng.gamma(1.2, np.take([3.2, 9.5, 9.0, 7.0], home)), 60.0)
    amount = np.take([11_500, 9_000, 14_000, 4_500, 7_000, 8_000, 6_000], purpose)
    amount = np.clip(amount * rng.lognormal(-0.1, 0.5, count), 1_000, 60_000)
    term = np.take(TERMS, rng.choice(7, size=count, p=[0.08, 0.16, 0.22, 0.20, 0.19, 0.09, 0.06]))
    lines = rng.poisson(np.take([2.2, 2.4, 4.3, 2.3, 2.0, 2.2, 2.1], purpose))
    debt = rng.lognormal(np.log1p(lines) + 7.1, 0.9, count) * (lines > 0)
    debt = np.minimum(debt + np.where(home == 2, rng.gamma(3.0, 21_000.0, count), 0.0), 900_000)
    strain = rng.normal(0.0, 1.0, count)
    late = rng.poisson(np.exp(-1.55 + 0.75 * strain))
    enquiries = rng.poisson(np.exp(-0.15 + 0.30 * strain + 0.25 * (channel == 2)))
    burden = amount / term / income
    logit = (
        -3.14
        + np.take([0.0, -0.10, 0.35, 0.30, 0.10, 0.05, 0.15], purpose)
        + np.take([0.0, 0.45, 0.30, -0.10, 0.95], employment)
        + np.take([0.15, -0.40, -0.30, 0.15], home)
        + np.take([-0.15, 0.05, 0.40, 0.10], channel)
        + 5.0 * np.minimum(burden - 0.10, 0.45)
        - 0.70 * (np.log(income) - 7.6)
        + 0.60 * np.minimum(late, 4)
        + 0.20 * np.minimum(enquiries, 6)
        + 0.22 * (np.log1p(debt / income) - 1.2)
        - 0.05 * np.minimum(employed, 15.0)
        - 0.03 * (np.minimum(moved, 15.0) - 6.0)
        + 0.45 * strain
        + rng.normal(0.0, 0.35, count)
    )
    defaulted = rng.random(count) < 1.0 / (1.0 + np.exp(-logit))
    reminded = rng.random(count) < 0.05
    calls = np.where(defaulted, rng.poisson(4.0, count), reminded * rng.poisson(1.5, count))
    repaid = defaulted & (rng.random(count) < 0.7)
    recovered = np.where(repaid, amount * rng.beta(1.4, 3.2, count), 0.0)
    return pd.DataFrame(
        {
            "application_id": _identifiers(rng, count),
            "amount": (amount / 100.0).round() * 100.0,
            "term_months": term,
            "income": _with_gaps(rng, income.round(), 0.04),
            "debt": _with_gaps(rng, debt.round(), 0.05),
            "years_at_address": (moved * 2.0).round() / 2.0,
            "years_employed": _with_gaps(rng, employed.round(1), 0.04),
            "open_lines": lines,
            "late_12m": late,
            "enquiries_6m": enquiries,
            "purpose": _typed_by_hand(rng, PURPOSES, purpose, 0.02),
            "employment": _typed_by_hand(rng, EMPLOYMENT, employment, 0.0),
            "home": _typed_by_hand(rng, HOMES, home, 0.03),
            "channel": np.array(CHANNELS, dtype=object)[channel],
            "collection_calls": calls,
            "recovered_eur": recovered.round(2),
            "defaulted": defaulted.astype(np.int64),
        }
    )


def _identifiers(rng: np.random.Generator, count: int) -> pd.Series:
    """Return different application numbers in no order, like K-20418377."""
    numbers = rng.choice(90_000_000, size=count, replace=False) + 10_000_000
    return "K-" + pd.Series(numbers).astype(str)


def _with_gaps(rng: np.random.Generator, values: np.ndarray, share: float) -> np.ndarray:
    """Return the values with a random share of them missing."""
    return np.where(rng.random(len(values)) < share, np.nan, values)


def _typed_by_hand(
    rng: np.random.Generator, levels: tuple[str, ...], codes: np.ndarray, empty_share: float
) -> pd.Series:
    """Return the levels as clerks type them: capitals, blanks around, or an empty field."""
    text = pd.Series(np.array(levels, dtype=object)[codes])
    draw = rng.random(len(text))
    text = text.mask(draw < 0.08, text.str.capitalize())
    text = text.mask((draw >= 0.08) & (draw < 0.10), text.str.upper())
    text = text.mask((draw >= 0.10) & (draw < 0.13), text + " ")
    nothing = rng.random(len(text))
    text = text.mask(nothing < empty_share / 2.0, "  ")
    return text.mask((nothing >= empty_share / 2.0) & (nothing < empty_share), "")
