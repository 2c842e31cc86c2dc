"""How much one officer may ask: a bucket of tokens each, refilled all the time."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import msgspec

REMEMBERED: Final = 10_000
"""Officers whose buckets are kept; whoever was not heard of for longest is forgotten, with a full bucket."""


class Rate(msgspec.Struct, frozen=True):
    """``per_second`` requests on average, ``burst`` at once. Far above what hands can click: it stops wild loops."""

    per_second: float = 50.0
    burst: int = 500


class Limiter:
    """Buckets by name, in this process's memory: with several API processes each officer has as many buckets."""

    def __init__(self, rate: Rate, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` gives seconds."""
        self._rate = rate
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, name: str) -> int:
        """Take a token and return 0, or return after how many whole seconds there will be one."""
        now = self._clock()
        tokens, since = self._buckets.get(name, (float(self._rate.burst), now))
        tokens = min(self._rate.burst, tokens + (now - since) * self._rate.per_second)
        taken = tokens >= 1
        self._buckets[name] = (tokens - 1 if taken else tokens, now)
        self._buckets.move_to_end(name)
        if len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)
        return 0 if taken else max(1, math.ceil((1 - tokens) / self._rate.per_second))
