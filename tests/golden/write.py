"""Writes golden files that are missing: ``python -m tests.golden.write``.

Events: one file for each (type, schema version). Once released it stays for ever, for such an event is in some
database; a changed shape gets a new schema version, an upcast and a new file. Histories: one file for each life in
``lives``, recorded from a run on Temporal's test server. A history that no longer replays means that running dossiers
would break: patch the workflow (``workflow.patched``) or give it a new deployment version.

A file that exists is never overwritten, whatever it holds.
"""

import asyncio
import sys
from pathlib import Path
from typing import get_args

import msgspec
from temporalio.testing import WorkflowEnvironment

from domain.dossier.codec import encode_event
from domain.dossier.events import Event
from runtime.embedded import binaries
from runtime.temporal import DATA_CONVERTER
from store.memory import MemoryJournal
from tests.golden.files import HISTORIES, GoldenEvent, event_path
from tests.golden.lives import LIVES
from tests.golden.samples import sample
from tests.workflows.desk import desk


def write_new(path: Path, text: str) -> None:
    """Write a file that is not there yet; leave one that is."""
    path.parent.mkdir(exist_ok=True)
    try:
        with path.open("x") as file:
            file.write(text)
    except FileExistsError:
        sys.stdout.write(f"kept     {path.name}\n")
    else:
        sys.stdout.write(f"written  {path.name}\n")


def write_events() -> None:
    """A sample of the present version of each event type."""
    for kind in get_args(Event):
        golden = GoldenEvent(kind.type, kind.schema_version, encode_event(sample(kind)))
        write_new(event_path(kind), msgspec.json.format(msgspec.json.encode(golden), indent=2).decode() + "\n")


async def write_history(name: str) -> None:
    """Live one life and keep the last run's history."""
    life, rules, stream = LIVES[name]
    path = HISTORIES / f"{name}.json"
    if path.exists():
        write_new(path, "")
        return
    async with await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=str(binaries.temporal_test_server()), data_converter=DATA_CONVERTER, identity="golden"
    ) as env:
        async with desk(env, MemoryJournal(), rules) as opened:
            await life(opened)
        history = await opened.handle(stream).fetch_history()
        write_new(path, history.to_json() + "\n")


async def main() -> None:
    """Write what is missing."""
    write_events()
    for name in LIVES:
        await write_history(name)


if __name__ == "__main__":
    asyncio.run(main())
