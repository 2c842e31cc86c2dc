"""The printed forms of a dossier, and the desk's register. They are official papers, and so in Vietnamese."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final

from litestar import Response, get

from api.bodies import Applicant
from api.body import Call
from api.desk.context import directory_of
from api.desk.directory import Directory
from api.desk.people import applicant_of, names_of
from api.parts import Parts, parts_of
from api.problems import Trouble
from api.scope import reader_of
from api.streams import Loaded, load_for
from domain import forms
from domain.access import facts_of_view
from domain.dossier import events as e
from domain.dossier.codec import fact_of
from domain.dossier.events import Fact
from domain.dossier.rules import Rules
from domain.dossier.state import Dossier
from domain.dossier.view import DossierView, Status, Waiting
from domain.forms import FormNumber
from domain.ids import AuthorityId
from domain.procedure import Procedure
from store.queries import DossierQuery
from store.references import Kind, References
from web.documents import printed
from web.messages import translator
from web.timewords import local, moment_words, period_words, short_words

REGISTER_DAYS: Final = 31
REGISTER_LINES: Final = 200
MEDIA_TYPE: Final = "application/pdf"
PDF: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def papers_of(state: Dossier) -> tuple[tuple[str, str], ...]:
    """Number and title of each form that there is."""
    return tuple((form.value, _vi(f"form.{form.value}")) for form in forms.available(state))


@get("/desk/dossiers/{code:str}/forms/{name:str}", name="deskForm")
async def form(request: Call) -> Response[bytes]:
    """A form as PDF."""
    data = await printable(request, await directory_of(request), str(request.path_params["name"]))
    return await pdf(data)


async def pdf(data: dict[str, Any]) -> Response[bytes]:
    """A form's data as the answer."""
    content = await asyncio.to_thread(printed, data)
    headers = {**PDF, "Content-Disposition": f'inline; filename="{data["form"]}-{data["code"]}.pdf"'}
    return Response(content, media_type=MEDIA_TYPE, headers=headers)


async def printable(request: Call, directory: Directory, name: str) -> dict[str, Any]:
    """What the form of this name (``01.pdf``) reads; raise 404 where the dossier has no such form, 403."""
    parts = parts_of(request)
    loaded = await load_for(request, parts, None)
    wanted = name.removesuffix(".pdf")
    if wanted not in {one.value for one in forms.available(loaded.state)}:
        raise Trouble(HTTPStatus.NOT_FOUND, "form_unknown", "this dossier has no such form")
    rules = await parts.rules.rules_of(loaded.stream, loaded.state)
    state = loaded.state
    procedure = await References(parts.database).get(
        Kind.PROCEDURE, state.procedure, state.procedure_version, Procedure
    )
    person = await applicant_of(parts, request.user, loaded)
    return sheet(FormNumber(wanted), loaded, rules, procedure, directory, person)


def _signer(fact: Fact, directory: Directory) -> str:
    """Who signs: who did it, and for whom."""
    absent = directory.officer_name(fact.on_behalf_of)
    return directory.officer_name(fact.actor) + (f" (thay {absent})" if absent else "")


def sheet(  # everything that stands on a form
    number: FormNumber,
    loaded: Loaded,
    rules: Rules,
    procedure: Procedure,
    directory: Directory,
    person: Applicant | None,
) -> dict[str, Any]:
    """What the template of a form reads."""
    facts = [fact_of(record) for record in loaded.records]
    fact = forms.occasion(facts, number) or facts[0]
    signer = _signer(fact, directory)
    data = _head(number, loaded, directory, fact)
    data["paragraphs"] = _who(person, procedure)
    match number:
        case FormNumber.RECEIPT:
            _receipt(data, loaded.state, facts, procedure, directory)
            data["signatures"] = _signed(
                ("Người nộp hồ sơ", person.name if person else ""), ("Người tiếp nhận", signer)
            )
        case FormNumber.SUPPLEMENT:
            _supplement(data, fact, procedure)
            data["signatures"] = _signed(("Người nộp hồ sơ", ""), ("Người hướng dẫn", signer))
        case FormNumber.CONTROL:
            _control(data, rules, facts, directory)
        case FormNumber.REFUSAL | FormNumber.STOP | FormNumber.APOLOGY:
            _notice(data, number, fact)
            data["signatures"] = _signed(("", ""), ("Thủ trưởng cơ quan", ""))
    return data


