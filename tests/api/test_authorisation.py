"""Who gets what, over HTTP: every route of the application by every role, as the table beside it says."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx
import msgspec
import pytest
from litestar import Litestar

from api.app import litestar_app
from api.commands import EXAMPLES, route_name
from api.desk.settings import DeskSettings
from domain.dossier import commands as c
from domain.ids import ProcedureCode, Stream
from domain.procedure import StageKind, Step
from runtime.embedded.temporal import EmbeddedTemporal
from store.references import Kind, References
from tests.support import http
from tests.support.databases import Database
from tests.support.http import APPLICANT, DESK, OFFICE, OFFICERS, PLAIN, STRANGER, System, keyed, received, token

TABLE: Final = Path(__file__).with_name("authorisation.txt")
FOREIGN: Final = ProcedureCode("1.000009")
ROLES: Final = ("clerk", "lan", "leader", "sector", "admin", "auditor")
"""An officer of each role, in the order of the table's columns."""
READING: Final = frozenset({"GET"})
SUBSCRIPTION: Final[dict[str, object]] = {"url": "https://example.vn/hook"}


Clients = dict[str, httpx.AsyncClient]
"""By the officer's name; empty is nobody's."""


class Case(NamedTuple):
    """One line of the table; empty where a column is left out."""

    method: str
    path: str
    anonymous: str
    own: str
    foreign: str


def _cases() -> Iterator[Case]:
    for line in TABLE.read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            method, path, anonymous, *marks = line.split()
            assert len(marks) in {0, len(ROLES), 2 * len(ROLES)}, line
            yield Case(method, path, anonymous, "".join(marks[: len(ROLES)]), "".join(marks[len(ROLES) :]))


CASES: Final = tuple(_cases())


class Scene:
    """Two dossiers, one that is the officers' own and one of others, and a client for everybody."""

    def __init__(self, system: System, programs: Clients, pages: Clients) -> None:
        """``programs`` bear a token, ``pages`` a session; both know ``other``, who receives the foreign dossier."""
        self.system, self._programs, self._pages = system, programs, pages
        self._codes: dict[bool, str] = {}
        self._days = 0
        self._csrf: dict[str, str] = {}

    async def code(self, *, own: bool) -> str:
        """A dossier as the table supposes it."""
        if own not in self._codes:
            desk = "clerk" if own else "other"
            procedure = PLAIN if own else FOREIGN
            self._codes[own] = await received(self._programs[desk], procedure, received_by=OFFICERS[desk].authority)
        return self._codes[own]

    def changed(self, *, own: bool) -> None:
        """The dossier is no longer as the table supposes it."""
        self._codes.pop(own, None)

    async def ask(self, case: Case, officer: str, *, own: bool) -> int:
        """What an officer (empty: nobody) gets; 403 also where the answer is a list of results that says so."""
        code = await self.code(own=own)
        given = await self._given() if "{delegation}" in case.path else ""
        path = case.path.format(code=code, procedure=PLAIN, delegation=given)
        client = (self._programs if path.startswith("/api/") else self._pages)[officer]
        body = _body(case, code, officer, own=own)
        if path.startswith("/api/"):
            sent: dict[str, Any] = {"headers": keyed(), **({"json": body} if case.method in {"POST", "PUT"} else {})}
        else:
            sent = {"data": {**body, "csrf": await self._token(officer)}} if case.method == "POST" else {}
        query = _query(case, code, officer, own=own)
        async with client.stream(case.method, path, params=query, **sent) as answer:
            if not answer.headers.get("content-type", "").startswith("text/event-stream"):
                await answer.aread()
                return _status(answer)
            return answer.status_code

    async def _given(self) -> str:
        """A delegation of the office that has not been used yet."""
        self._days += 1
        wish = _delegation("lan", "mai", 100 + self._days)
        answer = await self._programs["admin"].post("/api/v1/delegations", json=wish, headers=keyed())
        return str(answer.json()["id"])

    async def _token(self, officer: str) -> str:
        if officer and officer not in self._csrf:
            page = (await self._pages[officer].get("/desk")).text
            found = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
            assert found is not None, page
            self._csrf[officer] = found[1]
        return self._csrf.get(officer, "")


