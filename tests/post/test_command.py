"""An operator sees what is parked, as it came, and has it looked at anew."""

import asyncio
import json
import os
import subprocess
import sys
from datetime import UTC, datetime

from store.database import Database as Pool
from store.inbox import Inbox, Settlement, Status
from tests.support.databases import Database


def _motcua(database: Database, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "MOTCUA_DATABASE_URL": database.app_url}
    command = [sys.executable, "-m", "cli", "post", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


async def _parked(database: Database) -> int:
    async with Pool(database.app_url, size=1) as pool:
        inbox = Inbox(pool)
        number = await inbox.keep("ems", datetime.now(UTC), "127.0.0.1", {"x-transaction-id": "t"}, b"{\xff}")
        await inbox.settle([Settlement(number, Status.PARKED, "tracking_unknown", "no dossier has a parcel A")])
        return number


def test_parked_show_replay(database: Database) -> None:
    """From the list to the raw body, and back into the queue."""
    number = asyncio.run(_parked(database))
    listed = json.loads(_motcua(database, "parked", "--json").stdout)["callbacks"]
    assert [(row["id"], row["reason"]) for row in listed] == [(number, "tracking_unknown")]
    assert "tracking_unknown" in _motcua(database, "parked").stdout
    shown = json.loads(_motcua(database, "show", str(number), "--json").stdout)
    assert (shown["body"], shown["headers"]) == ("{\\xff}", {"x-transaction-id": "t"})
    assert json.loads(_motcua(database, "replay", str(number), "--json").stdout) == {"replayed": 1}
    assert json.loads(_motcua(database, "counts", "--json").stdout) == {"carriers": {"ems": {"waiting": 1}}}
    assert _motcua(database, "parked").stdout == "there are none\n"


def test_bad_input_is_a_sentence(database: Database) -> None:
    """Status 2 and no traceback."""
    for arguments in (["replay"], ["replay", "1", "--all"], ["show", "99"], ["replay", "--all", "--dossier", "A"]):
        ended = _motcua(database, *arguments)
        assert ended.returncode == 2, ended
        assert "Traceback" not in ended.stderr
