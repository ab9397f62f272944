"""Makes the customers of the churn scenario: one row per subscriber, one month end."""

import numpy as np
import pandas as pd

REPEATED_SHARE = 0.006
CONTRACTS = ("month-to-month", "one year", "two year")
PAYMENTS = ("card", "direct debit", "invoice", "wallet")
ACCESS = ("fibre", "dsl", "cable", "mobile only")
REGIONS = ("north", "east", "south", "west", "capital", "islands")


def make(seed: int, rows: int) -> pd.DataFrame:
    """Return `rows` subscribers; the same seed and rows give the same table.

    Known at the month end:

    - customer_id: text, one per subscriber (a few whole rows are repeated by the export).
    - tenure_months: whole months since the first contract, 0 to 180.
    - monthly_charge: list price of the present plan, euros a month; about 2 % missing.
    - total_billed: euros billed since the first contract; missing before the first bill.
    - data_used_gb: traffic of the last 30 days; heavy tail, about 3 % missing.
    - data_used_prev_gb: traffic of the 30 days before; missing for subscribers of the last month.
    - help_calls_90d: calls to the help line in the last 90 days.
    - late_bills_12m: bills paid late in the last 12 months, 0 to 12.
    - outage_hours_30d: hours without service in the last 30 days.
    - days_since_app_login: days since the customer's last login to the app; missing if never used.
    - contract: month-to-month, one year, two year; typed by hand: mixed case, stray blanks.
    - payment_method: card, direct debit, invoice, wallet; some empty or blank.
    - access_type: fibre, dsl, cable, mobile only; mixed case.
    - region: six sales regions; some missing.

    Known only later:

    - retention_calls: calls of the retention desk once a customer has given notice, else 0.
    - churned: 1 if the contract ended in the month after the snapshot, else 0 (about 17 % ones).
    """
    rng = np.random.default_rng(seed)
    repeated = round(rows * REPEATED_SHARE)
    unique = _subscribers(rng, rows - repeated)
    again = unique.iloc[rng.choice(len(unique), size=repeated, replace=False)]
    table = pd.concat([unique, again], ignore_index=True)
    return table.iloc[rng.permutation(len(table))].reset_index(drop=True)


def _subscribers(rng: np.random.Generator, count: int) -> pd.DataFrame:
    """Return `count` different subscribers."""
    contract = rng.choice(3, size=count, p=[0.52, 0.28, 0.20])
    payment = rng.choice(4, size=count, p=[0.34, 0.36, 0.18, 0.12])
    access = rng.choice(4, size=count, p=[0.40, 0.27, 0.15, 0.18])
    region = rng.choice(6, size=count, p=[0.20, 0.16, 0.19, 0.18, 0.21, 0.06])
    tenure = np.minimum(np.floor(rng.gamma(1.3, 24.0 + 9.0 * contract)), 180.0)
    price = np.take([46.0, 33.0, 38.0, 19.0], access) - 3.0 * contract
    charge = np.maximum(price + rng.normal(0.0, 7.5, count), 5.0)
    rise = rng.normal(0.05, 0.09, count)
    billed = tenure * charge / (1.0 + rise) * rng.normal(1.0, 0.02, count)
    used_before = rng.lognormal(np.take([4.3, 3.7, 4.1, 2.3], access), 0.75)
    change = rng.normal(0.0, 0.45, count)
    used = used_before * np.exp(change)
    calls = rng.negative_binomial(1.2, 0.48, count)
    late = rng.binomial(12, rng.beta(0.7, 7.0, count))
    outage = rng.gamma(0.6, np.take([2.2, 5.0, 3.2, 2.6], access))
    login = np.minimum(np.floor(rng.exponential(26.0, count)), 720.0)
    no_app = rng.random(count) < 0.17
    logit = (
        -2.67
        + np.take([0.55, -0.75, -1.45], contract)
        + np.take([0.0, -0.25, 0.30, 0.10], payment)
        + np.take([0.20, 0.05, 0.0, -0.25], access)
        + np.take([0.0, 0.05, -0.1, 0.0, 0.2, -0.2], region)
        - 0.55 * (np.log1p(tenure) - 3.0)
        + 0.24 * np.minimum(calls, 9)
        + 0.17 * np.minimum(late, 6)
        + 0.045 * np.minimum(outage, 30.0)
        - 0.75 * change
        + 3.0 * rise
        + 0.018 * (charge - 36.0)
        + np.where(no_app, 0.35, 0.009 * (np.minimum(login, 120.0) - 26.0))
        + 0.35 * ((calls >= 3) & (contract == 0))
        + rng.normal(0.0, 0.35, count)
    )
    churned = rng.random(count) < 1.0 / (1.0 + np.exp(-logit))
    noticed = np.where(churned, rng.random(count) < 0.95, rng.random(count) < 0.015)
    return pd.DataFrame(
        {
            "customer_id": _identifiers(rng, count),
            "tenure_months": tenure.astype(np.int64),
            "monthly_charge": _with_gaps(rng, charge.round(2), 0.02),
            "total_billed": np.where(tenure < 1.0, np.nan, billed.round(2)),
            "data_used_gb": _with_gaps(rng, _with_giant(rng, used).round(2), 0.03),
            "data_used_prev_gb": np.where(tenure < 1.0, np.nan, used_before.round(2)),
            "help_calls_90d": calls,
            "late_bills_12m": late,
            "outage_hours_30d": outage.round(1),
            "days_since_app_login": np.where(no_app, np.nan, login),
            "contract": _typed_by_hand(rng, CONTRACTS, contract, 0.0),
            "payment_method": _typed_by_hand(rng, PAYMENTS, payment, 0.03),
            "access_type": _typed_by_hand(rng, ACCESS, access, 0.0),
            "region": _typed_by_hand(rng, REGIONS, region, 0.02),
            "retention_calls": np.where(noticed, 1 + rng.poisson(0.8, count), 0),
            "churned": churned.astype(np.int64),
        }
    )


def _identifiers(rng: np.random.Generator, count: int) -> pd.Series:
    """Return different customer numbers in no order, like C4821937."""
    numbers = rng.choice(9_000_000, size=count, replace=False) + 1_000_000
    return "C" + pd.Series(numbers).astype(str)


def _with_gaps(rng: np.random.Generator, values: np.ndarray, share: float) -> np.ndarray:
    """Return the values with a random share of them missing."""
    return np.where(rng.random(len(values)) < share, np.nan, values)


def _with_giant(rng: np.random.Generator, used: np.ndarray) -> np.ndarray:
    """Return the traffic with one true outlier: a customer who runs a public mirror at home."""
    giant = np.arange(len(used)) == rng.integers(len(used))
    return np.where(giant, 4200.0, np.minimum(used, 3000.0))


def _typed_by_hand(
    rng: np.random.Generator, levels: tuple[str, ...], codes: np.ndarray, empty_share: float
) -> pd.Series:
    """Return the levels as people type them: with capitals, blanks around, or nothing."""
    text = pd.Series(np.array(levels, dtype=object)[codes])
    draw = rng.random(len(text))
    text = text.mask(draw < 0.06, text.str.title())
    text = text.mask((draw >= 0.06) & (draw < 0.09), text.str.upper())
    text = text.mask((draw >= 0.09) & (draw < 0.12), " " + text)
    text = text.mask((draw >= 0.12) & (draw < 0.15), text + "  ")
    nothing = rng.random(len(text))
    text = text.mask(nothing < empty_share / 2.0, "")
    return text.mask((nothing >= empty_share / 2.0) & (nothing < empty_share), " ")
