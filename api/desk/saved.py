"""Saved views: the present filters of the worklist under a name, and a name forgotten."""

from http import HTTPStatus
from typing import Final

from litestar import Response, post

from api.body import Call
from api.desk.context import clean, read_form, see_other
from api.desk.worklist import wanted_of, worklist_page
from api.parts import parts_of
from store.saved_views import SavedView, SavedViews

LONGEST: Final = 60
"""Characters of a name."""


@post("/desk/views", name="deskSaveView", status_code=HTTPStatus.SEE_OTHER)
async def save(request: Call) -> Response[str] | Response[None]:
    """Save the list that the address asks for under the name that was typed; or show the list again, and why not."""
    given = await read_form(request)
    wanted, name = wanted_of(request), " ".join(clean(str(given.get("name", ""))).split())
    problem = ""
    if not name:
        problem = "refusal.field_missing"
    elif len(name) > LONGEST:
        problem = "saved.too_long"
    elif not await _saved(request, SavedView(name, {key: value for key, value in wanted.filters().items() if value})):
        problem = "saved.too_many"
    if problem:
        return await worklist_page(request, HTTPStatus.UNPROCESSABLE_ENTITY, name=name, problem=problem)
    return see_other(wanted.address())


async def _saved(request: Call, view: SavedView) -> bool:
    return await SavedViews(parts_of(request).database).save(request.user.officer, view)


@post("/desk/views/delete", name="deskDeleteView", status_code=HTTPStatus.SEE_OTHER)
async def delete(request: Call) -> Response[None]:
    """Forget a saved view and go back to the list that was shown."""
    given = await read_form(request)
    await SavedViews(parts_of(request).database).delete(request.user.officer, clean(str(given.get("name", ""))))
    return see_other(wanted_of(request).address())
