"""Makes the register of house sales: where, what, in which state, sold when and for how much."""

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Words = npt.NDArray[np.object_]

FIRST_DAY = np.datetime64("2021-01-04")
DAYS = 1090
# Name, share of the sales, log price against the town's mean, kilometres from the centre.
NEIGHBOURHOODS = (
    ("Alder Green", 0.060, 0.04, 4.8),
    ("Bellfield", 0.052, -0.12, 6.9),
    ("Brewery Row", 0.028, 0.22, 1.4),
    ("Canalside", 0.045, 0.10, 2.6),
    ("Castle Hill", 0.022, 0.46, 1.1),
    ("Chapel End", 0.050, -0.06, 5.6),
    ("Coldharbour", 0.030, -0.34, 9.7),
    ("Dock Quarter", 0.036, -0.18, 3.9),
    ("Eastmoor", 0.070, -0.21, 7.7),
    ("Fairview", 0.055, 0.16, 5.1),
    ("Foundry Lane", 0.040, -0.27, 4.4),
    ("Glebe Farm", 0.034, 0.08, 8.3),
    ("Hazelwood", 0.064, 0.02, 6.2),
    ("Kingsmead", 0.026, 0.36, 3.0),
    ("Lower Mill", 0.044, -0.09, 3.5),
    ("Millbrook", 0.048, 0.00, 6.6),
    ("Northgate", 0.066, -0.15, 5.9),
    ("Orchard Park", 0.042, 0.19, 4.1),
    ("Quarry Bank", 0.032, -0.24, 8.8),
    ("Riverside", 0.038, 0.28, 2.2),
    ("St Anne's", 0.030, 0.33, 2.8),
    ("Southfield", 0.050, -0.04, 7.1),
    ("Tanners Yard", 0.016, 0.14, 1.9),
    ("Westbourne", 0.022, 0.40, 3.3),
)
DWELLINGS = ("terraced", "semi-detached", "detached", "bungalow")
HEATINGS = ("gas", "district", "heat pump", "oil", "electric")
CONDITIONS = ("poor", "fair", "average", "good", "excellent")
KITCHENS = ("basic", "standard", "modern", "luxury")
STREETS = ("Ash", "Birch", "Church", "Dale", "Elm", "Ferry", "Grove", "High", "Ivy", "Lark")


def make(seed: int, rows: int) -> pd.DataFrame:
    """Return `rows` sales in the order of the register; few whole rows are entered twice.

    Known while a house is on offer:

    - listing_ref: text, one a listing; a house is listed, and sold, once in the register.
    - address: street and number, personal data of seller and buyer.
    - sale_date: day of the contract, YYYY-MM-DD; for a house on offer the day of the valuation.
    - neighbourhood: one of 24; mixed case and stray blanks, as the next four.
    - dwelling: terraced, semi-detached, detached, bungalow.
    - heating: gas, district, heat pump, oil, electric; about 3 % empty.
    - condition: surveyor's grade, poor < fair < average < good < excellent.
    - kitchen: surveyor's grade, basic < standard < modern < luxury; about 6 % empty.
    - living_m2: living area, 25 to 450 square metres.
    - lot_m2: size of the lot, 40 to 6,000 square metres; about 13 % not in the land register.
    - rooms: rooms without kitchen and baths, 1 to 14.
    - bathrooms: 1 to 5.
    - year_built: 1850 to the year of the sale; about 2 % missing.
    - garage_spaces: cars, 0 to 3.
    - center_km: way to the market square, kilometres.

    Known months after the sale:

    - agent_commission: the agent's invoice, about 2.8 % of the price.
    - final_tax_assessment: value set by the tax office, about 0.94 of the price; some missing.
    - sale_price: the target, in the contract; skewed, about 60,000 to 2,000,000.
    """
    if rows < 1:
        raise ValueError(f"rows must be at least 1, not {rows}")
    rng = np.random.default_rng(seed)
    repeated = rows // 150
    once = _houses(rng, rows - repeated)
    again = once.iloc[rng.choice(len(once), size=repeated, replace=False)]
    table = pd.concat([once, again], ignore_index=True)
    return table.iloc[rng.permutation(len(table))].reset_index(drop=True)


