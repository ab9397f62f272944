"""Makes the log of the ad scenario: one row per ad shown in a game, several rows per user."""

import numpy as np
import pandas as pd

REPEATED_SHARE = 0.007
IMPRESSIONS_PER_USER = 6.0
APPS, ADS, ADVERTISERS, DEVICES = 220, 340, 60, 160
OS = ("android", "ios")
FORMATS = ("banner", "interstitial", "rewarded", "native")
CONNECTIONS = ("wifi", "4g", "5g", "3g")
COUNTRIES = ("de", "fr", "pl", "es", "it", "nl", "se", "at", "pt", "cz")
# The market is the same for every sample: what apps, ads and devices there are, and how they draw.
_MARKET = np.random.default_rng(5077)
APP_DRAW = _MARKET.normal(0.0, 0.50, APPS)
AD_DRAW = _MARKET.normal(0.0, 0.45, ADS)
DEVICE_DRAW = _MARKET.normal(0.0, 0.25, DEVICES)
AD_OWNER = _MARKET.integers(0, ADVERTISERS, ADS)
AD_PAYOUT = _MARKET.lognormal(-1.2, 0.5, ADS)
DEVICE_OS = (_MARKET.random(DEVICES) < 0.3).astype(int)


def make(seed: int, rows: int) -> pd.DataFrame:
    """Return `rows` impressions of one week; the same seed and rows give the same table.

    Known when the ad is asked for:

    - impression_id: text, one per impression (a few whole rows are logged twice).
    - user_id: text, a token that lives for one week; about six impressions each.
    - app, ad, advertiser, device: text, hundreds of values, a few of them very frequent.
    - os, country: two and ten values, fixed for a user.
    - format: banner, interstitial, rewarded, native; written by several kits: mixed case.
    - connection: wifi, 4g, 5g, 3g; mixed case, stray blanks, about 4 % empty.
    - local_hour: hour of the day at the user's place, 0 to 23.
    - ads_before: ads shown earlier in the same session.
    - session_minutes: minutes since the game was opened.
    - idle_seconds: seconds since the last touch; about 6 % missing.
    - installed_days: days since the user installed the game; heavy tail.
    - speed_mbps: measured download speed; about 8 % missing.
    - floor_eur, payout_eur: least price of the place, what the advertiser pays for a click.

    Known only later:

    - dwell_seconds: seconds on the advertiser's page, 0 if the ad was not clicked.
    - clicked: 1 if the ad was clicked, else 0 (about 14 % ones).
    """
    rng = np.random.default_rng(seed)
    repeated = round(rows * REPEATED_SHARE)
    unique = _impressions(rng, rows - repeated)
    again = unique.iloc[rng.choice(len(unique), size=repeated, replace=False)]
    table = pd.concat([unique, again], ignore_index=True)
    return table.iloc[rng.permutation(len(table))].reset_index(drop=True)


