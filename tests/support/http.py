"""A whole system for tests of the HTTP interface: a worker and a server in this process, on real servers."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import msgspec

from api.app import create_app
from api.desk.settings import DeskSettings
from api.limits import Rate
from api.main import listen, opened
from api.parts import Parts
from api.server import serve
from domain.authority import Authority, AuthorityKind, Level, Officer, Role
from domain.calendar_data import CalendarSpec, Weekday
from domain.ids import AuthorityId, CalendarId, OfficerId, ProcedureCode
from domain.period import parse_period
from domain.procedure import Component, LinkKind, LinkSpec, Procedure, StageKind, Step
from domain.supervision import Burst, Least, Supervision
from runtime import temporal
from runtime.embedded.temporal import EmbeddedTemporal
from runtime.settings import Settings
from runtime.tokens import issue_token
from store.database import Database
from store.postgres import PostgresJournal
from store.references import SUPERVISION_ID, Kind, References
from store.rules_source import LAW_ID, PinnedRules
from tests.domain.dossier.samples import LAW
from tests.support.databases import Database as TestDatabase
from workers.dossier import build_worker

SECRET = "a-secret-that-lives-as-long-as-the-test"
WRAPPING_KEY = bytes(range(32)).hex()
DESK, OFFICE, DEPARTMENT, STRANGER = (AuthorityId(name) for name in ("desk", "office", "department", "stranger"))
PLAIN, LINKED = ProcedureCode("1.000001"), ProcedureCode("1.000002")
UNLIMITED = Rate(per_second=1e6, burst=10**6)
_queues = itertools.count(1)
_agencies = itertools.count(10)

CALENDAR = CalendarSpec(
    id=CalendarId("always"),
    timezone="Asia/Ho_Chi_Minh",
    hours=dict.fromkeys(Weekday, ("07:30-11:30", "13:30-17:30")),
    years=(2020, 2060),
)


def authorities() -> tuple[Authority, ...]:
    """A commune with its desk, a department and another commune.

    Codes, which are workflows' ids, begin otherwise in every system: systems share a Temporal server, not a database.
    """
    agency = f"H{next(_agencies):02d}"
    return (
        Authority(DESK, Level.COMMUNE, AuthorityKind.ONE_STOP, "Một cửa", "", CALENDAR.id, parent=OFFICE),
        Authority(OFFICE, Level.COMMUNE, AuthorityKind.PEOPLE_COMMITTEE, "Ủy ban", f"{agency}.20", CALENDAR.id),
        Authority(DEPARTMENT, Level.PROVINCE, AuthorityKind.DEPARTMENT, "Sở", f"{agency}.03", CALENDAR.id),
        Authority(STRANGER, Level.COMMUNE, AuthorityKind.PEOPLE_COMMITTEE, "Xã khác", f"{agency}.21", CALENDAR.id),
    )


OFFICERS = {
    name: Officer(OfficerId(name), name.title(), authority, roles)
    for name, authority, roles in (
        ("clerk", DESK, (Role.CLERK,)),
        ("second_clerk", DESK, (Role.CLERK,)),
        ("sector", DESK, (Role.SECTOR_OFFICER,)),
        ("lan", OFFICE, (Role.SPECIALIST,)),
        ("mai", OFFICE, (Role.SPECIALIST,)),
        ("leader", OFFICE, (Role.LEADER,)),
        ("hoa", DEPARTMENT, (Role.SPECIALIST,)),
        ("other", STRANGER, (Role.CLERK, Role.SPECIALIST, Role.LEADER)),
        ("admin", OFFICE, (Role.ADMINISTRATOR,)),
        ("auditor", STRANGER, (Role.AUDITOR,)),
    )
}


def _stage(kind: str, budget: str | None = None, role: str = "", authority: AuthorityId | None = None) -> Step:
    period = parse_period(budget) if budget else None
    return Step(stage=StageKind(kind), budget=period, role=role, authority=authority)


ROUTE = (
    _stage("receive", "2 working_hour", role="clerk", authority=DESK),
    _stage("appraise", "40 working_hour", role="specialist"),
    _stage("approve", "8 working_hour", role="leader"),
    _stage("return", role="clerk", authority=DESK),
)
LINK = Step(
    link=LinkSpec(
        id="L1",
        kind=LinkKind.HORIZONTAL,
        to=DEPARTMENT,
        route=(_stage("receive"), _stage("appraise", "8 working_hour"), _stage("return")),
        budget=parse_period("16 working_hour"),
    )
)


def _procedure(code: ProcedureCode, route: Iterable[Step]) -> Procedure:
    return Procedure(
        id=code,
        authority=OFFICE,
        statutory=parse_period("10 working_day"),
        committed=parse_period("8 working_day"),
        components=(Component("don"), Component("bansao", required=False)),
        field="Hộ tịch",
        route=tuple(route),
    )


PROCEDURES = (
    _procedure(PLAIN, ROUTE),
    _procedure(LINKED, (*ROUTE[:2], LINK, *ROUTE[2:])),
)


SUPERVISION = Supervision(
    source="these tests",
    days=30,
    ages=(1, 5),
    least={StageKind.APPRAISE: Least(10, 3)},
    burst=Burst(more_than=10, within_minutes=5, stages=(StageKind.APPRAISE,)),
)


class System(msgspec.Struct, frozen=True):
    """A running system: where it is, and what it is made of."""

    url: str
    settings: Settings
    parts: Parts

    def client(self, officer: str | None = None) -> httpx.AsyncClient:
        """An HTTP client that bears this officer's token; use as an async context manager."""
        headers = {"Authorization": f"Bearer {token(officer)}"} if officer else {}
        limits = httpx.Limits(max_connections=200, max_keepalive_connections=200)
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=30, limits=limits)


