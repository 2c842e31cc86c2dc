"""``motcua dossier``: a dossier that lived in PostgreSQL, looked at from the command line."""

import asyncio

import msgspec
import pytest
from typer.testing import CliRunner, Result

from catalogue.loading import load_catalogue
from cli import main
from cli.faults import describe
from domain.dossier.codec import new_event, order_digest
from domain.dossier.commands import (
    Command,
    CompleteTask,
    IssueResult,
    Order,
    ProvideSupplement,
    Receive,
    RequestSupplement,
)
from domain.dossier.decider import decide
from domain.dossier.draft import Draft
from domain.dossier.history import state_of
from domain.dossier.rules import Rules, make_rules
from domain.dossier.state import NEW
from domain.dossier.summary import summarise
from domain.dossier.view import DossierView
from domain.ids import AuthorityId, CalendarId, CommandId, OfficerId, ProcedureCode, Stream
from domain.moment import parse_moment
from domain.period import parse_period
from domain.procedure import Procedure, StageKind, Step
from domain.record import NO_HASH, Append, Record
from store.database import Database as Pool
from store.postgres import PostgresJournal
from store.references import Kind, References
from store.rules_source import LAW_ID
from tests.support.databases import Database

CODE = Stream("H99.24-260302-0001")
PROCEDURE = Procedure(
    id=ProcedureCode("P"),
    authority=AuthorityId("X1"),
    committed=parse_period("5 working_day"),
    route=(
        Step(stage=StageKind.RECEIVE),
        Step(stage=StageKind.APPRAISE, budget=parse_period("24 working_hour")),
        Step(stage=StageKind.APPROVE, budget=parse_period("8 working_hour")),
        Step(stage=StageKind.RETURN),
    ),
)
LIFE: tuple[tuple[str, str | None, Command], ...] = (
    ("2026-03-02T08:00+07:00", None, Receive(procedure=ProcedureCode("P"))),
    ("2026-03-04T10:00+07:00", None, RequestSupplement(reason="a map")),
    ("2026-03-11T10:00+07:00", None, ProvideSupplement()),
    ("2026-03-12T08:00+07:00", None, CompleteTask("appraise")),
    ("2026-03-13T08:00+07:00", None, CompleteTask("approve")),
    ("2026-03-18T09:00+07:00", "2026-03-16T15:00+07:00", IssueResult(number="1/QD")),
)


def _rules() -> Rules:
    known = load_catalogue()
    return make_rules(known.law, PROCEDURE, known.calendars, CalendarId("vn-state"))


async def _live(url: str) -> None:
    """Write the dossier's life to the database, moments left out."""
    rules = _rules()
    async with Pool(url, size=2) as pool:
        references, journal = References(pool), PostgresJournal(pool)
        await references.store(Kind.LAW, LAW_ID, rules.law)
        await references.store(Kind.PROCEDURE, rules.procedure.id, rules.procedure)
        for spec in rules.calendars.values():
            await references.store(Kind.CALENDAR, spec.id, spec)
        records: list[Record] = []
        for number, (at, occurred, command) in enumerate(LIFE):
            order = Order(
                CommandId(f"c{number}"),
                command,
                parse_moment(at),
                parse_moment(occurred) if occurred else None,
                OfficerId("lan"),
                on_behalf_of="chief" if command == CompleteTask("approve") else "",
            )
            events = decide(rules, state_of(records) if records else NEW, order)
            new = tuple(new_event(event, order) for event in events)
            head = records[-1].hash if records else NO_HASH
            view = _view(rules, records, order)
            append = Append(CODE, len(records), head, order.id, order_digest(order), new, view)
            records += (await journal.append(append)).records


def _view(rules: Rules, records: list[Record], order: Order) -> DossierView:
    draft = Draft(rules, state_of(records) if records else NEW, order)
    for event in decide(rules, draft.state, order):
        draft.add(event)
    return summarise(rules, draft.state, CODE)


@pytest.fixture(scope="module")
def database_url(module_database: Database) -> str:
    """A database in which the dossier has lived."""
    asyncio.run(_live(module_database.app_url))
    return module_database.app_url


def run(database_url: str, *arguments: str) -> Result:
    """Run ``motcua dossier`` against the database."""
    env = {"MOTCUA_DATABASE_URL": database_url, "COLUMNS": "200"}
    return CliRunner().invoke(main.build("dossier"), ["dossier", *arguments], env=env)


