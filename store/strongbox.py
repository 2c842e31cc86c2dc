"""Secrets that must be read again to be used, such as those that sign webhooks, sealed by a wrapping key."""

import base64
import binascii
from collections.abc import Callable
from typing import Final

from runtime.settings import Settings
from store.errors import BrokenSeal
from store.keys import WrappingKeys, wrapping_keys_of

PREFIX: Final = "wrapped:1:"
"""Marks a sealed secret, and how it was sealed."""


class Strongbox:
    """Seals and opens secrets; each is bound to its name, so that one moved to another place does not open."""

    def __init__(self, keys: Callable[[], WrappingKeys]) -> None:
        """``keys`` are read when they are first needed, and raise what their reading raises."""
        self._read = keys
        self._keys: WrappingKeys | None = None

    def seal(self, name: str, secret: str) -> str:
        """The secret as it is stored."""
        keys = self._known()
        wrapped = base64.b64encode(keys.wrap(name, secret.encode())).decode()
        return f"{PREFIX}{keys.current}:{wrapped}"

    def open(self, name: str, sealed: str) -> str:
        """The secret; one that was stored before secrets were sealed is returned as it is. Raises BrokenSeal."""
        if not sealed.startswith(PREFIX):
            return sealed
        key, _, text = sealed.removeprefix(PREFIX).partition(":")
        try:
            wrapped = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError) as error:
            raise BrokenSeal(f"the secret of {name} was altered") from error
        return self._known().unwrap(key, name, wrapped).decode()

    def _known(self) -> WrappingKeys:
        if self._keys is None:
            self._keys = self._read()
        return self._keys


def strongbox_of(settings: Settings) -> Strongbox:
    """The strongbox whose keys the settings name; SettingError comes when it is first used."""
    return Strongbox(lambda: wrapping_keys_of(settings))
