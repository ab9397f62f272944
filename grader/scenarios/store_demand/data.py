"""Makes the sales panel of a small supermarket chain: one row per day, store and product group."""

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Words = npt.NDArray[np.object_]

FIRST_DAY = np.datetime64("2023-01-02")  # a Monday
STORES = ("S01", "S02", "S03", "S04", "S05", "S06")
GROUPS = ("bakery", "drinks", "flowers", "ice cream")
SERIES = len(STORES) * len(GROUPS)
REPEATED_EACH = 400  # one row in so many is delivered twice

STORE_SIZE = np.array([0.45, 0.10, -0.35, 0.25, -0.10, -0.30])
GROUP_SIZE = np.array([4.35, 3.95, 2.75, 3.10])
# What a store sells more or less of than its size suggests: a station, a school, a hospital, ...
LOCAL = np.array(
    [
        [0.25, 0.05, 0.35, -0.20],
        [-0.10, 0.10, -0.25, 0.15],
        [0.05, -0.15, 0.40, -0.10],
        [-0.15, 0.20, -0.10, 0.25],
        [0.10, -0.05, -0.20, 0.05],
        [-0.15, -0.15, -0.20, -0.15],
    ]
)
WEEK = np.array(  # log of a weekday's sales, Monday first, by group
    [
        [-0.02, -0.05, -0.03, 0.02, 0.10, 0.28, -0.35],
        [-0.15, -0.15, -0.08, 0.02, 0.25, 0.38, -0.30],
        [-0.25, -0.30, -0.20, 0.00, 0.35, 0.50, -0.10],
        [-0.10, -0.12, -0.10, -0.02, 0.15, 0.30, -0.10],
    ]
)
PER_DEGREE = np.array([-0.002, 0.016, 0.000, 0.055])
PER_LOG_RAIN = np.array([-0.03, -0.07, -0.10, -0.16])
PRICE_POWER = np.array([-0.7, -1.6, -1.1, -1.8])
LIST_PRICE = np.array([2.10, 1.70, 7.90, 3.40])
PROMOTIONS = ("no promotion", "leaflet", "multibuy", "window display")
PROMOTION_LIFT = np.array([0.0, 0.22, 0.38, 0.12])
DAY_KINDS = ("ordinary", "school break", "eve of a holiday", "public holiday")
DAY_KIND_LIFT = np.array([0.0, -0.06, 0.42, -0.55])
HOLIDAYS = ("01-01", "01-06", "04-25", "05-01", "06-02", "08-15", "11-01", "12-08", "12-25")


