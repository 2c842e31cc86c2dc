"""TLS to Temporal, mutual where a certificate of our own is given."""

from pathlib import Path

from temporalio.service import TLSConfig

from runtime.errors import SettingError
from runtime.settings import Settings, variable


def tls_of(settings: Settings) -> TLSConfig | bool:
    """The TLS of these settings, False where there is none; raise SettingError that names the wrong variable.

    Any ``temporal_tls_*`` setting turns it on, for half a configuration must never mean plain text.
    """
    given = (
        settings.temporal_tls_ca_file,
        settings.temporal_tls_cert_file,
        settings.temporal_tls_key_file,
        settings.temporal_tls_domain,
    )
    if not settings.temporal_tls and not any(given):
        return False
    certificate = _read("temporal_tls_cert_file", settings.temporal_tls_cert_file)
    key = _read("temporal_tls_key_file", settings.temporal_tls_key_file)
    if (certificate is None) != (key is None):
        missing = variable("temporal_tls_key_file" if key is None else "temporal_tls_cert_file")
        raise SettingError(f"{missing} is not set: a client's certificate and its key go together")
    return TLSConfig(
        server_root_ca_cert=_read("temporal_tls_ca_file", settings.temporal_tls_ca_file),
        domain=settings.temporal_tls_domain or None,
        client_cert=certificate,
        client_private_key=key,
    )


def _read(field: str, path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SettingError(f"{variable(field)} names {path}, which cannot be read: {error.strerror}") from error
    if b"-----BEGIN " not in content:
        raise SettingError(f"{path} ({variable(field)}) is no PEM file")
    return content
