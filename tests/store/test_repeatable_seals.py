"""A command that is sent again with the same personal data must be the same command: its sealed value is the same."""

from store.database import Database as Pool
from store.keys import Vault, WrappingKeys

CODE, OTHER = "H29.12-260302-0001", "H29.12-260302-0002"
KEYS = WrappingKeys({"k1": bytes(32)}, "k1")


async def test_equal_plaintexts_of_one_dossier_are_sealed_alike(pool: Pool) -> None:
    """In every process, and for its linked parts; and they open like any other sealed value."""
    first, second = Vault(pool, KEYS), Vault(pool, KEYS)
    sealed = await first.seal(CODE, b"Lan")
    assert await second.seal(f"{CODE}/L1", b"Lan") == sealed
    assert await second.open(CODE, sealed) == b"Lan"


async def test_nothing_else_is_sealed_alike(pool: Pool) -> None:
    """Another plaintext and another dossier look different."""
    vault = Vault(pool, KEYS)
    values = [
        await vault.seal(CODE, b"Lan"),
        await vault.seal(CODE, b"Hoa"),
        await vault.seal(OTHER, b"Lan"),
    ]
    assert len({value[:24] for value in values}) == len(values)
