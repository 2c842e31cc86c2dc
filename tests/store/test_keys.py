"""What is sealed opens for its dossier only, until the dossier's key is destroyed."""

import asyncio
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store.database import Database as Pool
from store.errors import BrokenSeal, Shredded
from store.keys import Vault, WrappingKeys, is_sealed

CODE = "H29.12-260302-0001"
KEYS = WrappingKeys({"k1": bytes(32)}, "k1")


@pytest.fixture
def vault(pool: Pool) -> Vault:
    """A vault over the fresh database."""
    return Vault(pool, KEYS)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plaintext=st.binary(max_size=200))
async def test_opens_what_it_sealed(vault: Vault, plaintext: bytes) -> None:
    """Sealing and opening is the identity."""
    sealed = await vault.seal(CODE, plaintext)
    assert is_sealed(sealed)
    assert await vault.open(CODE, sealed) == plaintext


async def test_parts_share_the_roots_key(vault: Vault) -> None:
    """A linked part opens what the root sealed, and the reverse."""
    assert await vault.open(f"{CODE}/L1", await vault.seal(CODE, b"Lan")) == b"Lan"
    assert await vault.open(CODE, await vault.seal(f"{CODE}/L1/L2", b"Hoa")) == b"Hoa"


async def test_another_process_opens_it(pool: Pool, vault: Vault) -> None:
    """Keys live in the database, not in a process; and many who make the first key at once make one."""
    vaults = [Vault(pool, KEYS) for _ in range(8)]
    sealed = await asyncio.gather(*(each.seal(CODE, b"Lan") for each in vaults))
    assert [await vault.open(CODE, value) for value in sealed] == [b"Lan"] * 8


async def test_value_is_bound_to_its_dossier(vault: Vault) -> None:
    """A value moved to another dossier does not open, even where that one has a key."""
    sealed = await vault.seal(CODE, b"Lan")
    await vault.seal("H29.12-260302-0002", b"Hoa")
    with pytest.raises(BrokenSeal):
        await vault.open("H29.12-260302-0002", sealed)
    with pytest.raises(BrokenSeal):
        await vault.open("H29.12-260302-0003", sealed)


@pytest.mark.parametrize("change", [lambda s: s[:-4] + "AAAA", lambda s: s[:20], lambda s: "x" + s, lambda s: s + "é"])
async def test_altered_value_does_not_open(vault: Vault, change: object) -> None:
    """An altered, cut or foreign text is a broken seal and nothing else."""
    sealed = await vault.seal(CODE, b"Nguyen Thi Lan")
    with pytest.raises(BrokenSeal):
        await vault.open(CODE, change(sealed))  # type: ignore[operator]


async def test_shredding_ends_it_for_everyone(pool: Pool, vault: Vault) -> None:
    """After shredding nothing opens and nothing is sealed, and shredding again is no error."""
    sealed = await vault.seal(CODE, b"Lan")
    await vault.shred(f"{CODE}/L1")
    await vault.shred(CODE)
    for each in (vault, Vault(pool, KEYS)):
        with pytest.raises(Shredded):
            await each.open(CODE, sealed)
        with pytest.raises(Shredded):
            await each.seal(CODE, b"again")


async def test_dossier_without_a_key_can_be_shredded(vault: Vault) -> None:
    """Shredding forbids sealing even where nothing was sealed before."""
    await vault.shred(CODE)
    with pytest.raises(Shredded):
        await vault.seal(CODE, b"Lan")


async def test_wrapping_key_can_be_replaced(pool: Pool, vault: Vault) -> None:
    """New keys are wrapped by the current key while old ones still open; without its key a value stays shut."""
    sealed = await vault.seal(CODE, b"Lan")
    fresh = os.urandom(32)
    later = Vault(pool, WrappingKeys({"k1": bytes(32), "k2": fresh}, "k2"))
    assert await later.open(CODE, sealed) == b"Lan"
    newer = await later.seal("H29.12-260302-0002", b"Hoa")
    with pytest.raises(BrokenSeal):
        await Vault(pool, KEYS).open("H29.12-260302-0002", newer)
    assert await Vault(pool, WrappingKeys({"k2": fresh}, "k2")).open("H29.12-260302-0002", newer) == b"Hoa"


@pytest.mark.parametrize(("keys", "current"), [({}, "k1"), ({"k1": b"short"}, "k1"), ({"k1": bytes(32)}, "k2")])
def test_refuses_unusable_wrapping_keys(keys: dict[str, bytes], current: str) -> None:
    """A missing or short key-encryption key is noticed at the start."""
    with pytest.raises(ValueError, match=r"32 bytes"):
        WrappingKeys(keys, current)
