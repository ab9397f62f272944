"""Holding the collector of cycles while trees and verdicts are made."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Hold the collector for a while, and let it go on if it was on.

    Syntax trees and judged remarks are tens of thousands of small objects without a cycle; looking
    through them again and again takes a quarter of the time of an exercise, a fifth of a review's.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
