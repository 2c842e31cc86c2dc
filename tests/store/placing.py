"""Bringing the global order up to date in tests.

A step may place less than what is committed: any older transaction in the cluster holds it up, PostgreSQL's own
housekeeping included. So tests wait until nothing waits.
"""

import asyncio

from store.sequencer import Sequencer


async def place_all(sequencer: Sequencer) -> list[int]:
    """Step until every committed event has its position; return how many each step placed that placed any."""
    placed: list[int] = []
    async with asyncio.timeout(30):
        while True:
            placed.append(await sequencer.step())
            if (await sequencer.lag()).events == 0:
                return [number for number in placed if number]
            if not placed[-1]:
                await asyncio.sleep(0.01)
