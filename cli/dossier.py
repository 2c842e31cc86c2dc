"""``motcua dossier``: one dossier from the store: how it stands or stood, what happened to it, why it is due when."""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, TypeVar

import typer

from cli.deadline import Language, print_explanation
from cli.output import BadInput, Failed, Json, print_json

if TYPE_CHECKING:
    from datetime import tzinfo

    from domain.clock import Clock
    from domain.dossier.rules import Rules
    from domain.dossier.state import Dossier
    from domain.record import Record
    from store.journal import Journal
    from store.rules_source import PinnedRules

T = TypeVar("T")

Code = Annotated[str, typer.Argument(metavar="CODE", help="A dossier's code; CODE/L1 for its linked part L1.")]


def register(app: typer.Typer) -> None:
    """Add the commands to an application."""
    group = typer.Typer(no_args_is_help=True, help="Look at one dossier: its state, its events, its deadlines.")
    group.command("show")(show)
    group.command("events")(events)
    group.command("explain")(explain)
    group.command("shred")(shred)
    app.add_typer(group, name="dossier")


def show(
    code: Code,
    as_recorded_at: Annotated[
        str | None, typer.Option(metavar="T", help="As the system knew it then: ISO 8601 with an offset.")
    ] = None,
    as_occurred_at: Annotated[
        str | None, typer.Option(metavar="T", help="As it was in the world then, by what is known today.")
    ] = None,
    json: Json = False,
) -> None:
    """Show a dossier as it stands, or as it stood on either axis of time; both options together give both."""
    from domain.moment import parse_moment

    recorded = parse_moment(as_recorded_at) if as_recorded_at else None
    occurred = parse_moment(as_occurred_at) if as_occurred_at else None
    shown = _ask(lambda store: _shown(store, code, recorded, occurred))
    if json:
        print_json(shown)
    else:
        _print_fields(shown)


def events(code: Code, json: Json = False) -> None:
    """List everything that happened to a dossier and its linked parts, in order of recording."""
    listed = _ask(lambda store: _listed(store, code))
    if json:
        print_json({"code": code, "events": listed})
    else:
        _print_events(listed)


def explain(
    code: Code,
    lang: Annotated[Language, typer.Option(help="The language of the explanation.")] = Language.VI,
    json: Json = False,
) -> None:
    """Explain the dossier's clocks line by line: what was counted, what was not, and why."""
    from domain.deadline import explain as explained

    clocks = _ask(lambda store: _clocks(store, code))
    found = {name: (clock, explained(calendar, clock)) for name, (clock, calendar) in clocks.items()}
    if json:
        plain = {name: {"budget": clock.budget, **why.plain(lang.value)} for name, (clock, why) in found.items()}
        everything = dict.fromkeys(("statutory", "committed", "stage")) | plain
        print_json({"code": code, "language": lang.value, **everything})
        return
    for name, (clock, why) in found.items():
        typer.echo(CLOCKS[lang][name])
        print_explanation(why, clock, lang)
    if not found:
        typer.echo(CLOCKS[lang]["none"])


CLOCKS = {
    Language.VI: {
        "statutory": "Thời hạn theo quy định",
        "committed": "Thời hạn đã cam kết (hẹn trả kết quả)",
        "stage": "Thời hạn của bước đang mở",
        "none": "Hồ sơ không có thời hạn nào đang tính",
    },
    Language.EN: {
        "statutory": "The law's period",
        "committed": "The committed period (the appointment)",
        "stage": "The open stage",
        "none": "No clock of this dossier is counted",
    },
}


