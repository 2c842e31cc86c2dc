"""Sealing personal data under a key of the dossier's own, so that destroying one key shreds one dossier everywhere.

Each dossier has a data key of 256 bits, wrapped (AES-GCM) by a key-encryption key that the database never sees. Sealed
values are text, stand in events, and can be hashed, copied and projected like any other text. They are bound to their
dossier: a value moved to another one does not open. Linked parts (``<code>/L1``) share the key of their root.
"""

import base64
import binascii
import hmac
import os
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from runtime.settings import Settings
from runtime.wrapping import read_wrapping_keys
from store.database import Connection, Database
from store.errors import BrokenSeal, KeyNotHere, Shredded

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
PREFIX: Final = "sealed:1:"
"""Marks a sealed value, and how it was sealed."""
REMEMBER_SECONDS: Final = 60.0
"""How long a process may go on using a key that another one has shredded meanwhile."""
REMEMBER_KEYS: Final = 4096

_FIND: Final = b"SELECT wrapping_key, wrapped FROM dossier_keys WHERE code = %s"
_FOREIGN: Final = b"""
    SELECT count(*) FROM dossier_keys WHERE wrapped IS NOT NULL AND wrapping_key <> ALL (%s::text[])
"""
_FIND_MANY: Final = (
    b"SELECT code, wrapping_key, wrapped FROM dossier_keys WHERE code = ANY (%s) AND wrapped IS NOT NULL"
)
_CREATE: Final = b"""
    INSERT INTO dossier_keys (code, wrapping_key, wrapped) VALUES (%s, %s, %s) ON CONFLICT (code) DO NOTHING
"""
_SHRED: Final = b"""
    INSERT INTO dossier_keys (code, wrapping_key, shredded_at) VALUES (%s, '', now())
    ON CONFLICT (code) DO UPDATE SET wrapped = NULL, shredded_at = now() WHERE dossier_keys.wrapped IS NOT NULL
"""


class WrappingKeys(msgspec.Struct, frozen=True):
    """The key-encryption keys, 32 bytes each, by their names; ``current`` wraps new data keys, all can unwrap."""

    keys: Mapping[str, bytes]
    current: str

    def __post_init__(self) -> None:
        """Raise ValueError unless every key has 256 bits and the current one is there."""
        if self.current not in self.keys or any(len(key) != KEY_BYTES for key in self.keys.values()):
            message = f"key-encryption keys have {KEY_BYTES} bytes, and the current one must be among them"
            raise ValueError(message)

    def wrap(self, code: str, key: bytes) -> bytes:
        """A dossier's data key, encrypted under the current key and bound to the code."""
        return _encrypt(self.keys[self.current], key, code, os.urandom(NONCE_BYTES))

    def unwrap(self, name: str, code: str, wrapped: bytes) -> bytes:
        """The data key; raises BrokenSeal where the wrapping key is unknown or not the one."""
        if name not in self.keys:
            message = f"the data key of {code} is wrapped by the key {name!r}, which is not configured"
            raise BrokenSeal(message)
        return _decrypt(self.keys[name], wrapped, code)


def wrapping_keys_of(settings: Settings) -> WrappingKeys:
    """The keys in the file that the settings name; raise SettingError."""
    keys = read_wrapping_keys(settings.wrapping_key_file)
    return WrappingKeys(keys, current=next(iter(keys)))


