"""A process of ours that does nothing: ``python -m tests.support.idle_process BEHAVIOUR``."""

import asyncio
import logging
import sys

from runtime import process
from runtime.logging import about, logger
from runtime.settings import Settings

LOG = logger(__name__)


async def idle(settings: Settings) -> None:
    """Be ready, wait for the end, clean up."""
    process.announce_ready(settings)
    try:
        await asyncio.get_running_loop().create_future()
    finally:
        LOG.info("idle.cleaned_up")


async def stubborn(settings: Settings) -> None:
    """Refuse to end when asked once."""
    process.announce_ready(settings)
    while True:
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            LOG.info("stubborn.stays")


async def failing(_settings: Settings) -> None:
    """Fail at once."""
    raise ZeroDivisionError("a defect")


async def talking(_settings: Settings) -> None:
    """Log through our logger and through the standard library's, with and without context."""
    with about(dossier="H29.12-260302-0001"):
        LOG.info("talking.ours", count=1)
        logging.getLogger("a.library").warning("said %s", "something")
    LOG.debug("talking.unheard")
    LOG.info("talking.names", text="một cửa")


if __name__ == "__main__":
    process.run({"idle": idle, "stubborn": stubborn, "failing": failing, "talking": talking}[sys.argv[1]], "test")