def token(officer: str, now: datetime | None = None) -> str:
    """An officer's token."""
    return issue_token(SECRET.encode(), OFFICERS[officer], now or datetime.now(UTC))


async def publish(database: Database) -> None:
    """Put the catalogue of these tests in force, from long ago on."""
    references, day = References(database), date(2000, 1, 1)
    await references.publish(Kind.LAW, LAW_ID, LAW, day)
    await references.publish(Kind.SUPERVISION, SUPERVISION_ID, SUPERVISION, day)
    await references.publish(Kind.CALENDAR, CALENDAR.id, CALENDAR, day)
    for authority in authorities():
        await references.publish(Kind.AUTHORITY, authority.id, authority, day)
    for officer in OFFICERS.values():
        await references.publish(Kind.OFFICER, officer.id, officer, day)
    for procedure in PROCEDURES:
        await references.publish(Kind.PROCEDURE, procedure.id, procedure, day)


def settings_of(database_url: str, temporal_address: str, directory: Path) -> Settings:
    """Settings of a system on these servers, with a task queue and secrets of its own."""
    secret_file, key_file = directory / "secret", directory / "keys"
    secret_file.write_text(SECRET)
    key_file.write_text(WRAPPING_KEY)
    return Settings(
        state_dir=directory,
        database_url=database_url,
        temporal_address=temporal_address,
        task_queue=f"http-{next(_queues)}",
        secret_file=secret_file,
        wrapping_key_file=key_file,
        # As where Temporal is in other hands; the commands' own tests have it off, as `motcua up` has.
        temporal_encryption=True,
        database_pool=10,
    )


@contextlib.asynccontextmanager
async def working(settings: Settings) -> AsyncIterator[None]:
    """A worker of its own connections."""
    async with Database(settings.database_url, size=10, name="test-worker") as database:
        client = await temporal.connect(settings)
        rules, queue = PinnedRules(database), settings.task_queue
        # A test machine that is busy with other things is no deadlock.
        worker = build_worker(client, PostgresJournal(database), rules, queue, debug_mode=True)
        async with worker:
            yield


@contextlib.asynccontextmanager
async def serving(
    settings: Settings, rate: Rate = UNLIMITED, desk: DeskSettings | None = None
) -> AsyncIterator[System]:
    """The API on a port of its own; nobody logs in to its desk unless ``desk`` says how."""
    listener = listen("127.0.0.1", 0)
    ready = asyncio.Event()
    async with opened(settings, rate) as parts:
        server = asyncio.create_task(
            serve(create_app(parts, desk), listener, on_ready=ready.set, on_stop=parts.feed.close)
        )
        await ready.wait()
        try:
            yield System(f"http://127.0.0.1:{listener.getsockname()[1]}", settings, parts)
        finally:
            server.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await server


@contextlib.asynccontextmanager
async def trying_out(database: TestDatabase, temporal_dev: EmbeddedTemporal, directory: Path) -> AsyncIterator[System]:
    """A system with the catalogue of these tests, at work, where anyone may log in as anyone."""
    settings = settings_of(database.app_url, temporal_dev.address, directory)
    async with Database(settings.database_url, size=2) as pool:
        await publish(pool)
    async with working(settings), serving(settings, desk=DeskSettings(demo_login=True)) as system:
        yield system


_keys = itertools.count(1)


def keyed(key: str | None = None, version: int | None = None) -> dict[str, str]:
    """The headers of a write: a key of its own unless one is given, and the version seen."""
    headers = {"Idempotency-Key": key or f"key-{next(_keys)}"}
    return headers if version is None else {**headers, "If-Match": f'"{version}"'}


APPLICANT = {"name": "Nguyễn Thị An", "phone": "0912345678", "id_number": "001199000123"}


async def received(clerk: httpx.AsyncClient, procedure: str = PLAIN, **more: object) -> str:
    """Receive a dossier with all it needs; return its code."""
    body = {"procedure": procedure, "components": ["don"], "applicant": APPLICANT, **more}
    answer = await clerk.post("/api/v1/dossiers", json=body, headers=keyed())
    assert answer.status_code == 201, answer.text
    code: str = answer.json()["code"]
    return code