def _houses(rng: np.random.Generator, count: int) -> pd.DataFrame:
    """Return `count` sales of different houses."""
    shares = np.array([share for _, share, _, _ in NEIGHBOURHOODS])
    place = rng.choice(len(NEIGHBOURHOODS), size=count, p=shares / shares.sum())
    near = np.take([km for *_, km in NEIGHBOURHOODS], place)
    km = np.maximum(near + rng.normal(0.0, 0.5, count), 0.2)
    day = np.sort(rng.integers(0, DAYS, count))
    date = FIRST_DAY + day * np.timedelta64(1, "D")
    year = date.astype("datetime64[Y]").astype(int) + 1970
    dwelling = np.minimum(rng.binomial(3, np.clip(0.18 + 0.045 * km, 0.1, 0.7)), 3)
    living = np.clip(
        rng.lognormal(np.take([4.55, 4.70, 4.95, 4.60], dwelling), 0.24), 25.0, 450.0
    ).round()
    lot = np.clip(
        rng.lognormal(np.take([5.05, 5.75, 6.35, 6.20], dwelling) + 0.03 * km, 0.42), 40.0, 6000.0
    ).round()
    rooms = np.clip(np.round(living / 24.0 + rng.normal(0.0, 0.8, count)), 1, 14)
    baths = np.clip(1 + rng.binomial(4, np.clip(living / 700.0, 0.02, 0.5)), 1, 5)
    age = np.minimum(np.floor(rng.gamma(2.0, 24.0, count)), 170.0)
    condition = np.clip(np.round(rng.normal(2.3 - 0.006 * age, 0.95)), 0, 4).astype(int)
    kitchen = np.clip(np.round(rng.normal(0.5 + 0.42 * condition, 0.7)), 0, 3).astype(int)
    heating = rng.choice(5, size=count, p=[0.46, 0.18, 0.16, 0.12, 0.08])
    garage = rng.binomial(3, np.take([0.08, 0.22, 0.42, 0.25], dwelling))
    level = np.take([effect for _, _, effect, _ in NEIGHBOURHOODS], place)
    log_price = (
        12.62
        + level
        + np.take([-0.06, 0.0, 0.13, 0.03], dwelling)
        + 0.72 * np.log(living / 115.0)
        + (0.17 - 0.008 * km) * np.log(lot / 320.0)
        + 0.055 * (condition - 2)
        + 0.035 * (kitchen - 1)
        + 0.022 * (baths - 1)
        + 0.03 * garage
        + 0.012 * np.minimum(rooms, 8)
        - 0.0026 * np.minimum(age, 60.0)
        + 0.09 * ((age > 95) & (condition >= 3))
        - 0.013 * km
        + np.take([0.0, 0.02, 0.05, -0.05, -0.04], heating)
        + 0.028 * day / 365.25
        + 0.015 * np.sin(2 * np.pi * (day - 60) / 365.25)
        + 0.105 * np.clip(rng.standard_t(5, count), -5.0, 5.0)
    )
    price = np.round(np.exp(log_price) / 500.0) * 500.0
    assessed = np.round(0.94 * price * np.exp(rng.normal(0.0, 0.035, count)), -2)
    street = rng.choice(np.array(STREETS, dtype=object), count)
    number = rng.integers(1, 180, count)
    way = rng.choice(np.array(["Street", "Lane", "Road", "Close"], dtype=object), count)
    names = np.array([name for name, *_ in NEIGHBOURHOODS], dtype=object)
    lot_known = rng.random(count) >= np.take([0.20, 0.11, 0.08, 0.10], dwelling)
    return pd.DataFrame(
        {
            "listing_ref": [f"L{n:07d}" for n in 2_100_000 + np.arange(count) * 3],
            "address": [f"{s} {w} {n}" for s, w, n in zip(street, way, number, strict=True)],
            "sale_date": np.datetime_as_string(date, unit="D"),
            "neighbourhood": _as_typed(rng, names[place], 0.0),
            "dwelling": _as_typed(rng, np.array(DWELLINGS, dtype=object)[dwelling], 0.0),
            "heating": _as_typed(rng, np.array(HEATINGS, dtype=object)[heating], 0.03),
            "condition": _as_typed(rng, np.array(CONDITIONS, dtype=object)[condition], 0.0),
            "kitchen": _as_typed(rng, np.array(KITCHENS, dtype=object)[kitchen], 0.06),
            "living_m2": living.astype(int),
            "lot_m2": np.where(lot_known, lot, np.nan),
            "rooms": rooms.astype(int),
            "bathrooms": baths,
            "year_built": np.where(rng.random(count) < 0.02, np.nan, year - age),
            "garage_spaces": garage,
            "center_km": km.round(1),
            "agent_commission": np.round(
                0.028 * price * np.exp(rng.normal(0.0, 0.06, count))
            ).astype(int),
            "final_tax_assessment": np.where(rng.random(count) < 0.01, np.nan, assessed),
            "sale_price": price.astype(int),
        }
    )


def _as_typed(rng: np.random.Generator, words: Words, empty: float) -> Words:
    """Return the words as several clerks type them; a share of the fields is left empty."""
    text = pd.Series(words, dtype=object)
    forms = [text, text.str.upper(), text.str.capitalize(), " " + text, text + " "]
    picked = np.choose(rng.choice(5, len(words), p=[0.80, 0.06, 0.08, 0.02, 0.04]), forms)
    nothing = rng.choice(np.array(["", " "], dtype=object), len(words))
    return np.asarray(np.where(rng.random(len(words)) < empty, nothing, picked), dtype=object)
