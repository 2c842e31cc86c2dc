"""``motcua dossier shred``: personal data can be made unreadable for ever, but not by a slip."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.wrapping import read_wrapping_keys
from store.database import Database as Pool
from store.keys import Vault, WrappingKeys
from tests.support.databases import Database

CODE = "H29.12-260302-0001"


def _shred(database: Database, keys: Path, *options: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "MOTCUA_DATABASE_URL": database.app_url, "MOTCUA_WRAPPING_KEY_FILE": str(keys)}
    command = [sys.executable, "-m", "cli", "dossier", "shred", CODE, *options]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """A file with one wrapping key."""
    path = tmp_path / "keys"
    path.write_text("ab" * 32)
    path.chmod(0o600)
    return path


async def test_a_slip_shreds_nothing(database: Database, keys: Path) -> None:
    """Without the code repeated, nothing happens and the command says how."""
    async with Pool(database.app_url, size=1) as pool:
        vault = _vault(pool, keys)
        sealed = await vault.seal(CODE, b"Lan")
        refused = _shred(database, keys)
        assert refused.returncode == 2
        assert "--confirm" in refused.stderr
        assert await _vault(pool, keys).open(CODE, sealed) == b"Lan"


async def test_an_unknown_dossier_is_named(database: Database, keys: Path) -> None:
    """There is nothing to shred where there is no dossier."""
    refused = _shred(database, keys, "--confirm", CODE)
    assert refused.returncode != 0
    assert CODE in refused.stderr


def _vault(pool: Pool, path: Path) -> Vault:
    known = read_wrapping_keys(path)
    return Vault(pool, WrappingKeys(known, current=next(iter(known))))
