"""One dossier in the middle of its life, for the examples of the OpenAPI document."""

from datetime import UTC, datetime
from typing import Final

import msgspec

from api.answers import ClockFace, DossierLine, DossierState, Entry, History, Work
from api.bodies import Applicant
from api.components import CODE
from domain.dossier.events import ClockName
from domain.dossier.view import Status, Timeliness, Waiting
from domain.ids import AuthorityId, OfficerId, ProcedureCode
from domain.period import Period, Unit

RECEIVED: Final = datetime(2026, 3, 2, 1, 10, tzinfo=UTC)
COMMITTED: Final = datetime(2026, 3, 12, 10, 30, tzinfo=UTC)
STATUTORY: Final = datetime(2026, 3, 16, 10, 30, tzinfo=UTC)
STAGE: Final = datetime(2026, 3, 9, 1, 10, tzinfo=UTC)
DESK, OFFICE = AuthorityId("xa-an-loc.one_stop"), AuthorityId("xa-an-loc")

TASK: Final = Work(
    task="T2",
    stage="appraise",
    title="Thẩm định hồ sơ",
    role="specialist",
    authority=OFFICE,
    opened_at=RECEIVED,
    due=STAGE,
    overdue=False,
    officer=OfficerId("hang.mai"),
)
LINE: Final = DossierLine(
    code=CODE,
    link="",
    version=4,
    status=Status.OPEN,
    portal_state=4,
    waiting=Waiting.OFFICER,
    procedure=ProcedureCode("1.001193"),
    field="Hộ tịch",
    authority=OFFICE,
    received_by=DESK,
    return_to=DESK,
    channel="direct",
    submitted_at=None,
    received_at=RECEIVED,
    statutory_due=STATUTORY,
    committed_due=COMMITTED,
    ready_at=None,
    closed_at=None,
    timeliness=Timeliness.OPEN_WITHIN,
    timeliness_as_recorded=None,
    extensions=0,
    supplements=0,
    next_moment=STAGE,
    tasks=(TASK,),
)
STATE: Final = DossierState(
    **msgspec.structs.asdict(LINE),
    applicant=Applicant("Nguyễn Thị An", phone="0912345678"),
    clocks=(
        ClockFace(ClockName.STATUTORY, Period(10, Unit.WORKING_DAY), RECEIVED, STATUTORY),
        ClockFace(ClockName.COMMITTED, Period(8, Unit.WORKING_DAY), RECEIVED, COMMITTED),
        ClockFace(ClockName.STAGE, Period(40, Unit.WORKING_HOUR), RECEIVED, STAGE),
    ),
    parts=(),
    working_minutes={"xa-an-loc": 480, "citizen": 0, "post": 0},
)
HISTORY: Final = History(
    code=CODE,
    link="",
    items=(
        Entry(
            version=2,
            type="task.opened",
            occurred_at=RECEIVED,
            recorded_at=RECEIVED,
            actor="nguyet.dang",
            authority=DESK,
            on_behalf_of="",
            command_id="http/1f0c",
            data={"task": "T2", "stage": "appraise"},
            hash="9c" * 32,
        ),
    ),
    next_after=None,
)
