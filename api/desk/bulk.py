"""One act on many dossiers: each item stands for itself, and a form sent again goes on where it was."""

from http import HTTPStatus
from typing import Final
from urllib.parse import quote

import msgspec
from litestar import Response, post

from api.access_log import request_id_of
from api.bodies import BODY_OF
from api.body import Call
from api.bulk import LARGEST_BULK, BulkItem, BulkRun, ItemResult
from api.desk.acts import KIND_OF, body_of
from api.desk.context import page, read_form
from api.moments import check_moments
from api.parts import parts_of
from api.problems import Trouble
from domain.dossier.allowed import Act, command_name
from domain.errors import Refusal
from domain.ids import Stream
from web.messages import DEFAULT, has

ACTS: Final = frozenset({Act.CLAIM, Act.FORWARD, Act.DELEGATE, Act.EXTEND})


class Told(msgspec.Struct, frozen=True):
    """What became of one dossier, in words."""

    code: str
    address: str
    result: str
    key: str


@post("/desk/bulk", name="deskBulk", status_code=HTTPStatus.OK)
async def bulk(request: Call) -> Response[str]:
    """Do one thing to all that are selected, and show what became of each."""
    given = await read_form(request)
    items = _items([str(text) for text in given.getall("item", [])])
    name = str(given.get("act", ""))
    if not items:
        return page(request, "bulk.html", results=[], done=0, refused=0, pending=0, again=[])
    if name not in ACTS:
        raise Trouble(HTTPStatus.NOT_FOUND, "not_found", "there is no such act for many")
    act = Act(name)
    results = []
    # Dossiers at different stages may be selected together; each is completed at the stage that it is at.
    kind = KIND_OF[command_name(act)]
    try:
        stages = await _stages(request, items) if act is Act.FORWARD else dict.fromkeys(items, "")
        for stage in dict.fromkeys(stages.values()):
            body = body_of(act, given, stage)
            check_moments(body)
            run = BulkRun(
                parts_of(request),
                request.user,
                f"desk/{str(given.get('key', ''))[:200]}/{name}/{stage}",
                request_id_of(request.scope),
                kind,
                body,
            )
            results += await run.all(tuple(item for item in items if stages[item] == stage))
    except (msgspec.ValidationError, Refusal) as error:
        raise Trouble(HTTPStatus.UNPROCESSABLE_ENTITY, "bulk_fields", str(error)) from None
    tally = [one.result for one in results]
    pending = {one.code for one in results if one.result == "pending"}
    again = [("key", str(given.get("key", ""))), ("act", name)]
    again += [(field, str(given.get(field, ""))) for field in BODY_OF[kind].__struct_fields__ if given.get(field)]
    again += [("item", text) for text in map(str, given.getall("item", [])) if text.partition("@")[0] in pending]
    return page(
        request,
        "bulk.html",
        results=[_told(one) for one in results],
        again=again,
        **{word: tally.count(word) for word in ("done", "refused", "pending")},  # type: ignore[arg-type]
    )


async def _stages(request: Call, items: tuple[BulkItem, ...]) -> dict[BulkItem, str]:
    """The stage that each dossier is at, as it was when the list was shown: a newer one is refused by its version."""
    parts = parts_of(request)
    found = {}
    for item in items:
        view = await parts.journal.view(Stream(f"{item.code}/{item.link}" if item.link else item.code))
        found[item] = view.tasks[0].stage if view and view.tasks else "-"
    return found


def _items(texts: list[str]) -> tuple[BulkItem, ...]:
    items = []
    for text in texts[:LARGEST_BULK]:
        name, _, version = text.partition("@")
        code, _, link = name.partition("/")
        known = version.isascii() and version.isdigit() and len(version) < 10  # noqa: PLR2004  # digits of a version
        items.append(BulkItem(code, link or None, int(version) if known else None))
    return tuple(dict.fromkeys(items))


def _told(one: ItemResult) -> Told:
    address = f"/desk/dossiers/{quote(one.code)}" + (f"?link={quote(one.link)}" if one.link else "")
    if one.result == "done":
        return Told(one.code, address, one.result, "bulk.ok")
    if one.result == "pending":
        return Told(one.code, address, one.result, "bulk.wait")
    code = one.problem.code if one.problem else ""
    key = next((key for key in (f"refusal.{code}", f"trouble.{code}") if has(DEFAULT, key)), "refusal.other")
    return Told(one.code, address, one.result, key)
