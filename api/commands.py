"""One route for each command: ``POST /dossiers/{code}/complete-task`` and its like."""

from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Final

import msgspec
from litestar import Response, post
from litestar.handlers import HTTPRouteHandler

from api import body, headers
from api.access_log import request_id_of
from api.answers import Done, answer, code_and_link, done
from api.bodies import BODY_OF, PUBLIC, Body, applicant_of, command_of
from api.body import Call
from api.components import CODE
from api.docs import COMMAND_PROBLEMS, document
from api.execution import execute
from api.moments import check_moments
from api.parts import Parts, parts_of
from api.streams import stream_of
from domain.dossier import commands as c
from domain.dossier.commands import Order
from domain.ids import CommandId, DossierCode
from runtime.tokens import Claims

EXAMPLES: Final[dict[type[c.Command], dict[str, object]]] = {
    c.Receive: {"components": ["don", "cccd"]},
    c.Refuse: {"reason": "Hồ sơ không thuộc thẩm quyền giải quyết"},
    c.DelegateTask: {"to": "hang.mai", "reason": "Nghỉ phép"},
    c.CompleteTask: {"stage": "appraise", "outcome": "forward", "note": "Đủ điều kiện"},
    c.RequestSupplement: {"reason": "Thiếu bản vẽ", "components": ["ban-ve"], "legal_basis": "Điều 9"},
    c.ProvideSupplement: {"components": ["ban-ve"]},
    c.RequirePayment: {"amount": 150000, "reason": "Lệ phí"},
    c.ConfirmPayment: {"receipt": "BL-0042"},
    c.Suspend: {"reason": "verification", "note": "Xác minh tại địa phương"},
    c.Resume: {"reason": "verification"},
    c.Extend: {"new_due": "2026-03-20T17:00:00+07:00", "reason": "Chờ ý kiến của cơ quan phối hợp"},
    c.AcknowledgeLink: {"link": "L1"},
    c.AnswerLink: {"link": "L1", "outcome": "agreed"},
    c.HandBackLink: {"link": "L1", "reason": "Không thuộc thẩm quyền"},
    c.TakeBackLink: {"part": "L1", "reason": "Chuyển nhầm cơ quan"},
    c.ReopenLink: {"part": "L1", "to_authority": "H29.S2", "reason": "Chuyển đúng cơ quan chuyên môn"},
    c.SkipLink: {"part": "L1", "reason": "Quá hạn, không cần ý kiến"},
    c.IssueResult: {"number": "123/GP-UBND"},
    c.ReturnResult: {"method": "direct"},
    c.Withdraw: {"reason": "Công dân xin rút"},
    c.Stop: {"reason": "Quá hạn bổ sung"},
    c.Correct: {
        "event": "dossier.received",
        "field": "occurred_at",
        "value": "2026-03-02T08:10:00+07:00",
        "reason": "Nhập muộn",
        "approved_by": "phuong.tran",
    },
    c.OrderCollection: {"carrier": "ems", "tracking": "EM123456789VN"},
    c.DispatchResult: {"carrier": "ems", "tracking": "EM987654321VN"},
    c.CancelParcel: {"parcel": "B1", "reason": "Công dân đến nhận trực tiếp"},
    c.RecordScan: {"tracking": "EM987654321VN", "state": "delivered", "signed": True},
    c.RecordFeedback: {"score": 5, "words": "Nhanh, thân thiện"},
}
"""A body for each command that has anything to say."""
ANSWERED: Final = Done(
    code=CODE,
    version=9,
    first_version=8,
    events=("task.completed", "task.opened"),
    recorded_at=datetime(2026, 3, 4, 2, 0, 5, tzinfo=UTC),
    occurred_at=datetime(2026, 3, 4, 2, 0, 5, tzinfo=UTC),
)


def route_name(command: type[c.Command]) -> str:
    """The command's name in addresses: ``complete-task``."""
    return str(command.__struct_config__.tag).replace("_", "-")


class Asked(msgspec.Struct, frozen=True):
    """One command as an officer asks for it: of which dossier, under which id, having seen which version."""

    claims: Claims
    code: DossierCode
    id: CommandId
    request_id: str
    seen: int | None


async def order_of(parts: Parts, asked: Asked, kind: type[c.Command], given: Body) -> Order:
    """The order that a body means. Raises Shredded or KeyNotHere where personal data can no longer be sealed."""
    personal = applicant_of(given)
    sealed = await parts.vault.seal(asked.code, msgspec.json.encode(personal)) if personal else ""
    return Order(
        id=asked.id,
        command=command_of(kind, given, sealed),
        recorded_at=parts.now(),
        occurred_at=given.occurred_at,
        actor=asked.claims.officer,
        authority=asked.claims.authority,
        on_behalf_of=asked.claims.on_behalf_of,
        causation_id=asked.request_id,
        correlation_id=asked.code,
        expected_version=asked.seen,
    )


def _route(kind: type[c.Command]) -> HTTPRouteHandler:
    """The route of one command."""
    shape, name = BODY_OF[kind], route_name(kind)

    @post(
        f"/dossiers/{{code:str}}/{name}",
        name=camel(name),
        status_code=HTTPStatus.OK,
        opt=document(
            tag="commands",
            summary=summary_of(kind),
            answer=Done,
            answer_description="It took effect; a repeated request gets the same answer.",
            example=ANSWERED,
            body=shape,
            body_examples={"example": EXAMPLES[kind]} if kind in EXAMPLES else {},
            keyed=True,
            matched=True,
            tagged=True,
            problems=COMMAND_PROBLEMS,
        ),
    )
    async def handle(request: Call) -> Response[bytes]:
        parts, key, seen = parts_of(request), headers.idempotency_key(request), headers.expected_version(request)
        given = await body.read(request, shape)
        check_moments(given)
        stream = stream_of(str(request.path_params["code"]), given.link)
        asked = Asked(
            claims=request.user,
            code=DossierCode(code_and_link(stream)[0]),
            id=headers.command_id(request.user.officer, key),
            request_id=request_id_of(request.scope),
            seen=seen,
        )
        records = await execute(parts, request.user, stream, partial(order_of, parts, asked, kind, given))
        return answer(done(records), version=records[-1].version)

    return handle


def camel(name: str) -> str:
    """A hyphenated name as one word: ``completeTask``."""
    first, *rest = name.split("-")
    return first + "".join(part.capitalize() for part in rest)


def summary_of(kind: type[c.Command]) -> str:
    """The first sentence of the command's description."""
    return (kind.__doc__ or "").split("\n")[0].rstrip(".")


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = tuple(_route(kind) for kind in PUBLIC)
