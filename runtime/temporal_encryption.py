"""Everything that Temporal keeps, encrypted: orders, state, results and error texts, under the keys of ``wrapping``.

Personal data travel sealed already; this also covers what officers write in their own words, and needs no trust in
whoever runs the Temporal cluster. Payloads that came before encryption was turned on are still read.
"""

import os
from collections.abc import Mapping, Sequence
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec

from runtime.wrapping import KEY_BYTES

ENCODING: Final = b"binary/encrypted"
KEY_NAME: Final = "encryption-key"
"""The metadata field with the name of the key, by which it is found after the current key has changed."""
NONCE_BYTES: Final = 12
PURPOSE: Final = b"motcua temporal payloads"
"""Tells the keys derived here from the wrapping keys themselves: neither use weakens the other."""


class UnreadablePayload(Exception):
    """An encrypted payload that does not open: its key is not among ours, or it was altered."""


class EncryptionCodec(PayloadCodec):
    """AES-256-GCM of whole payloads, their metadata included, by the first of the wrapping keys."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        """``keys`` as ``runtime.wrapping.read_wrapping_keys`` returns them: the first encrypts, all decrypt."""
        self._ciphers = {name: AESGCM(_derived(key)) for name, key in keys.items()}
        self._current = next(iter(keys))

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Encrypt each payload under a nonce of its own."""
        return [self._encrypted(payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Decrypt what is encrypted and leave the rest; raise UnreadablePayload."""
        return [self._decrypted(payload) if _is_encrypted(payload) else payload for payload in payloads]

    def _encrypted(self, payload: Payload) -> Payload:
        nonce = os.urandom(NONCE_BYTES)
        name = self._current.encode()
        data = self._ciphers[self._current].encrypt(nonce, payload.SerializeToString(), name)
        return Payload(metadata={"encoding": ENCODING, KEY_NAME: name}, data=nonce + data)

    def _decrypted(self, payload: Payload) -> Payload:
        name = payload.metadata.get(KEY_NAME, b"")
        cipher = self._ciphers.get(name.decode(errors="replace"))
        if cipher is None:
            raise UnreadablePayload(f"encrypted under the key {name!r}, which is not in MOTCUA_WRAPPING_KEY_FILE")
        try:
            plain = cipher.decrypt(payload.data[:NONCE_BYTES], payload.data[NONCE_BYTES:], name)
            return Payload.FromString(plain)
        except (InvalidTag, ValueError) as error:
            raise UnreadablePayload("an encrypted payload was altered or cut") from error


def _is_encrypted(payload: Payload) -> bool:
    return payload.metadata.get("encoding") == ENCODING


def _derived(key: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=PURPOSE).derive(key)
