"""Makes the hourly table of a bike-share system: calendar, day-ahead weather and rentals."""

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Words = npt.NDArray[np.object_]

START = np.datetime64("2022-06-01T00")
HOLIDAYS = [
    "01-01",
    "03-19",
    "05-01",
    "06-24",
    "08-15",
    "10-12",
    "11-01",
    "12-08",
    "12-25",
    "12-26",
]

# Log of the demand relative to an average hour, 00:00 to 23:00.
WORKDAY_SHAPE = np.array(
    [
        [-1.7, -2.2, -2.6, -2.8, -2.4, -1.3, -0.1, 0.9, 1.3, 0.6, 0.2, 0.3],
        [0.5, 0.5, 0.4, 0.6, 0.9, 1.4, 1.4, 0.9, 0.4, 0.0, -0.5, -1.0],
    ]
).ravel()
FREE_DAY_SHAPE = np.array(
    [
        [-0.8, -1.1, -1.4, -1.9, -2.4, -2.3, -1.8, -1.1, -0.4, 0.1, 0.5, 0.8],
        [0.9, 0.9, 0.9, 0.9, 0.8, 0.8, 0.6, 0.4, 0.0, -0.3, -0.5, -0.7],
    ]
).ravel()
EVENT_LIFT = {"no event": 0.0, "match": 0.30, "concert": 0.25, "street festival": 0.65}


def _red_noise(rng: np.random.Generator, size: int, memory: float) -> Floats:
    """Unit-variance noise in which each value keeps the share `memory` of the one before."""
    reach = int(np.ceil(np.log(1e-4) / np.log(memory)))
    kernel = memory ** np.arange(reach)
    noise = np.convolve(rng.normal(size=size + reach - 1), kernel, mode="valid")
    return np.asarray(noise / np.sqrt(np.sum(kernel**2)), dtype=np.float64)


def _blank(rng: np.random.Generator, values: Floats, share: float) -> Floats:
    """The values with a share of them missing, partly in runs as when a feed is down."""
    hidden = (rng.random(len(values)) < share / 2) | (_red_noise(rng, len(values), 0.8) > 2.3)
    return np.where(hidden, np.nan, values)


def _scruffy(rng: np.random.Generator, words: Words) -> Words:
    """The words as typed in several offices: other capitals and stray blanks here and there."""
    text = pd.Series(words, dtype=object)
    forms = [text, text.str.capitalize(), text.str.upper(), " " + text, text + "  "]
    return np.asarray(np.choose(rng.choice(5, len(words), p=[0.82, 0.1, 0.04, 0.02, 0.02]), forms))


