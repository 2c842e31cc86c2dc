"""``motcua doctor``: looks at everything the system needs, and says in words what is wrong and what to do about it."""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from cli import output
from cli.findings import Finding, Verdict, of_figures
from cli.output import EXIT_FAILED, Json

if TYPE_CHECKING:
    from domain.calendar import CalendarSpec
    from runtime.settings import Settings
    from store.checkup import Checkup
    from store.database import Database

OLDEST_POSTGRES: Final = 15
CLOCK_SECONDS: Final = 2.0
"""By how much this machine's clock and the database's may differ: due moments are counted to the minute."""
AHEAD: Final = timedelta(days=366)
"""How far ahead calendars must reach: the longest periods in use are months, and a year's notice comes late."""
DISK_TIGHT, DISK_FULL = 5 * 2**30, 2**30
"""Free bytes below which there is a warning, and below which something is wrong."""
PROBE_SECONDS: Final = 10
"""How long a server may take to answer."""


def register(app: typer.Typer) -> None:
    """Add the command to an application."""
    app.command("doctor")(doctor)


def doctor(json: Json = False) -> None:
    """Look at settings, servers, workers, catalogue and disk; say what is wrong and what to do."""
    findings = asyncio.run(_findings())
    healthy = all(finding.verdict in {Verdict.SOUND, Verdict.WARNING} for finding in findings)
    if json:
        output.print_json({"healthy": healthy, "findings": findings})
    else:
        sys.stdout.write("".join(_lines(findings)))
    if not healthy:
        raise typer.Exit(EXIT_FAILED)


def _lines(findings: list[Finding]) -> Iterator[str]:
    width = max(len(finding.subject) for finding in findings)
    for finding in findings:
        yield f"{finding.verdict:<8} {finding.subject:<{width}}  {finding.found}\n"
        if finding.advice:
            yield f"{'':<8} {'':<{width}}  -> {finding.advice}\n"
    worse = {verdict: sum(finding.verdict is verdict for finding in findings) for verdict in Verdict}
    yield (
        f"\n{len(findings)} looked at: {worse[Verdict.WRONG]} wrong, {worse[Verdict.WARNING]} to be watched, "
        f"{worse[Verdict.UNKNOWN]} not known\n"
    )


async def _findings() -> list[Finding]:
    from runtime import settings
    from runtime.errors import SettingError

    try:
        chosen = settings.load(os.environ)
    except SettingError as error:
        return [Finding("settings", Verdict.WRONG, str(error), "correct this variable, then look again")]
    return [
        *_settings(chosen),
        *[finding async for finding in _database(chosen)],
        *[finding async for finding in _temporal(chosen)],
        _disk(chosen.state_dir),
    ]


def _settings(chosen: "Settings") -> Iterator[Finding]:
    from runtime.errors import SettingError
    from runtime.tokens import read_secret
    from runtime.wrapping import read_wrapping_keys

    wanted: tuple[tuple[str, Callable[[], object], str], ...] = (
        ("database setting", chosen.require_database, "set it, or start an embedded system with 'motcua up'"),
        ("Temporal setting", chosen.require_temporal, "set it, or start an embedded system with 'motcua up'"),
        ("signing key", lambda: read_secret(chosen.secret_file), "give every API process the same file"),
        ("wrapping keys", lambda: read_wrapping_keys(chosen.wrapping_key_file), "give every process the same file"),
    )
    for subject, read, advice in wanted:
        try:
            read()
        except SettingError as error:
            yield Finding(subject, Verdict.WRONG, str(error), advice)
        else:
            yield Finding(subject, Verdict.SOUND, "given and readable")


