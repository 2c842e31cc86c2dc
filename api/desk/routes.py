"""The desk in the application: its routes, and what they work with."""

from typing import Final

from litestar import Router

from api.desk import (
    administration,
    board,
    bulk,
    calendars,
    dossier,
    feedback,
    login,
    news,
    officers,
    papers,
    public,
    receive,
    saved,
    staff,
    unit,
    worklist,
)
from api.desk.context import Desk, signed_in
from api.desk.directory import Directories
from api.desk.errors import answer_error
from api.desk.settings import DeskSettings
from api.limits import Limiter, Rate
from api.parts import Parts
from store.references import References
from store.sessions import Sessions

VISITOR: Final = Rate(per_second=0.5, burst=20)
"""How much one address may look up: enough for a counter where many sit behind one address."""
GUESSER: Final = Rate(per_second=1 / 60, burst=10)
"""How often anyone may ask about one dossier: ten thousand guesses of four digits would take a week."""


LOGIN: Final = Rate(per_second=1.0, burst=200)
"""How often one address may try to log in: enough for a building that comes to work behind one address."""


def desk(parts: Parts, settings: DeskSettings) -> Desk:
    """What the desk works with besides the parts."""
    return Desk(
        settings=settings,
        sessions=Sessions(parts.database),
        directories=Directories(References(parts.database)),
        visitors=Limiter(VISITOR),
        guesses=Limiter(GUESSER),
        logins=Limiter(LOGIN),
        secret=parts.secret,
    )


def routes() -> tuple[Router, Router]:
    """The desk's routes: those for everybody, and those for officers who are signed in."""
    open_to_all = Router(
        "/",
        route_handlers=[
            public.home,
            public.asset,
            public.language,
            public.track,
            feedback.feedback,
            board.board_page,
            board.board_data,
            login.login,
            login.login_demo,
            login.login_provider,
            login.login_back,
            login.logout,
        ],
        exception_handlers={Exception: answer_error},
    )
    signed_in_only = Router(
        "/",
        route_handlers=[
            worklist.worklist,
            worklist.search,
            saved.save,
            saved.delete,
            dossier.show,
            dossier.act,
            receive.choose,
            receive.fill_in,
            receive.save,
            papers.form,
            papers.register,
            bulk.bulk,
            unit.unit,
            unit.swift,
            unit.burst,
            officers.officers,
            officers.give,
            officers.revoke,
            officers.work_for,
            staff.staff,
            staff.keep,
            staff.end,
            news.news,
            administration.catalogue,
            administration.procedure,
            administration.webhooks,
            administration.subscribe,
            administration.unsubscribe,
            administration.resend,
            administration.callbacks,
            administration.replay,
            calendars.calendars,
            calendars.preview,
            calendars.publish,
        ],
        guards=[signed_in],
        exception_handlers={Exception: answer_error},
    )
    return open_to_all, signed_in_only
