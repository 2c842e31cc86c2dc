"""Settings, read once at the start of a process from MOTCUA_* variables.

What is not set there comes from the file that ``motcua up`` keeps in its state directory, so that the other commands
find a system that runs beside them.
"""

import json
import re
from collections.abc import Callable, Mapping
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from runtime.errors import SettingError

PREFIX = "MOTCUA_"
STATE_DIR = "MOTCUA_STATE_DIR"
DEFAULT_STATE_DIR = Path(".motcua")
SETTINGS_FILE = "settings.json"
LOG_LEVELS = ("debug", "info", "warning", "error")
HIGHEST_PORT = 65535
LANGUAGES = ("vi", "en")
LEVEL_NAMESPACE = re.compile(r"(commune|district|province|central)=[A-Za-z0-9_.-]{2,100}")
FLAGS = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """One process's settings; each field ``x`` is read from ``MOTCUA_X``.

    ``database_url`` logs in as the application's role, ``migration_url`` (default: the same) as the owner of the
    schema. ``secret_file`` holds the key that signs officers' tokens, ``wrapping_key_file`` those that protect personal
    data (see ``runtime.wrapping``). ``temporal_tls`` asks for TLS to Temporal by the machine's own authorities; with a
    ``temporal_tls_ca_file`` by that one, for a server named ``temporal_tls_domain``, and with
    ``temporal_tls_cert_file`` and ``temporal_tls_key_file`` mutual. ``temporal_encryption`` has all that Temporal keeps
    encrypted under the wrapping keys, alike in every process. ``sdk_metrics_port`` is where the Temporal SDK of a
    worker reports about itself, none: nowhere. ``catalogue_dir`` is read at start-up by those who need procedures;
    none: the one that comes with the program. ``carriers_dir`` holds the post's carriers (none: those that come with
    the program), ``carrier_keys_file`` what their callbacks are known by (none: no callback is believed).
    ``portal_url`` is where the national portal takes dossiers' states (empty: it is not told). ``webhook_allow`` are
    networks, with commas between them, that webhooks may be sent to although they are not public. Notices go by
    ``smtp_address`` (from ``mail_from``, officers' to their id at ``officer_mail_domain``) and by the gateway at
    ``sms_url``, each where it is set, in ``notice_language``. ``ready_file`` is created when the process is ready to
    work (see ``runtime.process.announce_ready``), for supervisors and readiness probes. ``traces_url`` takes traces,
    OTLP over HTTP (empty: none are made). ``public_url`` is how browsers reach the API (default: where it listens);
    with ``https`` cookies are sent over TLS only. ``trusted_proxies`` are networks, with commas between them, from
    which a forwarded address is believed (empty: from none). ``demo_login`` lets anyone log in as any officer, without
    a password: for trying the program out, on the loopback address only. ``oidc_*`` name the provider that officers log
    in with, and the claim that holds their id in the catalogue.

    Dossiers of authorities whose records name a Temporal namespace live there, those of others where
    ``temporal_levels`` says (``province=NAME,central=NAME``), else in ``temporal_namespace``. A worker serves all of
    these, or ``worker_namespaces``, with commas between them.

    ``worker_build`` makes workers one version of ``worker_deployment`` (empty: unversioned), see docs/upgrade.md.
    ``process_metrics_port`` is where any process reports about itself, none: nowhere. The relay compares store and
    workflows every ``reconcile_minutes``; with ``reconcile_fix`` it begins anew what is not right.
    """

    state_dir: Path = DEFAULT_STATE_DIR
    database_url: str = ""
    migration_url: str = ""
    database_pool: int = 10
    temporal_address: str = ""
    temporal_namespace: str = "default"
    temporal_tls: bool = False
    temporal_tls_ca_file: Path | None = None
    temporal_tls_cert_file: Path | None = None
    temporal_tls_key_file: Path | None = None
    temporal_tls_domain: str = ""
    temporal_encryption: bool = False
    temporal_levels: str = ""
    worker_namespaces: str = ""
    task_queue: str = "motcua"
    worker_deployment: str = "motcua"
    worker_build: str = ""
    api_host: str = "127.0.0.1"
    api_port: int = 8080
    metrics_host: str = "127.0.0.1"
    metrics_port: int = 9108
    sdk_metrics_port: int | None = None
    process_metrics_port: int | None = None
    reconcile_minutes: int = 60
    reconcile_fix: bool = False
    secret_file: Path | None = None
    wrapping_key_file: Path | None = None
    catalogue_dir: Path | None = None
    carriers_dir: Path | None = None
    carrier_keys_file: Path | None = None
    portal_url: str = ""
    webhook_allow: str = ""
    trusted_proxies: str = ""
    smtp_address: str = ""
    mail_from: str = "motcua@localhost"
    officer_mail_domain: str = ""
    sms_url: str = ""
    notice_language: str = "vi"
    ready_file: Path | None = None
    log_level: str = "info"
    traces_url: str = ""
    public_url: str = ""
    demo_login: bool = False
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret_file: Path | None = None
    oidc_claim: str = "preferred_username"

    def require_database(self) -> str:
        """Return the database's URL; raise SettingError where none is set."""
        return self._required(self.database_url, "MOTCUA_DATABASE_URL")

    def require_migration(self) -> str:
        """Return the URL with which the schema is changed; raise SettingError where none is set."""
        return self.migration_url or self.require_database()

    def require_temporal(self) -> str:
        """Return Temporal's address; raise SettingError where none is set."""
        return self._required(self.temporal_address, "MOTCUA_TEMPORAL_ADDRESS")

    def level_namespaces(self) -> dict[str, str]:
        """The namespace of each level of government that has its own."""
        return dict(item.split("=", 1) for item in self.temporal_levels.split(",") if item)

    def _required(self, value: str, variable: str) -> str:
        if not value:
            raise SettingError(f"{variable} is not set and no system was started in {self.state_dir}: see 'motcua up'")
        return value