def _status(answer: httpx.Response) -> int:
    if answer.request.url.path == "/api/v1/tasks/bulk" and answer.is_success:
        (result,) = answer.json()["results"]
        return int(result["problem"]["status"]) if result["result"] == "refused" else answer.status_code
    if answer.request.url.path == "/desk/bulk" and "Vai trò của bạn không cho phép" in answer.text:
        return int(httpx.codes.FORBIDDEN)
    return answer.status_code


def _query(case: Case, code: str, officer: str, *, own: bool) -> dict[str, str]:
    """Lists are asked for by their authority."""
    place = OFFICERS[officer].authority if officer else OFFICE
    if case.path == "/api/v1/tasks":
        return {"authority": place if own else STRANGER}
    if case.path == "/api/v1/dossiers" and case.method == "GET":
        return {"received_by" if place == DESK else "authority": place} if own else {"authority": STRANGER}
    if case.path.startswith("/desk/unit/"):
        return {"officer": "lan", "stage": "appraise", "since": "2026-03-02T08:00Z", "until": "2026-03-02T09:00Z"}
    return {"q": code[:-1]} if case.path == "/desk/search" else {}


_COMMANDS: Final = {route_name(kind): body for kind, body in EXAMPLES.items()}
_LATER: Final = (datetime.now(UTC) + timedelta(days=40)).isoformat()
_SPECIAL: Final[dict[str, dict[str, object]]] = {
    route_name(c.DelegateTask): {"to": "mai"},
    route_name(c.Extend): {"new_due": _LATER, "reason": "Chờ ý kiến"},
    route_name(c.Correct): {
        "event": 1,
        "field": "channel",
        "value": "post",
        "reason": "Nhập nhầm",
        "approved_by": "second_clerk",
    },
    route_name(c.ReopenLink): {"part": "L1", "reason": "Chuyển đúng cơ quan"},
    route_name(c.AcknowledgeLink): {},
    route_name(c.AnswerLink): {"outcome": "agreed"},
    route_name(c.HandBackLink): {"reason": "Không thuộc thẩm quyền"},
    "act/withdraw": {"reason": "Xin rút"},
    "act/extend": {"new_due": _LATER, "reason": "Chờ ý kiến"},
    "act/forward": {"stage": "appraise"},
    "act/correct": {"event": "1", "value": "2026-03-02T08:10", "reason": "Nhập muộn", "approved_by": "second_clerk"},
    "tasks/bulk": {"command": "complete-task", "fields": {"stage": "appraise"}},
    "webhooks/hook": SUBSCRIPTION,
    "dead-letters/replay": {"ids": []},
}


_COVER: Final = {"clerk": "second_clerk", "lan": "mai", "leader": "mai", "sector": "clerk", "other": "other"}


def _delegation(absent: str, stand_in: str, days: int) -> dict[str, str]:
    """Cover for one day, so many days from now."""
    day = str((datetime.now(UTC) + timedelta(days=days)).date())
    return {"absent": absent, "stand_in": stand_in, "first_day": day, "last_day": day, "reason": "Nghỉ phép"}


def _body(case: Case, code: str, officer: str, *, own: bool) -> dict[str, Any]:
    """What a request that nothing is wrong with says."""
    if case.path in {"/api/v1/delegations", "/desk/officers"}:
        absent = officer if officer in _COVER else "leader"
        wish = _delegation(absent, _COVER[absent], len(case.path))
        return {**wish, "key": officer} if case.path == "/desk/officers" else wish
    if case.path == "/api/v1/dossiers":
        procedure, desk = (PLAIN, DESK) if own else (FOREIGN, STRANGER)
        return {"procedure": procedure, "components": ["don"], "received_by": desk}
    name = case.path.rpartition("{code}/")[2].removeprefix("/api/v1/")
    body = dict(_SPECIAL.get(name, _COMMANDS.get(name, {})))
    if name == "tasks/bulk":
        return {**body, "items": [{"code": code}]}
    if case.path == "/desk/bulk":
        return {"act": "forward", "item": code, **keyed()}
    if case.path == "/desk/receive/{procedure}":
        return {"name": APPLICANT["name"], "components": ["don"], "do": "receive", "key": f"{officer}-{own}"}
    return {**body, **({"key": f"{officer}-{code}"} if case.path.startswith("/desk/") else {})}


