"""With tracing on, one officer's action is one trace from the request to the statement, across processes."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
from msgspec.structs import replace

from runtime.embedded import child, ports
from runtime.embedded.child import Program
from runtime.embedded.temporal import EmbeddedTemporal
from runtime.settings import Settings, environment
from store.database import Database as Pool
from tests.support import http
from tests.support.collector import Collector, Seen, collecting
from tests.support.databases import Database
from tests.support.http import keyed, token

CALLER = "4bf92f3577b34da6a3ce929d0e0e4736"
HEADERS = {"traceparent": f"00-{CALLER}-00f067aa0ba902b7-01", "Authorization": f"Bearer {token('clerk')}"}


async def test_one_command_is_one_trace(database: Database, temporal_dev: EmbeddedTemporal, tmp_path: Path) -> None:
    """Request, update, its handling, the append and the row: each below the one that led to it, nobody named."""
    with collecting() as collector:
        base = http.settings_of(database.app_url, temporal_dev.address, tmp_path)
        settings = replace(base, api_port=ports.free_port(), traces_url=collector.url)
        async with Pool(settings.database_url, size=2) as pool:
            await http.publish(pool)
        with _process("worker", settings, tmp_path), _process("api", settings, tmp_path):
            url = f"http://{ports.LOOPBACK}:{settings.api_port}"
            async with httpx.AsyncClient(base_url=url, headers=HEADERS, timeout=30) as client:
                code = await http.received(client)
                answer = await client.post(f"/api/v1/dossiers/{code}/withdraw", json={}, headers=keyed())
                assert answer.status_code == 200
        # Both processes have ended, and sent what they had.
        spans = {span.id: span for span in collector.spans if span.trace == CALLER}
        _check_ways(spans, "POST /api/v1/dossiers/{code}/withdraw")
        _check_ways(spans, "POST /api/v1/dossiers")
        sent = b"".join(collector.raw)
        assert not [value for value in http.APPLICANT.values() if value.encode() in sent]
        _check_logs(tmp_path, collector)


def _check_ways(spans: dict[str, Seen], route: str) -> None:
    """Some append leads back to the request of this route, over the workflow, from one process to the other."""
    ways = [_way(spans, span) for span in spans.values() if span.name == "PostgresJournal.append"]
    [way] = [way for way in ways if way[-1].name == route]
    assert (way[0].service, way[-1].service) == ("motcua-worker", "motcua-api")
    assert any(span.name.startswith("RunActivity:") for span in way)
    assert any(span.name.startswith(("StartWorkflowUpdate:", "StartUpdateWithStartWorkflow:")) for span in way)


def _way(spans: dict[str, Seen], span: Seen) -> list[Seen]:
    way = [span]
    while way[-1].parent in spans:
        way.append(spans[way[-1].parent])
    return way


def _check_logs(directory: Path, collector: Collector) -> None:
    """A line of the log names its trace, so that one leads to the other."""
    assert collector.spans
    lines = (directory / "api.log").read_text().splitlines()
    assert any(f'"trace": "{CALLER}"' in line for line in lines if '"request.answered"' in line)


@contextlib.contextmanager
def _process(command: str, settings: Settings, directory: Path) -> Iterator[None]:
    ready = directory / f"{command}.ready"
    program = Program(
        name=command,
        argv=(sys.executable, "-m", "cli", command),
        log=directory / f"{command}.log",
        env={
            "PATH": os.defpath,
            "PYTHONPATH": os.pathsep.join(sys.path),
            **environment(replace(settings, ready_file=ready)),
        },
    )
    process = child.spawn(program)
    try:
        child.await_ready(program, process, ready.exists, 60)
        yield
    finally:
        child.terminate(program, process)