def load(environ: Mapping[str, str]) -> Settings:
    """Return the settings of this environment; raise SettingError that names the first wrong variable."""
    state_dir = Path(environ.get(STATE_DIR) or DEFAULT_STATE_DIR)
    texts = {
        **_kept(state_dir),
        **{name: value for name, value in environ.items() if name.startswith(PREFIX) and value},
    }
    values = {field: read(name, texts[name]) for field, read in _READERS.items() if (name := variable(field)) in texts}
    return msgspec.convert({**values, "state_dir": state_dir}, Settings)


def environment(settings: Settings) -> dict[str, str]:
    """Return the MOTCUA_* variables that ``load`` reads back as these settings."""
    values = {field: getattr(settings, field) for field in settings.__struct_fields__}
    return {variable(field): str(value) for field, value in values.items() if value not in (None, "")}


def keep(settings: Settings) -> None:
    """Write the settings to the state directory, for commands run beside the system; only the owner may read them."""
    path = settings.state_dir / SETTINGS_FILE
    path.touch(mode=0o600)
    path.write_text(json.dumps(environment(settings), indent=2) + "\n")


def variable(field: str) -> str:
    """Return the name of a field's environment variable."""
    return PREFIX + field.upper()


def _kept(state_dir: Path) -> dict[str, str]:
    path = state_dir / SETTINGS_FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, str])
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError) as error:
        message = f"{path} cannot be read ({error}); 'motcua up' writes it anew"
        raise SettingError(message) from error


def _text(_name: str, value: str) -> str:
    return value


def _name(name: str, value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}", value):
        raise SettingError(_wrong(name, value, "a name of letters, digits, - and _"))
    return value


def _path(_name: str, value: str) -> Path:
    return Path(value)


def _port(name: str, value: str) -> int:
    number = _integer(name, value, "a port number")
    if number > HIGHEST_PORT:
        raise SettingError(_wrong(name, value, f"a port number from 1 to {HIGHEST_PORT}"))
    return number


def _count(name: str, value: str) -> int:
    return _integer(name, value, "a whole number from 1")


