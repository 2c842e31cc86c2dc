"""Logs: one JSON object a line on stdout, from our own code and from every library alike.

Bind what a line is about with ``about(dossier=…, workflow=…)``; never personal data. Event names are constants, so that
an alert may count them.
"""

import contextlib
import logging
import sys
from collections.abc import Iterator
from enum import StrEnum

import structlog
from structlog.typing import EventDict, Processor

from runtime import tracing


class LogEvent(StrEnum):
    """Names of log lines that more than one module writes; a module's own ones are constants beside their use."""

    PROCESS_STARTED = "process.started"
    PROCESS_READY = "process.ready"
    PROCESS_STOPPING = "process.stopping"
    PROCESS_STOPPED = "process.stopped"
    PROCESS_FAILED = "process.failed"


NOISY = ("httpx", "httpcore", "uvicorn.access")
"""Libraries whose informational lines repeat what ours say."""


def configure(level: str, process: str) -> None:
    """Send all logs of this process to stdout as JSON; ``level`` is one of ``settings.LOG_LEVELS``."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        _with_trace,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.contextvars.bind_contextvars(process=process)


def _with_trace(_logger: object, _method: str, line: EventDict) -> EventDict:
    """Name the trace that a line belongs to, so that one leads to the other."""
    if found := tracing.trace_id():
        line["trace"] = found
    return line


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return the logger of the module with this name."""
    bound: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return bound


@contextlib.contextmanager
def about(**context: str) -> Iterator[None]:
    """Add ``dossier``, ``workflow`` and the like to every line within this block, in this task alone."""
    with structlog.contextvars.bound_contextvars(**context):
        yield
