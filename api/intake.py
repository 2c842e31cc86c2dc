"""``POST /dossiers``: a dossier comes in, gets its code, and is received or submitted, once."""

import asyncio
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final

import msgspec
from litestar import Response, post

from api import body, headers
from api.access_log import request_id_of
from api.answers import Received, answer, received
from api.bodies import NewDossier, first_command
from api.body import Call
from api.catalogue import NewRules
from api.components import CODE
from api.docs import CREATE_PROBLEMS, document
from api.execution import COMMAND_TIMEOUT, left, repeated
from api.moments import check_moments
from api.parts import Parts, parts_of
from api.streams import check
from domain.access import Facts
from domain.dossier.commands import Order
from domain.dossier.decider import decide
from domain.dossier.state import NEW
from domain.ids import AuthorityId, DossierCode, OfficerId, Stream
from domain.record import Record
from domain.versioning import content_version
from runtime.tokens import Claims
from store.codes import CodeRequest, allot_code, find_code

EXAMPLE: Final = Received(
    code=CODE,
    version=4,
    first_version=1,
    events=("dossier.received", "task.opened", "deadline.set", "deadline.set"),
    recorded_at=datetime(2026, 3, 2, 1, 10, 3, tzinfo=UTC),
    occurred_at=datetime(2026, 3, 2, 1, 10, 3, tzinfo=UTC),
    appointment=datetime(2026, 3, 12, 10, 30, tzinfo=UTC),
    statutory_due=datetime(2026, 3, 16, 10, 30, tzinfo=UTC),
    committed_due=datetime(2026, 3, 12, 10, 30, tzinfo=UTC),
)
BODY_EXAMPLE: Final = {
    "procedure": "1.001193",
    "channel": "direct",
    "components": ["don", "cccd"],
    "applicant": {"name": "Nguyễn Thị An", "phone": "0912345678", "address": "Xã An Lộc"},
}


class Intake(msgspec.Struct, frozen=True):
    """One request for a new dossier: who asks for what, at which desk, under which key."""

    given: NewDossier
    received_by: AuthorityId
    officer: OfficerId
    authority: AuthorityId
    on_behalf_of: OfficerId
    key: str
    request_id: str
    now: datetime

    def order(self, code: str, sealed: str) -> Order:
        """The first order of the dossier, with the personal data as they were sealed for it."""
        return Order(
            id=headers.command_id(self.officer, self.key),
            command=first_command(self.given, self.received_by, sealed),
            recorded_at=self.now,
            occurred_at=self.given.occurred_at,
            actor=self.officer,
            authority=self.authority,
            on_behalf_of=self.on_behalf_of,
            causation_id=self.request_id,
            correlation_id=code,
        )

    def digest(self) -> bytes:
        """What tells this request from another one; without personal data, which are compared once they are sealed."""
        return bytes.fromhex(content_version(msgspec.structs.replace(self.given, applicant=None)))


@post(
    "/dossiers",
    name="receiveDossier",
    status_code=HTTPStatus.CREATED,
    opt=document(
        tag="dossiers",
        summary="Receive, submit or refuse a new dossier",
        description=(
            "The code is allotted with the Idempotency-Key before anything else happens, so a repeated request finds "
            "the same dossier. A dossier that is not taken (409, 422) leaves nothing behind."
        ),
        status=HTTPStatus.CREATED,
        answer=Received,
        answer_description="It has come in; a repeated request gets the same answer.",
        example=EXAMPLE,
        body=NewDossier,
        body_examples={
            "received": BODY_EXAMPLE,
            "submitted": {**BODY_EXAMPLE, "do": "submit", "channel": "online"},
            "refused": {**BODY_EXAMPLE, "do": "refuse", "reason": "Hồ sơ không thuộc thẩm quyền giải quyết"},
        },
        keyed=True,
        tagged=True,
        headers=("Location",),
        problems=CREATE_PROBLEMS,
    ),
)
async def receive(request: Call) -> Response[bytes]:
    """Take a dossier in."""
    parts, key = parts_of(request), headers.idempotency_key(request)
    given = await body.read(request, NewDossier)
    check_moments(given)
    intake = Intake(
        given=given,
        received_by=AuthorityId(given.received_by or request.user.authority),
        officer=request.user.officer,
        authority=request.user.authority,
        on_behalf_of=request.user.on_behalf_of,
        key=key,
        request_id=request_id_of(request.scope),
        now=parts.now(),
    )
    done = received(await take_in(parts, request.user, intake))
    location = {"Location": f"/api/v1/dossiers/{done.code}"}
    return answer(done, HTTPStatus.CREATED, version=done.version, headers=location)


async def take_in(parts: Parts, claims: Claims, intake: Intake) -> list[Record]:
    """The rows of the dossier that this request brought in, now or when it was first sent.

    Raises Refusal, Trouble (403, 422), StoreUnavailable, DossiersUnavailable, TimeoutError.
    """
    async with asyncio.timeout(COMMAND_TIMEOUT.total_seconds()):
        return await _earlier(parts, intake) or await _begin(parts, claims, intake)


async def _earlier(parts: Parts, intake: Intake) -> list[Record]:
    """The rows that this request left when it was sent before (none: it was not, or was cut short)."""
    code = await find_code(parts.database, intake.officer, intake.key, intake.digest())
    if code is None:
        return []
    return await repeated(parts, Stream(code), await _order(parts, intake, code))


async def _begin(parts: Parts, claims: Claims, intake: Intake) -> list[Record]:
    """The rows of a dossier that comes in now. Raises Refusal or Trouble, and then nothing has happened."""
    new = await _rules(parts, intake)
    check(claims, intake.given.do, Facts(new.rules.procedure.authority, frozenset({intake.received_by})))
    order = intake.order("", "")
    decide(new.rules, NEW, order)
    wanted = CodeRequest(new.agency, new.day(order.at), intake.officer, intake.key, intake.digest())
    code = (await allot_code(parts.database, wanted)).code
    order = await _order(parts, intake, code)
    await parts.dossiers.begin(Stream(code), new.rules, order, COMMAND_TIMEOUT)
    return await left(parts, Stream(code), order)


async def _rules(parts: Parts, intake: Intake) -> NewRules:
    if intake.given.return_to is not None:
        await parts.catalogue.authority(AuthorityId(intake.given.return_to), intake.now)
    at = intake.given.occurred_at or intake.now
    return await parts.catalogue.rules_of_new(intake.given.procedure, intake.received_by, at, intake.now)


async def _order(parts: Parts, intake: Intake, code: DossierCode) -> Order:
    applicant = intake.given.applicant
    if applicant is None:
        return intake.order(code, "")
    return intake.order(code, await parts.vault.seal(code, msgspec.json.encode(applicant)))
