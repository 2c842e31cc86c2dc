"""The keys that wrap dossiers' data keys, from a file that the database never sees.

One key a line, 64 hexadecimal digits; the first one wraps, all of them unwrap. To change keys put a new line first.
Whoever loses the file loses all personal data, so keep it, and its copies, apart from the database's.
"""

import hashlib
from pathlib import Path

from runtime.errors import SettingError

KEY_BYTES = 32


def read_wrapping_keys(path: Path | None) -> dict[str, bytes]:
    """Return the keys in this file by name, the current one first; raise SettingError that names the variable.

    A key's name is derived from the key, so that it stays the same wherever its line stands.
    """
    if path is None:
        message = "MOTCUA_WRAPPING_KEY_FILE is not set: it names the file with the keys that protect personal data"
        raise SettingError(message)
    try:
        lines = path.read_text(encoding="ascii").split()
        keys = [bytes.fromhex(line) for line in lines]
    except OSError as error:
        message = f"MOTCUA_WRAPPING_KEY_FILE names {path}, which cannot be read: {error.strerror}"
        raise SettingError(message) from error
    except ValueError:
        keys = []
    if not keys or any(len(key) != KEY_BYTES for key in keys):
        message = (
            f"{path} (MOTCUA_WRAPPING_KEY_FILE) does not hold keys of {2 * KEY_BYTES} hexadecimal digits, one a line"
        )
        raise SettingError(message)
    return {name_of(key): key for key in keys}


def name_of(key: bytes) -> str:
    """The name under which a key is remembered: tells keys apart and nothing about them."""
    return hashlib.sha256(b"motcua wrapping key\n" + key).hexdigest()[:16]