def _head(number: FormNumber, loaded: Loaded, directory: Directory, fact: Fact) -> dict[str, Any]:
    state = loaded.state
    place = state.received_by or state.authority
    authority = directory.authorities.get(place)
    parent = directory.authorities.get(authority.parent) if authority and authority.parent else None
    here = local(fact.occurred_at)
    return {
        "form": number.value,
        "title": _vi(f"form.{number.value}"),
        "subtitle": f"Mã hồ sơ: {loaded.stream}",
        "code": str(loaded.stream),
        "number": str(loaded.stream),
        "authority": directory.authority_name(place),
        "parent": parent.name if parent else "",
        "place_and_date": f"Ngày {here.day:02} tháng {here.month:02} năm {here.year}",
        "paragraphs": [],
        "table": {"head": [], "widths": [], "rows": []},
        "after": [],
        "signatures": [],
    }


def _who(person: Applicant | None, procedure: Procedure) -> list[dict[str, str]]:
    lines = [
        _line("Người nộp hồ sơ", person.name if person else "……………………………………"),
        _line("Địa chỉ", (person.address if person else "") or "……………………………………"),
        _line("Số điện thoại", (person.phone if person else "") or "………………"),
    ]
    if person and person.email:
        lines.append(_line("Thư điện tử", person.email))
    return [*lines, _line("Nội dung yêu cầu giải quyết", procedure.name or procedure.id)]


def _receipt(
    data: dict[str, Any], state: Dossier, facts: Sequence[Fact], procedure: Procedure, directory: Directory
) -> None:
    due = promised_at_first(facts)
    rows = [
        [str(n), one.name or one.id, str(one.copies)]
        for n, one in enumerate((c for c in procedure.components if c.id in state.components), start=1)
    ]
    data["paragraphs"].append(_line("", "Thành phần hồ sơ nộp gồm:" if rows else "Hồ sơ không có thành phần kèm theo."))
    data["table"] = {"head": ["STT", "Tên giấy tờ", "Số bản"], "widths": [0, 8, 1], "rows": rows}
    statutory = period_words(_vi, procedure.statutory) if procedure.statutory else "không quy định"
    budget = procedure.budget()
    promised = moment_words(_vi, due) if due else "theo thông báo của cơ quan giải quyết"
    data["after"] = [
        _line("Số lượng hồ sơ", "01 bộ"),
        _line("Thời gian giải quyết theo quy định", statutory),
        _line("Thời gian cam kết giải quyết", period_words(_vi, budget) if budget else "không quy định"),
        _line("Thời gian nhận hồ sơ", moment_words(_vi, state.received_at) if state.received_at else ""),
        _line("Thời gian trả kết quả", promised),
        _line("Nơi trả kết quả", directory.authority_name(state.return_to)),
        _line("Phí, lệ phí", procedure.fee or "theo quy định"),
    ]


def promised_at_first(facts: Sequence[Fact]) -> datetime | None:
    """The appointment that the receipt told, however often it is printed again and whatever stands still by then."""
    told = (one.event for one in facts if isinstance(one.event, e.DeadlineSet))
    return next((event.due for event in told if event.clock is e.ClockName.COMMITTED), None)


def _supplement(data: dict[str, Any], fact: Fact, procedure: Procedure) -> None:
    event = fact.event
    if not isinstance(event, e.SupplementRequested):
        return
    names = {one.id: one.name or one.id for one in procedure.components}
    data["paragraphs"].append(_line("", "Đề nghị bổ sung, hoàn thiện hồ sơ như sau:"))
    rows = [[str(n), names.get(one, one)] for n, one in enumerate(event.components, start=1)]
    data["table"] = {"head": ["STT", "Giấy tờ cần bổ sung"], "widths": [0, 9], "rows": rows}
    data["after"] = [
        _line("Lý do", event.reason),
        *([_line("Căn cứ", event.legal_basis)] if event.legal_basis else []),
        _line("Thời hạn bổ sung", moment_words(_vi, event.expires_at)),
    ]


def _notice(data: dict[str, Any], number: FormNumber, fact: Fact) -> None:
    match fact.event:
        case e.DossierExtended(old_due=old, new_due=new, reason=reason):
            data["paragraphs"] += [
                _line("Thời gian đã hẹn trả kết quả", moment_words(_vi, old) if old else "—"),
                _line("Lý do chậm", reason),
                _line("Thời gian hẹn lại", moment_words(_vi, new)),
                _line("", "Cơ quan xin lỗi vì sự chậm trễ này và rất mong được thông cảm."),
            ]
        case e.DossierRefused(reason=reason):
            data["paragraphs"] += [_line("Lý do không tiếp nhận hồ sơ", reason)]
        case e.DossierStopped(reason=reason):
            words = _vi("form.expired") if reason == "supplement not provided in time" else reason
            data["paragraphs"] += [_line("Lý do dừng giải quyết hồ sơ", words)]
        case _:
            message = f"form {number} is not about {fact.event.type}"
            raise TypeError(message)


