"""A secret as the last part of the address: weak, and all that some carriers can do."""

import hmac

from activities.carriers.protocol import Callback, Keys, NotAuthentic


def check_secret(callback: Callback, keys: Keys) -> None:
    """Return where the address ends in a secret that is known; raise NotAuthentic."""
    given = callback.secret.encode("utf-8", "replace")
    if not any(hmac.compare_digest(given, known.encode()) for known in keys.path_secrets):
        raise NotAuthentic("secret_wrong", "the address does not end in a secret that is known here")