class Vault:
    """Seals, opens and shreds. Every method raises StoreUnavailable where a key cannot be fetched."""

    def __init__(self, database: Database, wrapping: WrappingKeys) -> None:
        """Keep wrapped keys in ``database``."""
        self._database = database
        self._wrapping = wrapping
        self._known: OrderedDict[str, tuple[float, bytes]] = OrderedDict()

    async def seal(self, code: str, plaintext: bytes) -> str:
        """The sealed value of ``plaintext`` for a dossier (or a part of it); raises Shredded, KeyNotHere.

        Equal for equal plaintexts of one dossier, so that a command which is sent again with the same personal data is
        the same command. What this tells without the key is that two values of one dossier are equal, and nothing else.
        """
        root = _root(code)
        try:
            key = await self._key(root, create=True)
        except BrokenSeal as error:
            message = f"the personal data of {root} are sealed by a key that this system does not have; leave them out"
            raise KeyNotHere(message, dossier=root) from error
        return _sealed_text(key, plaintext, root, _synthetic_nonce(key, plaintext))

    async def open(self, code: str, sealed: str) -> bytes:
        """What was sealed for this dossier; raises Shredded, BrokenSeal."""
        root = _root(code)
        return _decrypt(await self._key(root, create=False), _sealed_bytes(sealed), root)

    async def prefetch(self, codes: Iterable[str]) -> None:
        """Fetch the keys of many dossiers at once, so that opening their values asks the store no more.

        Keys that are gone, or wrapped by a key that is not configured, are left to ``open`` to tell of.
        """
        now = time.monotonic()
        wanted = {root for root in map(_root, codes) if self._known.get(root, (0.0, b""))[0] <= now}
        if not wanted:
            return

        async def work(connection: Connection) -> list[tuple[str, str, bytes]]:
            return await (await connection.execute(_FIND_MANY, (sorted(wanted),))).fetchall()

        for root, name, wrapped in await self._database.run(work):
            if name in self._wrapping.keys:
                self._remember(root, self._wrapping.unwrap(name, root, wrapped))

    async def sealed_by_others(self) -> int:
        """How many dossiers' keys are wrapped by keys that are not configured here: nobody can read these."""

        async def work(connection: Connection) -> int:
            [(number,)] = await (await connection.execute(_FOREIGN, (sorted(self._wrapping.keys),))).fetchall()
            return int(number)

        return await self._database.run(work)

    async def shred(self, code: str) -> None:
        """Destroy the dossier's key: what was sealed can never be opened again, nothing can be sealed any more."""
        root = _root(code)

        async def work(connection: Connection) -> None:
            await connection.execute(_SHRED, (root,))

        await self._database.run(work)
        self._known.pop(root, None)

    async def _key(self, root: str, *, create: bool) -> bytes:
        """The dossier's data key, from memory if it was fetched lately; raises Shredded, BrokenSeal."""
        kept = self._known.get(root)
        if kept is not None and kept[0] > time.monotonic():
            return kept[1]
        row = await self._database.run(lambda connection: self._fetch(connection, root, create=create))
        if row is None:
            message = f"nothing was ever sealed for {root}"
            raise BrokenSeal(message)
        name, wrapped = row
        if wrapped is None:
            message = f"the personal data of {root} were destroyed"
            raise Shredded(message, dossier=root)
        key = self._wrapping.unwrap(name, root, wrapped)
        self._remember(root, key)
        return key

    async def _fetch(self, connection: Connection, root: str, *, create: bool) -> tuple[str, bytes | None] | None:
        """The row of a dossier's key; ``create`` makes one where there is none."""
        row = await (await connection.execute(_FIND, (root,))).fetchone()
        if row is None and create:
            fresh = self._wrapping.wrap(root, AESGCM.generate_key(KEY_BYTES * 8))
            await connection.execute(_CREATE, (root, self._wrapping.current, fresh))
            row = await (await connection.execute(_FIND, (root,))).fetchone()  # perhaps another process's
        return (row[0], row[1]) if row else None

    def _remember(self, root: str, key: bytes) -> None:
        """Keep a key for a while, and not too many."""
        self._known[root] = (time.monotonic() + REMEMBER_SECONDS, key)
        self._known.move_to_end(root)
        while len(self._known) > REMEMBER_KEYS:
            self._known.popitem(last=False)


def is_sealed(text: str) -> bool:
    """Whether a text is a sealed value."""
    return text.startswith(PREFIX)


def _root(code: str) -> str:
    """The root dossier of a stream."""
    return code.partition("/")[0]


def _encrypt(key: bytes, plaintext: bytes, bound_to: str, nonce: bytes) -> bytes:
    """Nonce and ciphertext, authenticated together with what they are bound to."""
    return nonce + AESGCM(key).encrypt(nonce, plaintext, bound_to.encode())


def _synthetic_nonce(key: bytes, plaintext: bytes) -> bytes:
    """A nonce that only this plaintext has under this key: a keyed hash of it, in a domain of its own.

    Two plaintexts of one dossier share a nonce with a chance of 2^-96, and a dossier has a handful of them.
    """
    return hmac.digest(hmac.digest(key, b"motcua nonce key", "sha256"), plaintext, "sha256")[:NONCE_BYTES]


def _decrypt(key: bytes, sealed: bytes, bound_to: str) -> bytes:
    """The plaintext; raises BrokenSeal."""
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound_to.encode())
    except (InvalidTag, ValueError) as error:
        message = f"a value sealed for {bound_to} does not open: it was altered, or sealed for another dossier"
        raise BrokenSeal(message) from error


def _sealed_text(key: bytes, plaintext: bytes, root: str, nonce: bytes) -> str:
    """A sealed value as text."""
    return PREFIX + base64.urlsafe_b64encode(_encrypt(key, plaintext, root, nonce)).decode()


def _sealed_bytes(sealed: str) -> bytes:
    """The bytes of a sealed value; raises BrokenSeal."""
    try:
        if is_sealed(sealed):
            return base64.b64decode(sealed.removeprefix(PREFIX), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        pass
    message = "this is no sealed value"
    raise BrokenSeal(message)