async def _database(chosen: "Settings") -> AsyncIterator[Finding]:
    from runtime.errors import OperationalError
    from store import checkup, migrate
    from store.database import Database
    from store.errors import StoreUnavailable

    if not chosen.database_url:
        return
    async with Database(chosen.database_url, size=2, name="motcua-doctor") as database:
        try:
            seen = await checkup.examine(database)
        except StoreUnavailable as error:
            advice = "start PostgreSQL, or correct MOTCUA_DATABASE_URL (host, port, name of the database, password)"
            yield Finding("PostgreSQL", Verdict.WRONG, str(error), advice)
            return
        yield _version(seen)
        yield _clock(seen)
        yield _rights(seen)
        if seen.lacking:
            yield Finding("schema", Verdict.UNKNOWN, f"{seen.role} may not look at it")
            return
        try:
            missing = await asyncio.to_thread(migrate.pending, chosen.database_url)
        except OperationalError as error:
            yield Finding("schema", Verdict.WRONG, str(error), "run the program that this database was migrated with")
            return
        if missing:
            found = f"lacks {len(missing)} of this program's migrations, the next one is {missing[0]}"
            yield Finding("schema", Verdict.WRONG, found, "run 'motcua migrate', then look again")
            return
        yield Finding("schema", Verdict.SOUND, f"at {migrate.head()}, which is this program's")
        async for finding in _contents(database):
            yield finding
        async for finding in _seals(chosen, database):
            yield finding


def _version(seen: "Checkup") -> Finding:
    if seen.version < OLDEST_POSTGRES:
        advice = f"move the database to PostgreSQL {OLDEST_POSTGRES} or newer"
        return Finding("PostgreSQL", Verdict.WRONG, f"answers, and is version {seen.version}", advice)
    return Finding("PostgreSQL", Verdict.SOUND, f"answers, version {seen.version}")


def _clock(seen: "Checkup") -> Finding:
    apart = abs((datetime.now(UTC) - seen.clock).total_seconds())
    if apart > CLOCK_SECONDS:
        found = f"this machine's clock and the database's are {apart:.0f} s apart"
        return Finding("clock", Verdict.WRONG, found, "synchronise both with NTP: lateness is judged by these clocks")
    return Finding("clock", Verdict.SOUND, "agrees with the database's")


def _rights(seen: "Checkup") -> Finding:
    from store.roles import APPLICATION

    if seen.lacking:
        found = f"{seen.role} lacks {', '.join(seen.lacking)}"
        advice = f"let MOTCUA_DATABASE_URL log in as {APPLICATION}, and run 'motcua migrate' as the owner"
        return Finding("rights", Verdict.WRONG, found, advice)
    if seen.superuser or seen.beyond:
        why = "is a superuser" if seen.superuser else f"has {', '.join(seen.beyond)}"
        advice = f"let MOTCUA_DATABASE_URL log in as {APPLICATION}; keep the owner for MOTCUA_MIGRATION_URL"
        return Finding("rights", Verdict.WRONG, f"{seen.role} {why}, so history is not safe from this program", advice)
    return Finding("rights", Verdict.SOUND, f"{seen.role} has what it needs, and cannot change history")


async def _contents(database: "Database") -> AsyncIterator[Finding]:
    """What stands in the tables: how far the projections are, the catalogue, the calendars."""
    from store.gauges import Gauges

    figures = await Gauges(database).read(datetime.now(UTC))
    for finding in of_figures(figures):
        yield finding
    yield await _catalogue(database)
    yield await _calendars(database)


async def _seals(chosen: "Settings", database: "Database") -> AsyncIterator[Finding]:
    """Whether the wrapping keys are those of the personal data; nothing where there are none to look at."""
    from runtime.errors import SettingError
    from store.keys import Vault, wrapping_keys_of

    try:
        foreign = await Vault(database, wrapping_keys_of(chosen)).sealed_by_others()
    except SettingError:
        return
    if foreign:
        found = f"the personal data of {foreign} dossiers are sealed by a key that is not in the file"
        advice = "put the lost key's line back behind the first; without it these names can never be read"
        yield Finding("personal data", Verdict.WARNING, found, advice)
    else:
        yield Finding("personal data", Verdict.SOUND, "sealed by keys that are here")


async def _catalogue(database: "Database") -> Finding:
    from domain.authority import Authority
    from domain.procedure import Procedure
    from store.references import Kind, References

    references, today = References(database), datetime.now(UTC).date()
    procedures = len(await references.all_current(Kind.PROCEDURE, today, Procedure))
    authorities = len(await references.all_current(Kind.AUTHORITY, today, Authority))
    found = f"{procedures} procedures and {authorities} authorities in force"
    if not procedures or not authorities:
        return Finding("catalogue", Verdict.WRONG, found, "run 'motcua catalogue load DIR'")
    return Finding("catalogue", Verdict.SOUND, found)


