"""Who is told of which events: webhook subscriptions, their secrets sealed."""

import contextlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import msgspec

from store.database import Connection, Database
from store.errors import BrokenSeal
from store.strongbox import Strongbox

OVERLAP: Final = timedelta(hours=24)
"""How long a secret that was changed still signs beside the new one, so that the receiver can change over in peace."""


class Subscription(msgspec.Struct, frozen=True):
    """Who is told of events of these types (none: of all) at this authority (empty: at all).

    ``secrets`` sign: the current one and, for a while, the one before; they are left out where nothing is to be signed.
    ``reason`` says why it is not ``enabled``.
    """

    id: str
    authority: str
    types: tuple[str, ...]
    url: str
    secrets: tuple[str, ...] = ()
    enabled: bool = True
    reason: str = ""


_SUBSCRIBE: Final = b"""
    INSERT INTO webhook_subscriptions (id, authority, types, url, secret)
    VALUES (%(id)s, %(authority)s, %(types)s, %(url)s, %(secret)s)
    ON CONFLICT (id) DO UPDATE SET authority = excluded.authority, types = excluded.types, url = excluded.url,
        enabled = true, reason = ''
"""
_HOLD: Final = b"SELECT secret FROM webhook_subscriptions WHERE id = %s FOR UPDATE"
_CHANGE: Final = b"""
    UPDATE webhook_subscriptions
    SET previous_secret = secret, previous_until = clock_timestamp() + %(overlap)s, secret = %(secret)s
    WHERE id = %(id)s
"""
_ALL: Final = b"""
    SELECT id, authority, types, url, secret, enabled, reason,
        CASE WHEN previous_until > clock_timestamp() THEN previous_secret END
    FROM webhook_subscriptions
"""
_LIST: Final = _ALL + b" ORDER BY id"
_ONE: Final = _ALL + b" WHERE id = %s"
_DISABLE: Final = b"UPDATE webhook_subscriptions SET enabled = false, reason = %s WHERE id = %s"
_UNSUBSCRIBE: Final = b"DELETE FROM webhook_subscriptions WHERE id = %s"


class Subscriptions:
    """Subscriptions over a pool of connections. Every method raises StoreUnavailable where PostgreSQL is away."""

    def __init__(self, database: Database, strongbox: Strongbox) -> None:
        """Keep them in ``database``, their secrets sealed by ``strongbox``."""
        self._database = database
        self._strongbox = strongbox

    async def subscribe(self, subscription: Subscription) -> bool:
        """Add a subscription, or change and enable the one of this id; tells whether it is new.

        The first of ``secrets`` signs from now on (none: the one that is known goes on); one that it takes the place of
        signs too for ``OVERLAP``. Safe to repeat.
        """
        row = {
            "id": subscription.id,
            "authority": subscription.authority,
            "types": msgspec.json.encode(subscription.types).decode(),
            "url": subscription.url,
            "secret": "",
        }

        async def work(connection: Connection) -> bool:
            async with connection.transaction():
                held = await (await connection.execute(_HOLD, (subscription.id,))).fetchone()
                if held is None:
                    row["secret"] = self._sealed(subscription.id, subscription.secrets[0])
                elif subscription.secrets and not self._is(subscription.id, held[0], subscription.secrets[0]):
                    sealed = self._sealed(subscription.id, subscription.secrets[0])
                    await connection.execute(_CHANGE, {"id": subscription.id, "secret": sealed, "overlap": OVERLAP})
                await connection.execute(_SUBSCRIBE, row)
                return held is None

        return await self._database.run(work)

    async def unsubscribe(self, subscription: str) -> bool:
        """Remove a subscription; tells whether there was one."""

        async def work(connection: Connection) -> bool:
            return (await connection.execute(_UNSUBSCRIBE, (subscription,))).rowcount > 0

        return await self._database.run(work)

    async def all(self) -> list[Subscription]:
        """All of them by their ids, those that are disabled too, without their secrets."""
        return [_subscription(row) for row in await self._fetch(_LIST, ())]

    async def find(self, subscription: str) -> Subscription | None:
        """One of them (none: there is no such one), without its secrets."""
        rows = await self._fetch(_ONE, (subscription,))
        return _subscription(rows[0]) if rows else None

    async def signing(self, subscription: str) -> Subscription | None:
        """One of them with its secrets (none: there is no such one). Raises BrokenSeal.

        The secret before the present one only signs beside it, so where it cannot be read any more it does not.
        """
        rows = await self._fetch(_ONE, (subscription,))
        if not rows:
            return None
        row = rows[0]
        secrets = [self._opened(row[0], row[4])]
        if row[7]:
            with contextlib.suppress(BrokenSeal):
                secrets.append(self._opened(row[0], row[7]))
        return _subscription(row, tuple(secrets))

    async def disable(self, subscription: str, reason: str) -> None:
        """Send nothing more to a subscriber."""

        async def work(connection: Connection) -> None:
            await connection.execute(_DISABLE, (reason.replace("\0", "")[:1000], subscription))

        await self._database.run(work)

    def _is(self, name: str, sealed: str, secret: str) -> bool:
        """Whether a sealed secret is this one; what cannot be read any more is not."""
        try:
            return self._opened(name, sealed) == secret
        except BrokenSeal:
            return False

    def _sealed(self, name: str, secret: str) -> str:
        return self._strongbox.seal(f"webhook {name}", secret)

    def _opened(self, name: str, sealed: str) -> str:
        return self._strongbox.open(f"webhook {name}", sealed)

    async def _fetch(self, statement: bytes, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        async def work(connection: Connection) -> list[tuple[Any, ...]]:
            return await (await connection.execute(statement, parameters)).fetchall()

        return await self._database.run(work)


def _subscription(row: tuple[Any, ...], secrets: tuple[str, ...] = ()) -> Subscription:
    return Subscription(row[0], row[1], tuple(row[2]), row[3], secrets, row[5], row[6])
