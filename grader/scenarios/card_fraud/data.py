"""Card payments with rare fraud: made-up rows for the card-fraud scenario."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

START = np.datetime64("2025-01-01T00:00:00")
DAYS = 90
ROWS_PER_CARD = 25
HOUR_WEIGHTS = np.array(
    [2, 1, 1, 1, 1, 2, 4, 8, 12, 14, 15, 17, 20, 18, 16, 16, 18, 21, 22, 18, 13, 9, 6, 4],
    dtype=float,
)
CHANNELS = np.array(["chip", "contactless", "online", "phone"], dtype=object)
CHANNEL_SHARE = np.array([0.30, 0.34, 0.31, 0.05])
MERCHANTS = np.array(
    ["grocery", "fuel", "restaurant", "fashion", "electronics", "travel", "gaming", "gift cards"],
    dtype=object,
)
MERCHANT_SHARE = np.array([0.30, 0.13, 0.19, 0.13, 0.09, 0.07, 0.06, 0.03])
MERCHANT_SCALE = np.array([0.8, 1.1, 0.8, 1.2, 2.2, 3.0, 0.6, 1.0])
MERCHANT_RISK = np.array([-0.5, -0.3, -0.4, 0.1, 0.8, 0.5, 0.6, 1.3])
COUNTRIES = np.array(["DE", "NL", "FR", "PL", "GB", "US", "TR", "NG"], dtype=object)
COUNTRY_SHARE = np.array([0.80, 0.05, 0.04, 0.03, 0.03, 0.03, 0.01, 0.01])
COUNTRY_RISK = np.array([0.0, 0.2, 0.2, 0.5, 0.6, 0.9, 1.2, 1.6])
BASE_RISK = -7.4


def _times(rng: np.random.Generator, n: int, n_cards: int) -> tuple[Ints, Ints]:
    """Card number and second of each payment, oldest first; some come in quick succession."""
    first = int(n * 0.86)
    activity = rng.gamma(3.0, 1.0, n_cards)
    card = rng.choice(n_cards, first, p=activity / activity.sum())
    hour = rng.choice(24, first, p=HOUR_WEIGHTS / HOUR_WEIGHTS.sum())
    second = rng.integers(0, DAYS, first) * 86_400 + hour * 3_600 + rng.integers(0, 3_600, first)
    parent = rng.integers(0, first, n - first)
    later = second[parent] + 20 + rng.exponential(1_500.0, n - first).astype(np.int64)
    cards = np.concatenate([card, card[parent]]).astype(np.int64)
    seconds = np.concatenate([second, later]).astype(np.int64)
    order = np.argsort(seconds, kind="stable")
    return cards[order], seconds[order]


def _gaps(card: Ints, second: Ints) -> Floats:
    """Minutes since the same card's previous payment; a very long time for its first one."""
    order = np.lexsort((second, card))
    step = np.full(len(card), 1e6)
    step[1:] = np.where(np.diff(card[order]) == 0, np.diff(second[order]) / 60.0, 1e6)
    gap = np.empty(len(card))
    gap[order] = step
    return gap


def _blank(rng: np.random.Generator, values: Floats, share: float, digits: int) -> Floats:
    """Round and blank out a share of the values."""
    return np.where(rng.random(len(values)) < share, np.nan, np.round(values, digits))