class Store(NamedTuple):
    """What the commands read from."""

    journal: "Journal"
    rules: "PinnedRules"

    async def read(self, code: str) -> "list[Record]":
        """The events of a stream. Raises BadInput where there is none."""
        from domain.ids import Stream

        records = await self.journal.read(Stream(code.strip()))
        if not records:
            message = f'there is no dossier "{code}"'
            raise BadInput(message, code="dossier_unknown")
        return records

    async def with_parts(self, code: str) -> "list[Record]":
        """The events of a dossier and all its linked parts, in order of recording."""
        records = await self.read(code)
        for part in await self._parts(records):
            records += part
        return sorted(records, key=lambda record: (record.recorded_at, record.stream, record.version))

    async def _parts(self, records: "list[Record]") -> "list[list[Record]]":
        from domain.dossier.history import state_of
        from domain.link import part_of

        found: list[list[Record]] = []
        for link in state_of(records).links:
            part = await self.journal.read(part_of(records[0].stream, link.id, link.attempt))
            if part:
                found += [part, *await self._parts(part)]
        return found


def shred(
    code: Code,
    confirm: Annotated[
        str, typer.Option("--confirm", metavar="CODE", help="The code again: this cannot be undone.")
    ] = "",
    json: Json = False,
) -> None:
    """Destroy the key of a dossier's personal data: they become unreadable everywhere, for ever; events stay."""
    if confirm != code:
        message = f"nothing was shredded: repeat the code to confirm, --confirm {code}"
        raise BadInput(message, code="not_confirmed")
    _ask(lambda store: store.read(code))
    asyncio.run(_shredded(code))
    if json:
        print_json({"shredded": code})
    else:
        typer.echo(f"the personal data of {code} can no longer be read by anybody")


async def _shredded(code: str) -> None:
    from runtime import settings
    from store.database import Database
    from store.keys import Vault, wrapping_keys_of

    chosen = settings.load(os.environ)
    keys = wrapping_keys_of(chosen)
    async with Database(chosen.require_database(), size=1, name="motcua-shred") as database:
        await Vault(database, keys).shred(code)


def _ask(question: Callable[[Store], Awaitable[T]]) -> T:
    """Ask the store that the settings name, or the one of the system that runs beside us."""
    from runtime import settings
    from store import migrate

    # That a database is away is told once, as a sentence.
    logging.getLogger("psycopg").setLevel(logging.CRITICAL)
    url = settings.load(os.environ).require_database()
    if migrate.pending(url):
        message = "the database lacks migrations; run 'motcua migrate' first"
        raise Failed(message, code="schema_outdated")
    return asyncio.run(_asked(url, question))


async def _asked(url: str, question: Callable[[Store], Awaitable[T]]) -> T:
    from store.database import Database
    from store.postgres import PostgresJournal
    from store.rules_source import PinnedRules

    async with Database(url, size=2, name="motcua-dossier") as database:
        return await question(Store(PostgresJournal(database), PinnedRules(database)))


async def _shown(store: Store, code: str, recorded: datetime | None, occurred: datetime | None) -> dict[str, Any]:
    """The dossier's view, its judgement and whose time it was, as of the moments asked for."""
    import msgspec

    from domain.dossier.history import state_of
    from domain.dossier.summary import summarise, timeliness_now, working_minutes

    records = await store.read(code)
    known = [
        record
        for record in records
        if (recorded is None or record.recorded_at <= recorded) and (occurred is None or record.occurred_at <= occurred)
    ]
    if not known:
        first = records[0]
        message = (
            f"nothing of {first.stream} was there by then: it was first recorded at {first.recorded_at.isoformat()}, "
            f"and occurred at {first.occurred_at.isoformat()}"
        )
        raise BadInput(message, code="nothing_yet")
    state = state_of(known)
    rules = await store.rules.rules_of(known[0].stream, state)
    zone = rules.calendar().zone
    now = min((moment for moment in (recorded, occurred) if moment is not None), default=datetime.now(zone))
    view = msgspec.to_builtins(summarise(rules, state, known[0].stream), builtin_types=(datetime,))
    shown: dict[str, Any] = _local(
        {
            **view,
            "lateness": timeliness_now(rules, state, now),
            "overdue_stages": state.overdue_stages,
            "working_minutes": working_minutes(rules, state, now) if state.received_at else {},
            "links": {link.id: link.state.value for link in state.links},
            "as_recorded_at": recorded,
            "as_occurred_at": occurred,
        },
        zone,
    )
    return shown


