"""Pinning what is not under test: unseeded generators and the clock.

While one flaw is proved, another flaw's unseeded step must not move. Pinned, every generator that
is given no seed gets a fixed one; unpinned, each run draws its own from the operating system.
"""

import random
import time
from typing import Any

import numpy as np

PINNED_SEED = 20_000


def pin(pinned: bool, clock_shift: float) -> None:
    """Fix or free the unseeded generators, and set the clock off by so many seconds."""
    if pinned:
        random.seed(PINNED_SEED)
        np.random.seed(PINNED_SEED)
        _fix_fresh_generators()
    else:
        random.seed()
        np.random.seed(None)
    if clock_shift:
        _shift_clock(clock_shift)


def _fix_fresh_generators() -> None:
    real_rng, real_state = np.random.default_rng, np.random.RandomState

    def default_rng(seed: Any = None) -> np.random.Generator:
        return real_rng(PINNED_SEED if seed is None else seed)

    class Known(type):
        def __instancecheck__(cls, value: object) -> bool:
            return isinstance(value, real_state)

    class RandomState(real_state, metaclass=Known):  # type: ignore[misc,valid-type]
        def __init__(self, seed: Any = None) -> None:
            super().__init__(PINNED_SEED if seed is None else seed)

    np.random.default_rng = default_rng
    np.random.RandomState = RandomState  # type: ignore[misc]


def _shift_clock(seconds: float) -> None:
    real_time, real_ns = time.time, time.time_ns
    time.time = lambda: real_time() + seconds
    time.time_ns = lambda: real_ns() + int(seconds * 1e9)
    _shift_dates(seconds)


def _shift_dates(seconds: float) -> None:
    import datetime

    import pandas as pd

    real_date, real_stamp = datetime.datetime, pd.Timestamp
    step = datetime.timedelta(seconds=seconds)

    class Shifted(real_date):  # type: ignore[misc,valid-type]
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return real_date.now(tz) + step

        @classmethod
        def utcnow(cls) -> Any:
            return real_date.now(datetime.UTC).replace(tzinfo=None) + step

        @classmethod
        def today(cls) -> Any:
            return real_date.now() + step

    class ShiftedStamp(real_stamp):  # type: ignore[misc,valid-type]
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return real_stamp(real_date.now(tz) + step)

        @classmethod
        def today(cls, tz: Any = None) -> Any:
            return real_stamp(real_date.now(tz) + step)

    datetime.datetime = Shifted  # type: ignore[misc]
    pd.Timestamp = ShiftedStamp  # type: ignore[misc]