def _typed(rng: np.random.Generator, values: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """The same words as several systems write them: capitals, stray blanks, nothing at all."""
    text = pd.Series(values, dtype=object)
    style = rng.random(len(values))
    text = text.mask(style < 0.05, text.str.upper()).mask(style > 0.95, text.str.title())
    text = text.mask((style > 0.48) & (style < 0.51), " " + text + " ")
    text = text.mask((style > 0.51) & (style < 0.52), "")
    text = text.mask((style > 0.52) & (style < 0.535), None)
    result: npt.NDArray[np.object_] = text.to_numpy(dtype=object)
    return result


def make(seed: int, rows: int) -> pd.DataFrame:
    """Card payments of one quarter, oldest first; about 2.5 % are fraud.

    txn_id             id of the payment
    card_id            token standing for the card; a card pays about 25 times
    timestamp          second of the authorisation request, local time
    amount             amount in EUR, always known
    limit_eur          limit of the card in EUR (some missing)
    card_days          days since the card was issued (some missing)
    shop_days          days since the merchant's contract began (some missing)
    dist_km            home address to terminal; missing where there is no terminal
    declines           declined requests on the card in the 24 hours before (some missing)
    channel            chip, contactless, online or phone, as typed by the source system
    merchant_type      line of business, as typed by the source system
    country            country of the merchant
    chargeback_eur     sum paid back to the customer, booked weeks after the payment
    is_fraud           1 if the payment was confirmed as fraud, else 0 (target)
    """
    rng = np.random.default_rng(seed)
    n_repeats = min(rows // 2, max(2, rows // 200))
    n = rows - n_repeats
    n_cards = max(20, n // ROWS_PER_CARD)
    card, second = _times(rng, n, n_cards)
    gap = _gaps(card, second)
    hour = second // 3_600 % 24

    channel = rng.choice(len(CHANNELS), n, p=CHANNEL_SHARE)
    merchant = rng.choice(len(MERCHANTS), n, p=MERCHANT_SHARE)
    country = rng.choice(len(COUNTRIES), n, p=COUNTRY_SHARE)
    no_terminal = np.isin(channel, [2, 3])

    habit = rng.lognormal(3.3, 0.45, n_cards)[card]
    surprise = rng.normal(0.0, 0.75, n)
    amount = np.clip(habit * MERCHANT_SCALE[merchant] * np.exp(surprise), 0.5, 12_000.0)
    limit = (np.ceil(rng.lognormal(7.6, 0.5, n_cards) / 100.0) * 100.0 + 400.0)[card]
    card_age = (rng.gamma(2.0, 420.0, n_cards) + 5.0)[card] + second // 86_400
    merchant_age = rng.gamma(1.1, 1_300.0, n)
    away = rng.lognormal(1.6, 1.2, n)
    distance = np.clip(np.where(country > 0, away + rng.uniform(150, 5_000, n), away), 0.1, 15_000)
    declines = rng.poisson(0.12 + 0.35 * (gap < 60.0), n).astype(np.float64)

    ratio = np.log(amount / habit)
    risk = (
        BASE_RISK
        + 1.5 * ratio
        + 1.2 * (ratio > 1.2) * no_terminal
        + 1.3 * no_terminal
        + 1.3 * ((hour < 6) | (hour == 23))
        + 1.5 * (gap < 45.0)
        + 1.2 * np.minimum(declines, 3.0)
        + 1.5 * (merchant_age < 150.0)
        + 0.7 * (card_age < 200.0)
        + 1.2 * MERCHANT_RISK[merchant]
        + 1.5 * COUNTRY_RISK[country]
        + rng.normal(0.0, 1.2, n)
    )
    fraud = rng.random(n) < 1.0 / (1.0 + np.exp(-risk))

    dispute = np.where(fraud, rng.random(n) < 0.97, rng.random(n) < 0.002)
    chargeback = np.where(dispute, amount, 0.0)
    holiday = int(rng.choice(np.flatnonzero(~fraud)))
    amount[holiday] = 18_750.0  # somebody really paid for a world cruise by card
    limit = np.where(card == card[holiday], 25_000.0, limit)

    table = pd.DataFrame(
        {
            "txn_id": [f"T{i:08d}" for i in rng.permutation(n) + 10_000_000],
            "card_id": np.array([f"{v:012x}" for v in rng.integers(0, 16**12, n_cards)])[card],
            "timestamp": (
                pd.Series(START + second.astype("timedelta64[s]")).dt.strftime("%Y-%m-%d %H:%M:%S")
            ),
            "amount": np.round(amount, 2),
            "limit_eur": _blank(rng, limit, 0.03, 0),
            "card_days": _blank(rng, np.floor(card_age), 0.02, 0),
            "shop_days": _blank(rng, np.floor(merchant_age), 0.04, 0),
            "dist_km": np.where(no_terminal, np.nan, _blank(rng, distance, 0.02, 1)),
            "declines": _blank(rng, declines, 0.01, 0),
            "channel": _typed(rng, CHANNELS[channel]),
            "merchant_type": _typed(rng, MERCHANTS[merchant]),
            "country": COUNTRIES[country],
            "chargeback_eur": np.round(chargeback, 2),
            "is_fraud": fraud.astype(np.int64),
        }
    )
    repeats = table.iloc[rng.choice(n, n_repeats, replace=False)]
    together = pd.concat([table, repeats], ignore_index=True)
    return together.sort_values("timestamp", kind="stable", ignore_index=True)
