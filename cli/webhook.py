"""``motcua webhook``: who is told of which events, and what could not be delivered."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from cli import output
from cli.output import BadInput, Json

if TYPE_CHECKING:
    from runtime.settings import Settings
    from store.database import Database
    from store.outbox import Outbox
    from store.subscriptions import Subscriptions

T = TypeVar("T")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Webhooks, and all else that leaves us: subscribers, dead letters.")
    group.command("subscribe")(subscribe)
    group.command("rotate")(rotate)
    group.command("unsubscribe")(unsubscribe)
    group.command("list")(listed)
    group.command("dead")(dead)
    group.command("replay")(replay)
    group.command("discard")(discard)
    app.add_typer(group, name="webhook")


def subscribe(
    name: Annotated[str, typer.Argument(help="The subscription's id; a known one is changed and enabled.")],
    url: Annotated[str, typer.Argument(help="Where events are sent.")],
    authority: Annotated[str, typer.Option(help="Only events of this authority's dossiers.")] = "",
    kind: Annotated[list[str] | None, typer.Option("--type", help="Only events of this type; may be repeated.")] = None,
    json: Json = False,
) -> None:
    """Tell somebody of events; prints the secret that signs them, once."""
    from activities.carriers.signing import new_secret
    from domain.dossier.codec import EVENT_OF
    from store.subscriptions import Subscription

    types = tuple(kind or ())
    if unknown := sorted(set(types) - set(EVENT_OF)):
        message = f"there is no event type {unknown[0]}"
        raise BadInput(message, code="unknown_type")
    if not url.startswith(("https://", "http://")):
        message = f"{url!r} is not a URL like https://example.vn/hook"
        raise BadInput(message, code="invalid_url")
    secret = new_secret()

    async def work(subscriptions: "Subscriptions") -> bool:
        return await subscriptions.subscribe(Subscription(name, authority, types, url, (secret,)))

    _subscribed(work)
    _tell_secret(name, secret, json=json)


def rotate(
    name: Annotated[str, typer.Argument(help="The subscription's id.")],
    json: Json = False,
) -> None:
    """Sign with a new secret, which is printed; the old one signs beside it for 24 hours."""
    from activities.carriers.signing import new_secret

    secret = new_secret()

    async def work(subscriptions: "Subscriptions") -> None:
        from msgspec.structs import replace

        known = await subscriptions.find(name)
        if known is None:
            message = f"there is no subscription {name!r}; 'motcua webhook list' shows them"
            raise BadInput(message, code="subscription_unknown")
        await subscriptions.subscribe(replace(known, secrets=(secret,)))

    _subscribed(work)
    _tell_secret(name, secret, json=json)


def unsubscribe(name: Annotated[str, typer.Argument(help="The subscription's id.")]) -> None:
    """Tell somebody no more."""
    _subscribed(lambda subscriptions: subscriptions.unsubscribe(name))


def listed(json: Json = False) -> None:
    """List subscriptions, without their secrets."""
    found = [
        {"id": one.id, "authority": one.authority, "types": one.types, "url": one.url, "enabled": one.enabled,
         "reason": one.reason}
        for one in _subscribed(lambda subscriptions: subscriptions.all())
    ]  # fmt: skip
    if json:
        output.print_json({"subscriptions": found})
        return
    for one in found:
        state = "enabled" if one["enabled"] else f"ended: {one['reason']}"
        sys.stdout.write(f"{one['id']}  {one['url']}  {one['authority'] or 'all authorities'}  {state}\n")


def dead(
    after: Annotated[int, typer.Option(min=0, help="Only those with a higher number.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 100,
    json: Json = False,
) -> None:
    """List messages that were given up: webhooks, orders to carriers, states for the portal, notices."""
    letters = _run(lambda outbox: outbox.letters("dead", after, limit))
    if json:
        output.print_json({"letters": letters})
        return
    for letter in letters:
        sys.stdout.write(f"{letter.id}  {letter.kind}  {letter.key}  {letter.attempts} attempts  {letter.error}\n")


def replay(numbers: Annotated[list[int], typer.Argument(help="Numbers of dead letters.")], json: Json = False) -> None:
    """Send dead letters again."""
    done = _run(lambda outbox: outbox.replay(numbers))
    if json:
        output.print_json({"replayed": done})
    else:
        sys.stdout.write(f"{done} will be sent again\n")


def discard(numbers: Annotated[list[int], typer.Argument(help="Numbers of dead letters.")], json: Json = False) -> None:
    """Put dead letters aside for good: the receiver is gone, or knows by other means."""
    done = _run(lambda outbox: outbox.discard(numbers))
    if json:
        output.print_json({"discarded": done})
    else:
        sys.stdout.write(f"{done} will not be sent\n")


def _tell_secret(name: str, secret: str, *, json: bool) -> None:
    if json:
        output.print_json({"subscription": name, "secret": secret})
    else:
        sys.stdout.write(f"{secret}\n")


def _run(work: "Callable[[Outbox], Awaitable[T]]") -> T:
    from store.outbox import Outbox

    return _opened(lambda database, _: work(Outbox(database)))


def _subscribed(work: "Callable[[Subscriptions], Awaitable[T]]") -> T:
    from store.strongbox import strongbox_of
    from store.subscriptions import Subscriptions

    return _opened(lambda database, chosen: work(Subscriptions(database, strongbox_of(chosen))))


def _opened(work: "Callable[[Database, Settings], Awaitable[T]]") -> T:
    from runtime import settings
    from store.database import Database

    chosen = settings.load(os.environ)

    async def opened() -> T:
        async with Database(chosen.require_database(), size=2, name="motcua-webhook") as database:
            return await work(database, chosen)

    return asyncio.run(opened())
