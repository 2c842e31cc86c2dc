"""Asking a part whether it is there."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

PROBE_SECONDS: Final = 2.0
Probe = Callable[[], Awaitable[object]]
"""Returns when its part answers, raises when it does not."""


class PartHealth(msgspec.Struct, frozen=True):
    """One part that the API needs; ``detail`` says what is wrong with it."""

    ready: bool
    detail: str


async def examine(probe: Probe) -> PartHealth:
    """Ask, and wait PROBE_SECONDS at most."""
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            await probe()
    except TimeoutError:
        return PartHealth(ready=False, detail=f"no answer within {PROBE_SECONDS:g} s")
    except Exception as error:  # noqa: BLE001  # whatever keeps a part from answering is what is to be told
        return PartHealth(ready=False, detail=f"{type(error).__name__}: {error}"[:500])
    return PartHealth(ready=True, detail="")
