"""TCP ports on the loopback address."""

import os
import socket
from pathlib import Path

from runtime.errors import PortTaken

LOOPBACK = "127.0.0.1"
TCP_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
LISTENING = "0A"


def is_free(port: int) -> bool:
    """Say whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        # As servers do: a connection that lingers in TIME_WAIT does not count as taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def accepts(port: int, timeout: float = 0.5) -> bool:
    """Say whether something accepts connections on this loopback port; ``timeout`` in seconds."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=timeout):
            return True
    except OSError:
        return False


def held_by(pid: int, port: int) -> bool:
    """Say whether it is this process that listens on the port; always true where the system does not tell."""
    if not TCP_TABLES[0].exists():
        return True
    sockets = {f"socket:[{inode}]" for table in TCP_TABLES for inode in _listeners(table, port)}
    return any(_target(entry) in sockets for entry in Path(f"/proc/{pid}/fd").glob("*"))


def _listeners(table: Path, port: int) -> list[str]:
    rows = [line.split() for line in table.read_text().splitlines()[1:]] if table.exists() else []
    return [row[9] for row in rows if row[3] == LISTENING and row[1].endswith(f":{port:04X}")]


def _target(entry: Path) -> str:
    try:
        return os.readlink(entry)  # noqa: PTH115  # the text of a link that leads nowhere
    except OSError:
        return ""


def free_port() -> int:
    """Return a loopback port that no one listens on at this moment, chosen by the operating system."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
    return port


def choose(preferred: int, *, use: str, explicit: bool, avoid: frozenset[int] = frozenset()) -> int:
    """Return ``preferred`` where it is free, else a free port; raise PortTaken where the user insisted on it.

    ``use`` names the purpose in the message; ports in ``avoid`` are promised to others that do not listen yet.
    """
    if preferred not in avoid and is_free(preferred):
        return preferred
    if explicit:
        raise PortTaken(preferred, use)
    port = free_port()
    while port in avoid:
        port = free_port()
    return port