def shown(database_url: str, *arguments: str) -> dict[str, object]:
    """What ``show --json`` prints."""
    answer = run(database_url, "show", CODE, "--json", *arguments)
    assert answer.exit_code == 0, answer.exception
    result: dict[str, object] = msgspec.json.decode(answer.output)
    return result


def test_shows_how_it_stands(database_url: str) -> None:
    """State, due moments in local time, judgement on both axes, whose time it was."""
    now = shown(database_url)
    assert now["portal_state"] == 9
    assert now["committed_due"] == "2026-03-16T17:30:00+07:00"
    assert (now["timeliness"], now["timeliness_as_recorded"]) == ("on_time", "late")
    assert now["working_minutes"] == {"citizen": 2400, "post": 0, "X1": 2700}
    assert "2026-03-16 17:30" in run(database_url, "show", CODE).output


def test_shows_what_was_known_then(database_url: str) -> None:
    """On 12 March the result was not ready; on the 17th it was in the world, and not yet in the record."""
    waiting = shown(database_url, "--as-recorded-at", "2026-03-05T00:00+07:00")
    assert (waiting["portal_state"], waiting["committed_due"]) == (5, None)
    recorded = shown(database_url, "--as-recorded-at", "2026-03-17T00:00+07:00")
    assert (recorded["ready_at"], recorded["lateness"]) == (None, "open_overdue")
    occurred = shown(database_url, "--as-occurred-at", "2026-03-17T00:00+07:00")
    assert (occurred["ready_at"], occurred["lateness"]) == ("2026-03-16T15:00:00+07:00", "on_time")
    both = shown(
        database_url, "--as-occurred-at", "2026-03-17T00:00+07:00", "--as-recorded-at", "2026-03-17T00:00+07:00"
    )
    assert both["ready_at"] is None


def test_lists_what_happened(database_url: str) -> None:
    """Every event in order of recording, both times of each."""
    answer = msgspec.json.decode(run(database_url, "events", CODE, "--json").output)
    listed = answer["events"]
    assert [event["version"] for event in listed] == list(range(1, len(listed) + 1))
    issued = next(event for event in listed if event["type"] == "result.issued")
    assert (issued["occurred_at"], issued["recorded_at"]) == ("2026-03-16T15:00:00+07:00", "2026-03-18T09:00:00+07:00")
    assert issued["data"] == {"number": "1/QD"}
    assert [event["type"] for event in listed if event["on_behalf_of"] == "chief"][:2] == [
        "task.completed",
        "result.approved",
    ]
    printed = run(database_url, "events", CODE).output
    assert "supplement.requested" in printed
    assert "lan on behalf of chief" in printed


def test_explains_the_clocks(database_url: str) -> None:
    """Segments whose counted days are the budget, in both languages."""
    plain = msgspec.json.decode(run(database_url, "explain", CODE, "--json", "--lang", "en").output)
    assert plain["statutory"] is None
    assert plain["committed"]["due"] == "2026-03-16T17:30:00+07:00"
    counted = [segment for segment in plain["committed"]["segments"] if segment["kind"] == "counted"]
    assert sum(segment["days"] for segment in counted) == pytest.approx(5)
    paused = next(segment for segment in plain["committed"]["segments"] if segment["kind"] == "paused")
    assert (paused["from"], paused["to"]) == ("2026-03-04T10:00:00+07:00", "2026-03-11T10:00:00+07:00")
    assert "The committed period" in run(database_url, "explain", CODE, "--lang", "en").output
    assert "Thời hạn đã cam kết" in run(database_url, "explain", CODE).output


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("show", "H99.24-260302-9999"), "dossier_unknown"),
        (("events", "no code at all"), "dossier_unknown"),
        (("explain", ""), "dossier_unknown"),
        (("show", CODE, "--as-recorded-at", "yesterday"), "invalid_moment"),
        (("show", CODE, "--as-recorded-at", "2026-03-05"), "invalid_moment"),
        (("show", CODE, "--as-recorded-at", "2020-01-01T00:00Z"), "nothing_yet"),
    ],
)
def test_what_is_not_there(database_url: str, arguments: tuple[str, ...], code: str) -> None:
    """A sentence and a stable code."""
    answer = run(database_url, *arguments)
    assert answer.exception is not None
    assert describe(answer.exception).code == code  # type: ignore[arg-type]