def make(seed: int, rows: int) -> pd.DataFrame:
    """One row an hour, in time order from June; a few hours are absent, a few rows sent twice.

    timestamp         start of the hour, local standard time, `YYYY-MM-DD HH:00`
    day_type          workday, saturday, sunday or holiday (capitals and blanks vary)
    event             planned in the city that day: no event, match, concert, street festival
    fc_sky            clear, cloudy, overcast, rain or fog in the day-ahead forecast; may be empty
    fc_temp_c         day-ahead forecast of the temperature, degrees Celsius; may be missing
    fc_humidity_pct   day-ahead forecast of the relative humidity, 0-100; may be missing
    fc_wind_kmh       day-ahead forecast of the wind; may be missing
    fc_rain_mm        day-ahead forecast of the rain in the hour; may be missing
    bikes_in_service  bikes planned to be on the street that day; may be missing
    bikes_returned    bikes docked during the hour, counted when it is over
    bikes_rented      the target: rentals begun in the hour, a count with a long right tail
    """
    if rows < 1:
        raise ValueError(f"rows must be at least 1, not {rows}")
    rng = np.random.default_rng(seed)
    repeats = rows // 800
    outages = rows // 2000
    lengths = rng.integers(2, 7, outages)
    span = rows - repeats + int(lengths.sum())
    stamps = pd.Series(START + np.arange(span) * np.timedelta64(1, "h"))
    hour = stamps.dt.hour.to_numpy()
    day = np.arange(span) // 24
    days = int(day.max()) + 1 if span else 0

    weekday = stamps.dt.day_of_week.to_numpy()
    day_type = np.select([weekday == 5, weekday == 6], ["saturday", "sunday"], "workday")
    day_type = np.where(stamps.dt.strftime("%m-%d").isin(HOLIDAYS), "holiday", day_type)
    free = day_type != "workday"
    names = np.array(list(EVENT_LIFT), dtype=object)
    event = names[rng.choice(4, days, p=[0.86, 0.07, 0.055, 0.015])][day]

    season = -np.cos(2 * np.pi * (stamps.dt.day_of_year.to_numpy() - 20) / 365.25)
    clock = -np.cos(2 * np.pi * (hour - 3) / 24)
    temp = 17 + 4.5 * season + 3.5 * clock + 3.0 * _red_noise(rng, span, 0.98)
    wet = _red_noise(rng, span, 0.93)
    rain = np.where(wet > 1.3, rng.gamma(1.2, 1.6, span) * (wet - 0.8), 0.0)
    humidity = np.clip(64 - 1.1 * (temp - 17) + 11 * wet + rng.normal(0, 5, span), 12, 100)
    wind = np.exp(2.3 + 0.45 * _red_noise(rng, span, 0.95))
    fleet = np.round(1200 + 55 * _red_noise(rng, days, 0.9))[day]

    lift = np.array([EVENT_LIFT[name] for name in event]) * ((hour >= 11) & (hour <= 23))
    strike = (rng.random(days) < 1 / 150)[day] & ~free & (hour >= 6) & (hour <= 21)
    log_mean = (
        4.75
        + np.where(free, FREE_DAY_SHAPE[hour], WORKDAY_SHAPE[hour])
        - 0.20 * (day_type == "holiday")
        - 0.0022 * (temp - 24) ** 2
        - 0.34 * np.log1p(rain)
        - 0.010 * wind
        - 0.003 * (humidity - 64)
        + 0.9 * np.log(fleet / 1200)
        + lift
        + 0.60 * strike
        + 0.15 * _red_noise(rng, days, 0.75)[day]
        + 0.10 * _red_noise(rng, span, 0.8)
    )
    rented = rng.poisson(np.exp(log_mean) * rng.gamma(40, 1 / 40, span))
    returned = np.maximum(np.round(rented * rng.normal(1, 0.03, span) + rng.normal(0, 1, span)), 0)

    fc_wet = wet + rng.normal(0, 0.25, span)
    fc_rain = np.where(fc_wet > 1.3, rain * rng.gamma(6, 1 / 6, span) + 0.1, 0.0)
    skies = ["rain", "overcast", "cloudy", "fog"]
    foggy = (rng.random(span) < 0.15) & (hour < 9)
    fc_sky = np.select([fc_wet > 1.3, fc_wet > 0.8, fc_wet > 0, foggy], skies, "clear").astype(
        object
    )
    fc_sky = np.where(rng.random(span) < 0.015, "", _scruffy(rng, fc_sky))

    hours = pd.DataFrame(
        {
            "timestamp": stamps.dt.strftime("%Y-%m-%d %H:00"),
            "day_type": _scruffy(rng, day_type.astype(object)),
            "event": _scruffy(rng, event),
            "fc_sky": fc_sky,
            "fc_temp_c": np.round(_blank(rng, temp + rng.normal(0, 1.0, span), 0.02), 1),
            "fc_humidity_pct": np.round(
                _blank(rng, np.clip(humidity + rng.normal(0, 4, span), 5, 100), 0.03)
            ),
            "fc_wind_kmh": np.round(_blank(rng, wind * rng.gamma(30, 1 / 30, span), 0.03), 1),
            "fc_rain_mm": np.round(_blank(rng, fc_rain, 0.02), 1),
            "bikes_in_service": np.where(rng.random(span) < 0.01, np.nan, fleet),
            "bikes_returned": returned.astype(np.int64),
            "bikes_rented": rented,
        }
    )
    # Each outage lies in its own stretch of the series, so that none meets another.
    starts = (np.arange(outages) + rng.uniform(0.2, 0.8, outages)) * (span / max(outages, 1))
    absent = np.repeat(starts.astype(int), lengths) + np.concatenate(
        [np.arange(0)] + [np.arange(length) for length in lengths]
    )
    hours = hours.drop(index=pd.Index(absent))
    again = hours.iloc[np.sort(rng.choice(len(hours), repeats, replace=False))]
    table: pd.DataFrame = pd.concat([hours, again]).sort_index(kind="stable")
    return table.reset_index(drop=True)