async def _calendars(database: "Database") -> Finding:
    from domain.calendar import CalendarSpec
    from store.references import Kind, References

    today = datetime.now(UTC).date()
    calendars = await References(database).all_current(Kind.CALENDAR, today, CalendarSpec)
    if not calendars:
        return Finding("calendars", Verdict.WRONG, "none is in force", "run 'motcua catalogue load DIR'")
    now = [calendar.id for calendar in calendars if not _knows(calendar.value, today)]
    soon = [calendar.id for calendar in calendars if not _knows(calendar.value, today + AHEAD)]
    advice = "publish them with the next years' days off: 'motcua calendar publish FILE'"
    if now:
        return Finding("calendars", Verdict.WRONG, f"{', '.join(now)}: do not know this year", advice)
    if soon:
        found = f"{', '.join(soon)}: end before {today + AHEAD}"
        return Finding("calendars", Verdict.WARNING, found, advice)
    return Finding("calendars", Verdict.SOUND, f"{len(calendars)} reach to {today + AHEAD} and beyond")


def _knows(spec: "CalendarSpec", day: date) -> bool:
    first, last = spec.known_years()
    return first <= day.year <= last


async def _temporal(chosen: "Settings") -> AsyncIterator[Finding]:
    from runtime import temporal
    from runtime.errors import OperationalError

    if not chosen.temporal_address:
        return
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            client = await temporal.connect(chosen)
            await temporal.ping(client)
    except (OperationalError, TimeoutError) as error:
        found = str(error) or f"no answer within {PROBE_SECONDS} s"
        advice = (
            "start Temporal, or correct MOTCUA_TEMPORAL_ADDRESS and MOTCUA_TEMPORAL_NAMESPACE; "
            "if its data are lost, 'motcua revive' starts all open dossiers from the database"
        )
        yield Finding("Temporal", Verdict.WRONG, found, advice)
        yield Finding("workers", Verdict.UNKNOWN, "Temporal cannot be asked")
        return
    yield Finding("Temporal", Verdict.SOUND, f"answers, namespace {chosen.temporal_namespace}")
    yield await _workers(chosen)


async def _workers(chosen: "Settings") -> Finding:
    """Whether somebody runs dossiers in every namespace that the catalogue names."""
    from runtime import temporal
    from runtime.errors import OperationalError
    from store.database import Database
    from workers.neighbours import dossiers_of
    from workflows.client import DossiersUnavailable

    try:
        async with (
            asyncio.timeout(PROBE_SECONDS),
            Database(chosen.require_database(), size=1, name="motcua-doctor") as database,
        ):
            dossiers = dossiers_of(chosen, database, await temporal.connect(chosen))
            served = [one.namespace for one in await dossiers.clients()]
            unmanned = await dossiers.unmanned()
    except (OperationalError, DossiersUnavailable, TimeoutError):
        advice = "see to the database first, and to the namespaces that the catalogue's authorities name"
        return Finding("workers", Verdict.UNKNOWN, "not all namespaces can be asked", advice)
    where = f" in {', '.join(served)}" if len(served) > 1 else ""
    if not unmanned:
        return Finding("workers", Verdict.SOUND, f"poll the task queue {chosen.task_queue}{where}")
    where = f" of the namespace {', '.join(unmanned)}" if len(served) > 1 else ""
    found = f"nobody has polled the task queue {chosen.task_queue}{where} in the last minutes"
    advice = "start 'motcua worker' with the same MOTCUA_TASK_QUEUE and MOTCUA_TEMPORAL_NAMESPACE"
    return Finding("workers", Verdict.WRONG, found, advice)


def _disk(state: Path) -> Finding:
    """The disk below the state directory, or below the nearest directory above it that exists."""
    place = next(path for path in (state.absolute(), *state.absolute().parents) if path.exists())
    free = shutil.disk_usage(place).free
    found = f"{free / 2**30:.1f} GiB free at {place}"
    if free < DISK_FULL:
        return Finding("disk", Verdict.WRONG, found, "make room now: PostgreSQL stops when its disk is full")
    if free < DISK_TIGHT:
        return Finding("disk", Verdict.WARNING, found, "make room, or move the state directory to a larger disk")
    return Finding("disk", Verdict.SOUND, found)