def _control(data: dict[str, Any], rules: Rules, facts: Sequence[Fact], directory: Directory) -> None:
    rows = []
    for n, hop in enumerate(forms.hops(rules, facts), start=1):
        judged = (
            _vi(f"timeliness.{hop.timeliness.value}") if hop.timeliness else ("—" if hop.ended else "đang giải quyết")
        )
        times = [short_words(_vi, at) if at else "—" for at in (hop.handed_over, hop.due, hop.ended)]
        people = [directory.officer_name(one) or "—" for one in (hop.giver, hop.receiver)]
        title = hop.title or _vi(f"stage.{hop.stage}")
        rows.append([str(n), directory.authority_name(hop.authority), title, *people, *times, judged, hop.note])
    head = [
        "STT",
        "Cơ quan",
        "Công việc",
        "Người giao",
        "Người nhận",
        "Giao lúc",
        "Hạn",
        "Xong lúc",
        "Kết quả",
        "Ghi chú",
    ]
    data["table"] = {"head": head, "widths": [0, 5, 6, 4, 4, 3, 3, 3, 3, 4], "rows": rows}
    data["signatures"] = []


@get("/desk/register.pdf", name="deskRegister")
async def register(request: Call) -> Response[bytes]:
    """Form 07: the register of what this desk received in the last month."""
    parts, now = parts_of(request), parts_of(request).now()
    directory = await directory_of(request)
    data = await _register(parts, request, directory, now)
    content = await asyncio.to_thread(printed, data)
    headers = {**PDF, "Content-Disposition": 'inline; filename="07.pdf"'}
    return Response(content, media_type="application/pdf", headers=headers)


async def _register(parts: Parts, request: Call, directory: Directory, now: datetime) -> dict[str, Any]:
    place: AuthorityId = request.user.authority
    since = now - timedelta(days=REGISTER_DAYS)
    query = DossierQuery(received_by=place, received_from=since, roots=True)
    page = await parts.queries.dossiers(query, reader_of(request.user), limit=REGISTER_LINES)
    sealed = {view.stream: (view.applicant, facts_of_view(view)) for view in page.items}
    names = await names_of(parts, request.user, sealed)
    rows = []
    for n, view in enumerate(page.items, start=1):
        returned = view.closed_at if view.ready_at else None
        moments = (view.received_at, view.committed_due, view.ready_at, returned)
        times = [short_words(_vi, at) if at else "—" for at in moments]
        name = names.get(view.stream, "") or "—"
        rows.append([str(n), str(view.stream), directory.procedure_name(view.procedure), name, *times, _remark(view)])
    here = local(now)
    head = ["STT", "Mã hồ sơ", "Thủ tục", "Người nộp", "Tiếp nhận", "Hẹn trả", "Có kết quả", "Trả", "Ghi chú"]
    authority = directory.authorities.get(place)
    parent = directory.authorities.get(authority.parent) if authority and authority.parent else None
    return {
        "form": "07",
        "title": _vi("form.07"),
        "subtitle": f"Từ {local(since):%d/%m/%Y} đến {here:%d/%m/%Y}",
        "authority": directory.authority_name(place),
        "parent": parent.name if parent else "",
        "place_and_date": f"Ngày {here.day:02} tháng {here.month:02} năm {here.year}",
        "paragraphs": [],
        "table": {"head": head, "widths": [0, 5, 8, 5, 3, 3, 3, 3, 4], "rows": rows},
        "after": [],
        "signatures": [],
    }


def _remark(view: DossierView) -> str:
    """Why a line of the register lacks moments."""
    if view.status is Status.REFUSED:
        return _vi("status.refused")
    if view.status is Status.CLOSED:
        return "" if view.ready_at else _vi("form.no_result")
    return _vi("waiting.citizen") if view.waiting is Waiting.CITIZEN else ""


def _vi(key: str, **values: object) -> str:
    """Official papers are in Vietnamese whatever the officer reads."""
    return translator("vi")(key, **values)


def _line(label: str, text: str) -> dict[str, str]:
    return {"label": label, "text": text}


def _signed(*people: tuple[str, str]) -> list[dict[str, str]]:
    return [{"title": title, "name": name} for title, name in people]
