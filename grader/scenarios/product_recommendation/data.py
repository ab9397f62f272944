"""Product offers shown to shop customers: made-up rows for the product-recommendation scenario."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.object_]

START = np.datetime64("2025-02-03", "D")
DAYS = 56
ITEMS = 70
ROWS_PER_USER = 70
CATEGORIES = np.array(["kitchen", "garden", "sports", "toys", "books", "lamps"], dtype=object)
PRICE_LEVEL = np.array([3.4, 3.2, 3.6, 2.9, 2.5, 3.3])  # log of EUR
SEGMENTS = np.array(["new", "regular", "club"], dtype=object)
SEGMENT_TASTE = np.array([-0.35, 0.0, 0.35])
DEVICES = np.array(["phone", "tablet", "desktop"], dtype=object)
BASE_TASTE = -3.5


def _walk(rng: np.random.Generator, columns: int) -> Floats:
    """The fashion of each item by day: a slow random walk that returns to zero."""
    steps = rng.normal(0.0, 0.22, (DAYS, columns))
    fashion = np.zeros((DAYS, columns))
    fashion[0] = rng.normal(0.0, 0.6, columns)
    for day in range(1, DAYS):
        fashion[day] = 0.93 * fashion[day - 1] + steps[day]
    return fashion


def _lists(rng: np.random.Generator, n: int, users: int) -> tuple[Ints, Ints, Ints]:
    """User, day and item of each offer, by day; a customer sees 6 to 11 different items a day."""
    eager = rng.gamma(2.5, 1.0, users)
    sizes = rng.integers(6, 12, n // 6 + 1)
    count = int(np.searchsorted(np.cumsum(sizes), n)) + 1
    sizes = sizes[:count]
    chosen = rng.choice(users, 3 * count + 50, p=eager / eager.sum())
    day = rng.integers(0, DAYS, len(chosen))
    visits = np.unique(np.stack([day, chosen], axis=1), axis=0)
    visits = visits[np.sort(rng.permutation(len(visits))[:count])]
    sizes = sizes[: len(visits)]
    listed = np.argsort(rng.random((len(visits), ITEMS)), axis=1)[:, :11]
    shown = np.arange(11) < sizes[:, None]
    which = np.repeat(np.arange(len(visits)), sizes)[:n]
    return visits[which, 1], visits[which, 0], listed[shown][:n]


def _blank(rng: np.random.Generator, values: npt.ArrayLike, share: float) -> Floats:
    """The values with a share of them missing."""
    known = np.asarray(values, dtype=np.float64)
    return np.where(rng.random(len(known)) < share, np.nan, known)


def _typed(rng: np.random.Generator, words: Words) -> Words:
    """The words as two shop systems write them: other capitals, blanks, now and then nothing."""
    text = pd.Series(words, dtype=object)
    forms = [text, text.str.capitalize(), text.str.upper(), text + " "]
    style = rng.choice(len(forms), len(words), p=[0.8, 0.12, 0.04, 0.04])
    typed = np.choose(style, [form.to_numpy(dtype=object) for form in forms])
    result: Words = np.where(rng.random(len(words)) < 0.015, "", typed).astype(object)
    return result


def make(seed: int, rows: int) -> pd.DataFrame:
    """Offers of eight weeks, oldest first; about one in nine is bought.

    offer_id         id of the offer: one item in one list
    user_id          account of the customer, who is shown at most one list a day
    item_id          the item
    day              day of the list, `YYYY-MM-DD`
    category         of the item, as written by the shop's systems
    segment          of the customer: new, regular or club
    device           phone, tablet or desktop
    price_eur        price that day
    usual_price_eur  price without a reduction; some missing
    rating           mean of the item's reviews, 1-5, at the beginning of the day; some missing
    stock            pieces in stock in the morning; some missing
    seconds_viewed   how long the item's page was open that day
    basket_eur       what was paid for the item that day
    bought           1 if the customer bought the item that day, else 0 (target)
    """
    if rows < 1:
        raise ValueError(f"rows must be at least 1, not {rows}")
    rng = np.random.default_rng(seed)
    repeats = rows // 250
    users = max(15, rows // ROWS_PER_USER)
    user, day, item = _lists(rng, rows - repeats, users)
    n = len(user)
    world = np.random.default_rng(20250203)  # the assortment is the same in every sample
    group = world.integers(0, len(CATEGORIES), ITEMS)
    usual = np.exp(PRICE_LEVEL[group] + world.normal(0.0, 0.45, ITEMS))
    appeal = world.normal(0.0, 0.5, ITEMS)
    fits = world.normal(0.0, 1.1, (len(SEGMENTS), len(CATEGORIES)))
    stars = np.clip(3.9 + 0.35 * appeal + world.normal(0.0, 0.4, ITEMS), 1.0, 5.0)
    fashion = _walk(world, ITEMS)

    segment = rng.choice(len(SEGMENTS), users, p=[0.3, 0.45, 0.25])
    zest = rng.normal(0.0, 0.45, users)
    likes = rng.normal(0.0, 0.85, (users, len(CATEGORIES)))
    thrift = np.abs(rng.normal(0.25, 0.2, users))
    device = rng.choice(len(DEVICES), (users, DAYS), p=[0.6, 0.1, 0.3])[user, day]
    offered = np.where(
        rng.random((DAYS, ITEMS)) < 0.25, rng.choice([0.9, 0.8, 0.7, 0.6], (DAYS, ITEMS)), 1.0
    )
    reduced = offered[day, item]
    price = np.round(usual[item] * reduced, 2)
    rating = np.clip(stars[item] + rng.normal(0.0, 0.08, (DAYS, ITEMS))[day, item], 1.0, 5.0)
    stock = rng.poisson(35.0, (DAYS, ITEMS))[day, item]
    taste = (
        BASE_TASTE
        + 1.0 * appeal[item]
        + 0.9 * fashion[day, item]
        + likes[user, group[item]]
        + fits[segment[user], group[item]]
        + zest[user]
        + SEGMENT_TASTE[segment[user]]
        + 5.5 * (1.0 - reduced)
        - thrift[user] * (np.log(price) - 3.2)
        + 0.35 * (rating - 3.9)
        + 0.2 * (device == 2)
    )
    bought = rng.random(n) < 1.0 / (1.0 + np.exp(-taste))
    paid = np.where(bought & (rng.random(n) < 0.98), price, 0.0)
    viewed = np.where(bought | (rng.random(n) < 0.3), rng.gamma(1.6 + 1.2 * bought, 30.0), 0.0)

    table = pd.DataFrame(
        {
            "offer_id": [f"O{i:07d}" for i in rng.permutation(n) + 3_000_000],
            "user_id": (rng.permutation(users) + 50_000)[user].astype(str),
            "item_id": [f"I{i:03d}" for i in item + 100],
            "day": pd.Series(START + day.astype("timedelta64[D]")).dt.strftime("%Y-%m-%d"),
            "category": _typed(rng, CATEGORIES[group[item]]),
            "segment": SEGMENTS[segment[user]],
            "device": _typed(rng, DEVICES[device]),
            "price_eur": price,
            "usual_price_eur": _blank(rng, np.round(usual[item], 2), 0.04),
            "rating": _blank(rng, np.round(rating, 1), 0.06),
            "stock": _blank(rng, stock, 0.03),
            "seconds_viewed": np.round(viewed),
            "basket_eur": np.round(paid, 2),
            "bought": bought.astype(np.int64),
        }
    )
    twice = table.iloc[rng.choice(n, repeats, replace=False)]
    together = pd.concat([table, twice], ignore_index=True)
    return together.sort_values(["day", "user_id"], kind="stable", ignore_index=True)
