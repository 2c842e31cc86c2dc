"""What the desk needs to know of its surroundings."""

from typing import Final
from urllib.parse import urlsplit

import msgspec

from runtime.errors import SettingError
from runtime.settings import Settings

LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


class Provider(msgspec.Struct, frozen=True):
    """An OpenID Connect provider; ``claim`` is the one that holds the officer's id in the catalogue."""

    issuer: str
    client_id: str
    client_secret: str = ""
    claim: str = "preferred_username"


class DeskSettings(msgspec.Struct, frozen=True):
    """How officers log in, and how browsers reach the desk (empty: by whatever address they use).

    ``proxies`` are networks from which a forwarded address is believed.
    """

    public_url: str = ""
    demo_login: bool = False
    provider: Provider | None = None
    proxies: tuple[str, ...] = ()

    @property
    def secure(self) -> bool:
        """Whether cookies travel over TLS only."""
        return self.public_url.startswith("https://")


def desk_settings(settings: Settings) -> DeskSettings:
    """The desk's part of the settings; raise SettingError for those that contradict each other."""
    if settings.demo_login and settings.api_host not in LOOPBACK:
        message = f"MOTCUA_DEMO_LOGIN lets anyone in and MOTCUA_API_HOST is {settings.api_host}: only loopback will do"
        raise SettingError(message)
    if settings.demo_login and settings.oidc_issuer:
        message = "MOTCUA_DEMO_LOGIN and MOTCUA_OIDC_ISSUER are both set; one of them says how officers log in"
        raise SettingError(message)
    url = settings.public_url or f"http://{settings.api_host}:{settings.api_port}"
    proxies = tuple(text.strip() for text in settings.trusted_proxies.split(",") if text.strip())
    return DeskSettings(url, settings.demo_login, _provider(settings), proxies)


def _provider(settings: Settings) -> Provider | None:
    if not settings.oidc_issuer:
        return None
    if not settings.oidc_client_id:
        message = "MOTCUA_OIDC_ISSUER is set and MOTCUA_OIDC_CLIENT_ID is not"
        raise SettingError(message)
    if urlsplit(settings.oidc_issuer).scheme != "https" and urlsplit(settings.oidc_issuer).hostname not in LOOPBACK:
        message = "MOTCUA_OIDC_ISSUER is not reached over https; only a provider on the loopback address may be"
        raise SettingError(message)
    secret = ""
    if settings.oidc_client_secret_file is not None:
        try:
            secret = settings.oidc_client_secret_file.read_text().strip()
        except OSError as error:
            message = f"MOTCUA_OIDC_CLIENT_SECRET_FILE names a file that cannot be read: {error.strerror}"
            raise SettingError(message) from error
    return Provider(settings.oidc_issuer, settings.oidc_client_id, secret, settings.oidc_claim)
