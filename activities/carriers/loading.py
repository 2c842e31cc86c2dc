"""Carriers from their files of data, and their keys from the deployment's file."""

import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Final, TypeVar

import msgspec
import yaml
from msgspec.structs import replace

from activities.carriers.access import check_networks
from activities.carriers.ems import Ems
from activities.carriers.form import Form
from activities.carriers.protocol import NO_KEYS, Adapter, Carrier, Keys
from activities.carriers.signing import check_keys
from activities.carriers.standard_webhooks import StandardWebhooks
from domain.postal import ScanState
from runtime.errors import SettingError

ADAPTERS: Final[Mapping[str, Adapter]] = {
    "standard_webhooks": StandardWebhooks(),
    "ems": Ems(),
    "form": Form(),
}
"""Every way in which carriers speak."""
T = TypeVar("T")
TABLES: Final = "tables"
_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,49}")


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A list of statuses that several carriers share."""

    source: str
    statuses: dict[str, ScanState]


class Known(msgspec.Struct, frozen=True):
    """A carrier, how it speaks and by what it is known."""

    carrier: Carrier
    adapter: Adapter
    keys: Keys


def load_carriers(directory: Path | None, keys_file: Path | None) -> dict[str, Known]:
    """Every carrier of the directory by its id (none: those that come with the program), with its keys.

    Raises SettingError that names the file which is wrong.
    """
    place = directory or Path(str(files("catalogue"))) / "carriers"
    keys = _read(keys_file, dict[str, Keys]) if keys_file else {}
    for name, known in keys.items():
        try:
            check_keys(known)
            check_networks(known)
        except ValueError as error:
            message = f"{keys_file}: the keys of {name} are not well-formed: {error}"
            raise SettingError(message) from None
    carriers = {path.stem: _carrier(path) for path in sorted(place.glob("*.yaml"))}
    if unknown := sorted(keys.keys() - carriers.keys()):
        message = f"{keys_file} has keys of {unknown[0]}, and {place} no such carrier"
        raise SettingError(message)
    return {
        name: Known(carrier, ADAPTERS[carrier.adapter], keys.get(name, NO_KEYS)) for name, carrier in carriers.items()
    }


def _carrier(path: Path) -> Carrier:
    carrier = _read(path, Carrier)
    if carrier.id != path.stem or _ID.fullmatch(carrier.id) is None:
        message = f"{path}: the id is the file's name in small letters, digits and hyphens, not {carrier.id}"
        raise SettingError(message)
    if carrier.adapter not in ADAPTERS:
        message = f"{path}: adapter is one of {', '.join(ADAPTERS)}, not {carrier.adapter}"
        raise SettingError(message)
    if not carrier.table:
        return carrier
    table = _read(path.parent / TABLES / f"{carrier.table}.yaml", Table)
    return replace(carrier, statuses={**table.statuses, **carrier.statuses})


def _read(path: Path, kind: type[T]) -> T:
    try:
        return msgspec.convert(yaml.safe_load(path.read_text()), kind)
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}"
        raise SettingError(message) from error
    except (yaml.YAMLError, msgspec.ValidationError, UnicodeDecodeError) as error:
        message = f"{path}: {' '.join(str(error).split())}"
        raise SettingError(message) from error