@pytest.fixture(scope="module")
async def scene(
    module_database: Database, temporal_dev: EmbeddedTemporal, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Scene]:
    """A system where anyone may log in as anyone, with the procedure of another commune."""
    directory: Path = tmp_path_factory.mktemp("authorisation")
    async with AsyncExitStack() as stack:
        system = await stack.enter_async_context(http.trying_out(module_database, temporal_dev, directory))
        await References(system.parts.database).publish(Kind.PROCEDURE, FOREIGN, _foreign(), date(2000, 1, 1))
        clients: tuple[Clients, Clients] = ({}, {})
        for officer in ("", "other", *ROLES):
            for kind, found in enumerate(clients):
                headers = {"Authorization": f"Bearer {token(officer)}"} if officer and not kind else {}
                client = httpx.AsyncClient(base_url=system.url, headers=headers, timeout=30)
                found[officer] = await stack.enter_async_context(client)
            if officer:
                answer = await clients[1][officer].post("/login/demo", data={"officer": officer})
                assert answer.headers["location"] == "/desk"
        yield Scene(system, *clients)


def _foreign() -> Any:  # noqa: ANN401  # a procedure
    """The plain procedure as another commune has it."""
    plain = next(one for one in http.PROCEDURES if one.id == PLAIN)
    ends = {StageKind.RECEIVE, StageKind.RETURN}
    route = tuple(_at_stranger(step) if step.stage in ends else step for step in plain.route)
    return msgspec.structs.replace(plain, id=FOREIGN, authority=STRANGER, route=route)


def _at_stranger(step: Step) -> Step:
    return msgspec.structs.replace(step, authority=STRANGER)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.method} {case.path}")
async def test_the_table(scene: Scene, case: Case) -> None:
    """Each officer gets what his line says, on his own dossier and on one of others."""
    status = await scene.ask(case, "", own=True)
    told = "login" if status == httpx.codes.SEE_OTHER and case.anonymous == "login" else str(status)
    found = [_mark(await _asked(scene, case, officer, own=True)) for officer, _ in zip(ROLES, case.own, strict=False)]
    others = zip(ROLES, case.foreign, strict=False)
    foreign = [_mark(await _asked(scene, case, officer, own=False)) for officer, _ in others]
    assert (told, "".join(found), "".join(foreign)) == (case.anonymous, case.own, case.foreign)


async def _asked(scene: Scene, case: Case, officer: str, *, own: bool) -> int:
    """What the officer gets; who is refused must have changed nothing."""
    stream = Stream(await scene.code(own=own))
    before = await scene.system.parts.journal.view(stream)
    status = await scene.ask(case, officer, own=own)
    after = await scene.system.parts.journal.view(stream)
    assert before is not None
    assert after is not None
    if status == httpx.codes.FORBIDDEN or case.method in READING:
        assert after.version == before.version
    if after.version != before.version:
        scene.changed(own=own)
    return status


def _mark(status: int) -> str:
    """Heard or not; a request that is wrong in itself, or finds nothing, shows nothing."""
    assert status not in {400, 401, 404, 405, 415, 429}, status
    assert status < httpx.codes.INTERNAL_SERVER_ERROR, status
    return "-" if status == httpx.codes.FORBIDDEN else "y"


def test_every_route_has_its_line(scene: Scene) -> None:
    """A route that nobody has thought about is found here, and so is a line about none."""
    app = litestar_app(scene.system.parts, DeskSettings())
    routes = set(_routes(app))
    lines = {(case.method, case.path): _route_of(case, routes) for case in CASES}
    assert [line for line, route in lines.items() if route is None] == []
    assert routes - set(lines.values()) == set()


def _routes(app: Litestar) -> Iterator[tuple[str, str]]:
    for route in app.routes:
        for method in getattr(route, "methods", ()):
            if method != "OPTIONS":
                yield str(method), re.sub(r":\w+}", "}", route.path)


def _route_of(case: Case, routes: set[tuple[str, str]]) -> tuple[str, str] | None:
    """The route of a line: the one that is written so, else the one whose parameters it fills in."""
    if (case.method, case.path) in routes:
        return case.method, case.path
    for method, path in sorted(routes):
        if method == case.method and re.fullmatch(re.sub(r"{\w+}", "[^/]+", path), case.path):
            return method, path
    return None