def _impressions(rng: np.random.Generator, count: int) -> pd.DataFrame:
    """Return `count` different impressions."""
    users = max(2, round(count / IMPRESSIONS_PER_USER))
    user = rng.choice(users, size=count, p=rng.dirichlet(np.full(users, 2.0)))
    device = _popular(rng, DEVICES, users)[user]
    country = rng.choice(
        10, size=users, p=[0.24, 0.16, 0.15, 0.12, 0.1, 0.08, 0.05, 0.04, 0.03, 0.03]
    )
    country = country[user]
    installed = np.minimum(np.floor(rng.lognormal(3.1, 1.4, users)), 3000.0)[user]
    taste = rng.normal(0.0, 0.55, users)[user]
    app = np.where(
        rng.random(count) < 0.7, _popular(rng, APPS, users)[user], _popular(rng, APPS, count)
    )
    ad = _popular(rng, ADS, count)
    place = rng.choice(4, size=count, p=[0.38, 0.27, 0.20, 0.15])
    link = rng.choice(4, size=count, p=[0.52, 0.30, 0.12, 0.06])
    hour = (rng.normal(19.0, 4.5, count) % 24).astype(int)
    minutes = rng.gamma(1.3, 9.0, count)
    before = rng.poisson(0.25 * minutes + 0.4)
    idle = rng.exponential(np.take([9.0, 5.0, 7.0, 8.0], place))
    speed = rng.lognormal(np.take([3.6, 3.2, 4.3, 1.2], link), 0.6)
    payout = AD_PAYOUT[ad] * rng.lognormal(0.0, 0.05, count)
    logit = (
        -2.35
        + 1.1 * (APP_DRAW[app] + AD_DRAW[ad])
        + DEVICE_DRAW[device]
        + np.take([-0.75, 0.35, 0.95, 0.05], place)
        + np.take([0.05, 0.0, 0.05, -0.45], link)
        + 0.20 * DEVICE_OS[device]
        + 0.25 * np.cos((hour - 21) * np.pi / 12)
        - 0.33 * (np.log1p(before) - 1.0)
        - 0.22 * (np.log1p(idle) - 1.8)
        - 0.16 * (np.log1p(installed) - 3.1)
        + 0.012 * np.minimum(minutes - 12.0, 30.0)
        + taste
    )
    clicked = rng.random(count) < 1.0 / (1.0 + np.exp(-logit))
    stayed = clicked & (rng.random(count) < 0.93)
    dwell = np.where(stayed, rng.gamma(1.6, 14.0, count) + 0.1, 0.0)
    return pd.DataFrame(
        {
            "impression_id": "i" + pd.Series(rng.choice(10**9, count, replace=False)).astype(str),
            "user_id": _tokens(rng, users)[user],
            "app": _coded("app", app),
            "ad": _coded("ad", ad),
            "advertiser": _coded("adv", AD_OWNER[ad]),
            "device": _coded("dev", device),
            "os": np.array(OS, dtype=object)[DEVICE_OS[device]],
            "country": np.array(COUNTRIES, dtype=object)[country],
            "format": _as_logged(rng, FORMATS, place, 0.0),
            "connection": _as_logged(rng, CONNECTIONS, link, 0.04),
            "local_hour": hour,
            "ads_before": before,
            "session_minutes": minutes.round(1),
            "idle_seconds": _with_gaps(rng, idle.round(1), 0.06),
            "installed_days": installed.astype(np.int64),
            "speed_mbps": _with_gaps(rng, speed.round(1), 0.08),
            "floor_eur": (0.35 * payout * rng.lognormal(-1.6, 0.3, count)).round(4),
            "payout_eur": payout.round(3),
            "dwell_seconds": dwell.round(1),
            "clicked": clicked.astype(np.int64),
        }
    )


def _popular(rng: np.random.Generator, kinds: int, count: int) -> np.ndarray:
    """Return `count` draws of `kinds` things, the first far more frequent than the last."""
    weight = 1.0 / (np.arange(kinds) + 4.0)
    return rng.choice(kinds, size=count, p=weight / weight.sum())


def _coded(prefix: str, numbers: np.ndarray) -> pd.Series:
    """Return names like ad7f31 that tell nothing of the number's order."""
    names = np.array(
        [f"{prefix}{(n * 40_503 + 9_973) % 65_536:04x}" for n in range(400)], dtype=object
    )
    return pd.Series(names[numbers])


def _tokens(rng: np.random.Generator, count: int) -> np.ndarray:
    """Return different user tokens, each of 12 hexadecimal digits."""
    return np.array([f"{n:012x}" for n in rng.choice(2**47, size=count)], dtype=object)


def _with_gaps(rng: np.random.Generator, values: np.ndarray, share: float) -> np.ndarray:
    """Return the values with a random share of them missing."""
    return np.where(rng.random(len(values)) < share, np.nan, values)


def _as_logged(
    rng: np.random.Generator, levels: tuple[str, ...], codes: np.ndarray, empty_share: float
) -> pd.Series:
    """Return the levels as different kits log them: capitals, blanks around, or empty."""
    text = pd.Series(np.array(levels, dtype=object)[codes])
    draw = rng.random(len(text))
    text = text.mask(draw < 0.12, text.str.upper())
    text = text.mask((draw >= 0.12) & (draw < 0.17), text.str.title())
    text = text.mask((draw >= 0.17) & (draw < 0.20), " " + text)
    nothing = rng.random(len(text))
    text = text.mask(nothing < empty_share / 2.0, " ")
    return text.mask((nothing >= empty_share / 2.0) & (nothing < empty_share), "")