def make(seed: int, rows: int) -> pd.DataFrame:
    """Return `rows` rows, oldest day first; the same seed and rows give the same table.

    Planned, so known weeks before the day:

    - day: calendar day, `YYYY-MM-DD`; every series has one row for each day.
    - store: S01 to S06; capitals and blanks vary.
    - product_group: bakery, drinks, flowers, ice cream; typed by hand.
    - promotion: no promotion, leaflet, multibuy, window display; typed by hand, about 2 % empty.
    - day_kind: ordinary, school break, eve of a holiday, public holiday.
    - list_price_eur: regular price of the group's basket, euros; about 1 % missing.
    - price_eur: price on the day, promotion included, euros; about 2 % missing.
    - shelf_m: metres of shelf of the group in the store, 1 to 20; about 3 % missing.

    Known the evening before:

    - fc_temp_c, fc_rain_mm: forecast of the day's highest temperature and rain; 2 % missing.

    Known when the day is over:

    - stock_left_evening: units left on the shelf; 0 if the group sold out (one day in thirteen).
    - takings_eur: what the group took on the day, euros.
    - returned_units: units brought back.
    - sold: the target, units sold.

    Raises:
        ValueError: if `rows` is not positive.
    """
    if rows < 1:
        raise ValueError(f"rows must be at least 1, not {rows}")
    rng = np.random.default_rng(seed)
    repeated = rows // REPEATED_EACH
    single = rows - repeated
    days = -(-single // SERIES)
    panel = _panel(rng, days).iloc[days * SERIES - single :]
    again = panel.iloc[np.sort(rng.choice(single, repeated, replace=False))]
    table: pd.DataFrame = pd.concat([panel, again]).sort_index(kind="stable")
    return table.reset_index(drop=True)


def _panel(rng: np.random.Generator, days: int) -> pd.DataFrame:
    """Return all series of `days` days, day after day."""
    day = np.repeat(np.arange(days), SERIES)
    store = np.tile(np.repeat(np.arange(len(STORES)), len(GROUPS)), days)
    group = np.tile(np.arange(len(GROUPS)), days * len(STORES))
    stamps = pd.Series(FIRST_DAY + np.arange(days))
    kind = _day_kinds(stamps)
    temp, rain = _weather(rng, stamps)
    promotion, discount = _promotions(rng, days)
    in_it = promotion[day, group] * (rng.random(len(day)) < 0.93)
    listed = LIST_PRICE * (1 + 0.015 * np.floor(np.arange(days) / 91))[:, None]
    price = listed[day, group] * (1 - discount[day, group] * (in_it > 0))
    price = price * rng.normal(1, 0.015, len(day))
    shelf = 2 + 8 * np.exp(0.3 * (STORE_SIZE[store] + LOCAL[store, group]))
    log_mean = (
        STORE_SIZE[store]
        + GROUP_SIZE[group]
        + LOCAL[store, group]
        + WEEK[group, day % 7]
        + PER_DEGREE[group] * (temp[day] - 15)
        + PER_LOG_RAIN[group] * np.log1p(rain[day])
        + PRICE_POWER[group] * np.log(price / listed[day, group])
        + PROMOTION_LIFT[in_it]
        + DAY_KIND_LIFT[kind[day]]
        + 0.05 * rng.normal(size=days)[day]
        + _levels(rng, days).ravel()
    )
    wanted = rng.poisson(np.exp(log_mean) * rng.gamma(30, 1 / 30, len(day)))
    stock = np.ceil(np.exp(log_mean) * rng.lognormal(0.38, 0.2, len(day))).astype(np.int64)
    sold = np.minimum(wanted, stock)
    return pd.DataFrame(
        {
            "day": stamps.dt.strftime("%Y-%m-%d").to_numpy()[day],
            "store": _typed(rng, STORES, store),
            "product_group": _typed(rng, GROUPS, group),
            "promotion": _emptied(rng, _typed(rng, PROMOTIONS, in_it), 0.02),
            "day_kind": _typed(rng, DAY_KINDS, kind[day]),
            "list_price_eur": _gaps(rng, listed[day, group].round(2), 0.01),
            "price_eur": _gaps(rng, price.round(2), 0.02),
            "shelf_m": _gaps(rng, shelf.round(1), 0.03),
            "fc_temp_c": _gaps(rng, (temp + rng.normal(0, 1.2, days)).round(1)[day], 0.02),
            "fc_rain_mm": _gaps(rng, (rain * rng.gamma(8, 1 / 8, days)).round(1)[day], 0.02),
            "stock_left_evening": stock - sold,
            "takings_eur": (sold * price * rng.normal(1, 0.02, len(day))).round(2),
            "returned_units": rng.binomial(sold, 0.02),
            "sold": sold,
        }
    )


def _day_kinds(stamps: pd.Series) -> Whole:
    """Return the kind of each day as a number into DAY_KINDS."""
    month_day = stamps.dt.strftime("%m-%d")
    holiday = month_day.isin(HOLIDAYS).to_numpy()
    eve = (stamps + pd.Timedelta(days=1)).dt.strftime("%m-%d").isin(HOLIDAYS).to_numpy()
    free = month_day.between("06-12", "08-31") | month_day.between("04-06", "04-14")
    free |= (month_day >= "12-22") | (month_day <= "01-07")
    return np.select([holiday, eve, free.to_numpy()], [3, 2, 1], 0)


def _weather(rng: np.random.Generator, stamps: pd.Series) -> tuple[Floats, Floats]:
    """Return the highest temperature and the rain of each day."""
    season = -np.cos(2 * np.pi * (stamps.dt.day_of_year.to_numpy() - 20) / 365.25)
    days = len(stamps)
    temp = 16 + 9 * season + 3.2 * _red_noise(rng, days, 1, 0.75)[:, 0]
    wet = _red_noise(rng, days, 1, 0.5)[:, 0]
    return temp, np.where(wet > 0.6, rng.gamma(1.1, 5.0, days) * (wet - 0.2), 0.0)


def _promotions(rng: np.random.Generator, days: int) -> tuple[Whole, Floats]:
    """Return the chain's promotion and its discount by day and group; weeks begin on Thursday."""
    week = (np.arange(days) + 4) // 7
    chosen = rng.choice(4, (week.max() + 1, len(GROUPS)), p=[0.62, 0.16, 0.12, 0.10])
    off = rng.uniform(0.08, 0.30, chosen.shape) * np.isin(chosen, (1, 2))
    return chosen[week], off[week]


def _levels(rng: np.random.Generator, days: int) -> Floats:
    """Return how far each series stands above its usual log level; it changes over weeks."""
    return 0.22 * _red_noise(rng, days, SERIES, 0.96)


def _red_noise(rng: np.random.Generator, size: int, columns: int, memory: float) -> Floats:
    """Return unit-variance noise in which a value keeps the share `memory` of the one before."""
    noise = rng.normal(size=(size, columns))
    for i in range(1, size):
        noise[i] = memory * noise[i - 1] + np.sqrt(1 - memory**2) * noise[i]
    return noise


def _typed(rng: np.random.Generator, words: tuple[str, ...], codes: Whole) -> Words:
    """Return the words as typed in several offices: other capitals and stray blanks."""
    text = pd.Series(np.array(words, dtype=object)[codes])
    forms = [text, text.str.capitalize(), text.str.upper(), " " + text, text + "  "]
    picked = rng.choice(len(forms), len(codes), p=[0.86, 0.06, 0.03, 0.03, 0.02])
    return np.asarray(np.choose(picked, forms), dtype=object)


def _emptied(rng: np.random.Generator, words: Words, share: float) -> Words:
    """Return the words with a random share of them empty or blank."""
    draw = rng.random(len(words))
    return np.where(draw < share / 2, "", np.where(draw < share, " ", words))


def _gaps(rng: np.random.Generator, values: Floats, share: float) -> Floats:
    """Return the values with a random share of them missing."""
    return np.where(rng.random(len(values)) < share, np.nan, values)
