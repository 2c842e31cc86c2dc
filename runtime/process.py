"""The frame of every long-running process: settings, logs, event loop, signals."""

import asyncio
import gc
import os
import signal
from collections.abc import Awaitable, Callable

import uvloop

from runtime import instruments, logging, settings, tracing
from runtime.logging import LogEvent
from runtime.settings import Settings
from runtime.stopping import on_stop

LOG = logging.logger(__name__)
Main = Callable[[Settings], Awaitable[None]]
"""``async def main(settings)``: works until it is cancelled, then cleans up in ``finally`` or ``async with``."""


def run(main: Main, name: str) -> None:
    """Run ``main`` with the settings of the environment until it returns, or SIGTERM or SIGINT ends it in order.

    A first signal cancels ``main``, which then has time to clean up; a later one ends the process at once. Raises
    SettingError for wrong settings and whatever ``main`` raises.
    """
    chosen = settings.load(os.environ)
    logging.configure(chosen.log_level, name)
    tracing.configure(chosen, name)
    if chosen.process_metrics_port is not None:
        instruments.serve(chosen.metrics_host, chosen.process_metrics_port)
    uvloop.run(_guarded(main, chosen))


def announce_ready(chosen: Settings) -> None:
    """Say that this process is ready to work: a log line, and the file that MOTCUA_READY_FILE names."""
    # What has been loaded by now stays; the collector need not look through it while somebody waits for an answer.
    gc.collect()
    gc.freeze()
    if chosen.ready_file is not None:
        chosen.ready_file.touch()
    LOG.info(LogEvent.PROCESS_READY)


async def _guarded(main: Main, chosen: Settings) -> None:
    task = asyncio.ensure_future(main(chosen))

    def stop(signum: signal.Signals) -> None:
        LOG.info(LogEvent.PROCESS_STOPPING, signal=signum.name)
        task.cancel()

    on_stop((signal.SIGTERM, signal.SIGINT), stop, lambda signum: os._exit(128 + signum))
    LOG.info(LogEvent.PROCESS_STARTED)
    try:
        await task
    except asyncio.CancelledError:
        LOG.info(LogEvent.PROCESS_STOPPED)
    except Exception:
        LOG.exception(LogEvent.PROCESS_FAILED)
        raise