def _integer(name: str, value: str, wanted: str) -> int:
    if not (value.isascii() and value.isdigit()) or len(value) > len(str(10**9)) or int(value) < 1:
        raise SettingError(_wrong(name, value, wanted))
    return int(value)


def _database(name: str, value: str) -> str:
    wanted = "a URL like postgresql://user:password@host:5432/database"
    try:
        parts = urlsplit(value)
        valid = parts.scheme in {"postgresql", "postgres"} and bool(parts.path.strip("/")) and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        # The value itself may hold a password.
        message = f"{name} is not {wanted}"
        raise SettingError(message)
    return value


def _address(name: str, value: str) -> str:
    host, _, port = value.rpartition(":")
    if not host or "/" in value or not port.isdigit() or not 1 <= int(port) <= HIGHEST_PORT:
        raise SettingError(_wrong(name, value, "an address like host:7233"))
    return value


def _language(name: str, value: str) -> str:
    if value not in LANGUAGES:
        raise SettingError(_wrong(name, value, "one of " + ", ".join(LANGUAGES)))
    return value


def _networks(name: str, value: str) -> str:
    try:
        for text in value.split(","):
            ip_network(text.strip())
    except ValueError:
        raise SettingError(_wrong(name, value, "networks like 10.0.0.0/8,192.168.1.0/24")) from None
    return value


def _flag(name: str, value: str) -> bool:
    if value.lower() not in FLAGS:
        raise SettingError(_wrong(name, value, "one of " + ", ".join(FLAGS)))
    return FLAGS[value.lower()]


def _url(name: str, value: str) -> str:
    try:
        parts = urlsplit(value)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        raise SettingError(_wrong(name, value, "a URL like https://desk.example.vn"))
    return value.rstrip("/")


def _log_level(name: str, value: str) -> str:
    if value.lower() not in LOG_LEVELS:
        raise SettingError(_wrong(name, value, "one of " + ", ".join(LOG_LEVELS)))
    return value.lower()


def _levels(name: str, value: str) -> str:
    items = [item.strip() for item in value.split(",") if item.strip()]
    if any(LEVEL_NAMESPACE.fullmatch(item) is None for item in items):
        raise SettingError(_wrong(name, value, "a list like province=NAME,central=NAME"))
    return ",".join(items)


def _wrong(name: str, value: str, wanted: str) -> str:
    return f"{name} is {value!r}, not {wanted}"


_READERS: Mapping[str, Callable[[str, str], str | int | Path | bool]] = {
    "database_url": _database,
    "migration_url": _database,
    "database_pool": _count,
    "temporal_address": _address,
    "temporal_namespace": _text,
    "temporal_tls": _flag,
    "temporal_tls_ca_file": _path,
    "temporal_tls_cert_file": _path,
    "temporal_tls_key_file": _path,
    "temporal_tls_domain": _text,
    "temporal_encryption": _flag,
    "temporal_levels": _levels,
    "worker_namespaces": _text,
    "task_queue": _text,
    "worker_deployment": _name,
    "worker_build": _name,
    "api_host": _text,
    "api_port": _port,
    "metrics_host": _text,
    "metrics_port": _port,
    "sdk_metrics_port": _port,
    "process_metrics_port": _port,
    "reconcile_minutes": _count,
    "reconcile_fix": _flag,
    "secret_file": _path,
    "wrapping_key_file": _path,
    "catalogue_dir": _path,
    "carriers_dir": _path,
    "carrier_keys_file": _path,
    "portal_url": _url,
    "webhook_allow": _networks,
    "trusted_proxies": _networks,
    "smtp_address": _address,
    "mail_from": _text,
    "officer_mail_domain": _text,
    "sms_url": _url,
    "notice_language": _language,
    "ready_file": _path,
    "log_level": _log_level,
    "traces_url": _url,
    "public_url": _url,
    "demo_login": _flag,
    "oidc_issuer": _url,
    "oidc_client_id": _text,
    "oidc_client_secret_file": _path,
    "oidc_claim": _text,
}
