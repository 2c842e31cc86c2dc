"""How the parts of an embedded system fare, asked of each of them."""

import os
from http import HTTPStatus

import httpx
import msgspec

from runtime.embedded import ports
from runtime.embedded.state import PartState, StateDirectory

PROBE_SECONDS = 5.0


class PartHealth(msgspec.Struct, frozen=True):
    """One part: what its supervisor knows, and whether it answers; ``detail`` says why not."""

    name: str
    state: str
    healthy: bool
    pid: int | None
    restarts: int
    port: int | None
    detail: str
    log: str


class Health(msgspec.Struct, frozen=True):
    """A whole system; ``pid`` is that of ``motcua up``, none where nothing runs."""

    directory: str
    running: bool
    healthy: bool
    pid: int | None
    parts: tuple[PartHealth, ...]
    urls: dict[str, str]


def examine(state: StateDirectory) -> Health:
    """Ask every part of the system in this directory, at most PROBE_SECONDS each."""
    pid, record = state.runner(), state.read_record()
    if pid is None or record is None:
        return Health(str(state.path), running=pid is not None, healthy=False, pid=pid, parts=(), urls={})
    parts = tuple(_examined(part) for part in record.parts)
    return Health(
        str(state.path),
        running=True,
        healthy=record.ready and all(part.healthy for part in parts),
        pid=pid,
        parts=parts,
        urls=record.urls,
    )


def as_text(health: Health) -> str:
    """Return a table for people."""
    if not health.running:
        return f"no system runs in {health.directory}"
    if not health.parts:
        return f"the system in {health.directory} is starting"
    rows = [("part", "state", "pid", "port", "restarts", "")]
    rows += [
        (part.name, part.state, str(part.pid or "-"), str(part.port or "-"), str(part.restarts), part.detail)
        for part in health.parts
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines += ["", *(f"{name:<14} {url}" for name, url in health.urls.items())]
    return "\n".join(lines).rstrip()


def _examined(part: PartState) -> PartHealth:
    detail = _complaint(part)
    return PartHealth(
        name=part.name,
        state=part.state,
        healthy=not detail,
        pid=part.pid,
        restarts=part.restarts,
        port=part.port,
        detail=detail,
        log=part.log,
    )


def _complaint(part: PartState) -> str:
    """Return what is wrong with a part, the empty string where nothing is."""
    if part.state != "running" or part.pid is None or not _lives(part.pid):
        return f"does not run; see {part.log}"
    if part.port is not None and not ports.accepts(part.port):
        return f"does not answer on port {part.port}; see {part.log}"
    if part.name == "api" and part.port is not None:
        return _unreadiness(part.port)
    return ""


def _unreadiness(port: int) -> str:
    try:
        answer = httpx.get(f"http://{ports.LOOPBACK}:{port}/readyz", timeout=PROBE_SECONDS)
    except httpx.HTTPError as error:
        return f"/readyz does not answer: {error}"
    return "" if answer.status_code == HTTPStatus.OK else f"not ready: {answer.text.strip()}"


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
