"""The citizen's mark for how a dossier was dealt with: 1 to 5, and words, once, after the result was handed over."""

import asyncio
from http import HTTPStatus
from typing import Final

from litestar import Response, post

from api.access_log import request_id_of
from api.body import Call
from api.desk.context import FORM_LIMIT, check_origin, clean, page
from api.desk.public import Found, credentials, look, seconds_to_wait, too_often
from api.execution import COMMAND_TIMEOUT
from api.parts import parts_of
from api.problems import Trouble
from domain.dossier.acts.entries import HIGHEST, LOWEST
from domain.dossier.commands import CITIZEN, MAX_TEXT, Order, RecordFeedback
from domain.errors import Refusal
from domain.ids import CommandId, Stream

MARKS: Final = {str(mark): mark for mark in range(LOWEST, HIGHEST + 1)}
COMMAND: Final = CommandId("citizen/feedback")
"""One id for every dossier's feedback: an id is taken once in a dossier, so two forms sent at once leave one mark."""


@post("/track/feedback", name="feedback", status_code=HTTPStatus.OK)
async def feedback(request: Call) -> Response[str]:
    """Record the mark of who knows the dossier's code and digits, which also is what other sites' forms cannot know."""
    if int(request.headers.get("content-length", "0") or 0) > FORM_LIMIT:
        raise Trouble(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "form_too_large", "this form is too large")
    check_origin(request)
    form = await request.form()
    code, digits = credentials(str(form.get("code", "")), str(form.get("phone_last4", "")))
    wait = seconds_to_wait(request, code)
    if wait:
        return too_often(request, code, wait)
    found = await look(request, code, digits)
    if found is None:
        return page(request, "track.html", HTTPStatus.NOT_FOUND, code=code, found=None, problem="track.not_found")
    mark, words = MARKS.get(str(form.get("score", ""))), clean(str(form.get("words", ""))).replace("\r\n", "\n")
    if found.feedback_given:
        return _shown(request, found)
    if not found.feedback_due:
        return _shown(request, found, "refusal.feedback_too_early", HTTPStatus.CONFLICT)
    fault = "refusal.invalid_score" if mark is None else "refusal.text_too_long" if len(words) > MAX_TEXT else ""
    if mark is None or fault:
        return _shown(request, found, fault, HTTPStatus.UNPROCESSABLE_ENTITY, str(form.get("score", "")), words)
    try:
        await _record(request, found, RecordFeedback(mark, words))
    except Refusal:
        # Another form, or an officer, was quicker: then there is a mark, and nothing is left to say but thanks.
        again = await look(request, code, digits)
        if again is None or not again.feedback_given:
            raise
    return _shown(request, await look(request, code, digits) or found)


async def _record(request: Call, found: Found, command: RecordFeedback) -> None:
    order = Order(
        id=COMMAND,
        command=command,
        recorded_at=parts_of(request).now(),
        actor=CITIZEN,
        authority=found.dossier.authority,
        causation_id=request_id_of(request.scope),
        correlation_id=found.code,
        expected_version=found.dossier.version,
    )
    async with asyncio.timeout(COMMAND_TIMEOUT.total_seconds()):
        await parts_of(request).dossiers.execute(Stream(found.code), order, COMMAND_TIMEOUT)


def _shown(  # the page, with what was typed where it has a fault
    request: Call,
    found: Found,
    fault: str = "",
    status: HTTPStatus = HTTPStatus.OK,
    score: str = "",
    words: str = "",
) -> Response[str]:
    return page(
        request, "track.html", status, code=found.code, found=found, problem="", fault=fault, score=score, words=words
    )