async def _clocks(store: Store, code: str) -> "dict[str, tuple[Clock, Any]]":
    """The clocks that the dossier has, each with the calendar it counts by."""
    from domain.dossier.clocks import clock_of
    from domain.dossier.events import ClockName
    from domain.dossier.history import state_of

    records = await store.read(code)
    state = state_of(records)
    rules = await store.rules.rules_of(records[0].stream, state)
    found = {name: clock_of(rules, state, name) for name in ClockName}
    return {name.value: (clock, _calendar(rules, state, name.value)) for name, clock in found.items() if clock}


def _calendar(rules: "Rules", state: "Dossier", name: str) -> Any:  # noqa: ANN401  # a compiled calendar
    """A stage counts by its authority's calendar, the dossier by that of the authority that decides."""
    return rules.calendar(state.task.authority if name == "stage" and state.task else None)


async def _listed(store: Store, code: str) -> list[dict[str, Any]]:
    """The events, their times in the authority's zone."""
    from domain.dossier.history import state_of

    own = await store.read(code)
    rules = await store.rules.rules_of(own[0].stream, state_of(own))
    return [_local(_event(record), rules.calendar().zone) for record in await store.with_parts(code)]


def _event(record: "Record") -> dict[str, Any]:
    import msgspec

    code, _, part = record.stream.partition("/")
    return {
        "code": code,
        "part": part,
        "version": record.version,
        "type": record.type,
        "occurred_at": record.occurred_at,
        "recorded_at": record.recorded_at,
        "actor": record.actor,
        "authority": record.authority,
        "on_behalf_of": record.on_behalf_of,
        "command_id": record.command_id,
        "data": msgspec.json.decode(record.data),
        "hash": record.hash.hex(),
    }


def _local(value: Any, zone: "tzinfo") -> Any:  # noqa: ANN401  # plain values of any shape
    """The same values, every moment in the authority's local time."""
    match value:
        case datetime():
            return value.astimezone(zone)
        case dict():
            return {key: _local(item, zone) for key, item in value.items()}
        case list() | tuple():
            return [_local(item, zone) for item in value]
        case _:
            return value


def _print_fields(shown: dict[str, Any]) -> None:
    """One field a line; what is empty is left out."""
    from rich.console import Console
    from rich.table import Table

    table = Table(show_header=False, box=None)
    for name, value in shown.items():
        if value not in (None, "", [], {}):
            table.add_row(name.replace("_", " "), _text(value))
    Console(highlight=False).print(table)


def _text(value: Any) -> str:  # noqa: ANN401  # plain values of any shape
    match value:
        case datetime():
            return f"{value:%Y-%m-%d %H:%M}"
        case dict():
            return ", ".join(f"{key} {_text(item)}" for key, item in value.items() if item not in (None, ""))
        case list():
            return "\n".join(_text(item) for item in value)
        case _:
            return str(value)


def _print_events(listed: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table()
    for name in ("part", "version", "recorded", "event", "by", "what"):
        table.add_column(name, no_wrap=name in {"version", "recorded", "event"})
    for event in listed:
        late = event["occurred_at"] != event["recorded_at"]
        what = ", ".join(f"{key} {_text(value)}" for key, value in event["data"].items() if key in TELLING)
        occurred = f"occurred {event['occurred_at']:%Y-%m-%d %H:%M}; " if late else ""
        row = (
            event["part"],
            str(event["version"]),
            f"{event['recorded_at']:%Y-%m-%d %H:%M}",
            event["type"],
            f"{event['actor']} on behalf of {event['on_behalf_of']}" if event["on_behalf_of"] else event["actor"],
        )
        table.add_row(*map(Text, row), Text(occurred + what))
    Console(highlight=False).print(table)


TELLING = frozenset(
    {
        "stage",
        "outcome",
        "clock",
        "due",
        "old",
        "new",
        "reason",
        "channel",
        "ending",
        "link",
        "officer",
        "effect",
        "why",
    }
)
"""Fields of events that are shown to people; ``--json`` gives all."""
