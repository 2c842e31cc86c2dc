"""Orders as officers, citizens and mistakes make them, for properties."""

from datetime import date, datetime, timedelta
from typing import Any, get_args, get_type_hints

from hypothesis import strategies as st
from msgspec.structs import replace

from domain.calendar_data import CalendarSpec, DayOff
from domain.dossier import commands as c
from domain.dossier.events import Event
from domain.ids import AuthorityId, OfficerId, ProcedureCode
from domain.period import Period, Unit
from domain.postal import ScanState
from domain.procedure import Effect, StageKind, SuspensionReason
from tests.domain.dossier.samples import OFFICE
from tests.domain.dossier.spec import moment

OFFICERS = st.sampled_from(["", "lan", "hoa", "minh"]).map(OfficerId)
STAGES = st.sampled_from([*StageKind, "appraise-2", "T1", "nothing"])
TEXTS = st.sampled_from(["", " ", "lý do", "x" * (c.MAX_TEXT + 1)])
LINKS = st.sampled_from(["L1", "L2", "L9"])
CARRIERS, TRACKING = st.sampled_from(["vnpost", ""]), st.sampled_from(["", "VN1", "VN2"])
PARCELS = st.sampled_from(["P1", "P2", "P9"])
COMPONENTS = st.lists(st.sampled_from(["don", "bansao", "khac"]), max_size=3).map(tuple)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 6, 30)).map(  # noqa: DTZ001  # given an offset below
    lambda naive: naive.astimezone(moment("01-01 00:00").tzinfo)
)
ENTRIES = st.integers(-1, 60) | st.sampled_from(
    [
        "dossier.received",
        "clock.suspended",
        "clock.resumed",
        "supplement.requested",
        "supplement.provided",
        "payment.required",
        "payment.confirmed",
        "result.issued",
        "task.opened",
        "nothing",
    ]
)


def calendars() -> st.SearchStrategy[CalendarSpec]:
    """The office's calendar with one more day off."""
    known = {*OFFICE.special_days()}
    days = (date(2026, 3, 1) + timedelta(days=number) for number in range(400))
    return st.sampled_from([day for day in days if day not in known]).map(
        lambda day: replace(OFFICE, off=(*OFFICE.off, DayOff(day)))
    )


def commands() -> st.SearchStrategy[c.Command]:
    """Any command that comes from outside, sensible or not."""
    return st.one_of(
        st.builds(c.Submit, st.just(ProcedureCode("P1")), components=COMPONENTS),
        st.builds(c.Receive, components=st.none() | COMPONENTS),
        st.builds(c.Refuse, TEXTS),
        st.builds(c.ClaimTask, st.none() | STAGES),
        st.builds(c.ReleaseTask),
        st.builds(c.DelegateTask, OFFICERS),
        *[st.builds(c.CompleteTask, STAGES, st.sampled_from(c.TaskOutcome), st.none() | STAGES)] * 3,
        *[st.builds(c.CompleteTask, st.sampled_from(["appraise", "approve"]))] * 4,
        st.builds(c.RequestSupplement, TEXTS, legal_basis=st.sampled_from(["", "Điều 7"])),
        st.builds(c.ProvideSupplement, COMPONENTS),
        st.builds(c.RequirePayment, st.integers(-1, 10)),
        st.builds(c.ConfirmPayment),
        st.builds(c.Suspend, st.sampled_from(SuspensionReason), effect=st.none() | st.sampled_from(Effect)),
        st.builds(c.Resume, st.none() | st.sampled_from(SuspensionReason)),
        st.builds(c.Extend, MOMENTS, TEXTS),
        st.builds(c.IssueResult),
        st.builds(c.ReturnResult, st.sampled_from(c.ReturnMethod)),
        st.builds(c.Withdraw, TEXTS),
        st.builds(c.Stop, TEXTS),
        st.builds(c.Correct, ENTRIES, st.just("occurred_at"), MOMENTS.map(datetime.isoformat), TEXTS, OFFICERS),
        st.builds(c.Correct, ENTRIES, st.just("channel"), st.sampled_from(["post", "…"]), TEXTS, OFFICERS),
        st.builds(c.RecordFeedback, st.integers(-1, 7)),
        st.builds(c.ReviseCalendar, calendars()),
        st.builds(c.NoteLinkAcknowledged, LINKS, st.integers(1, 3)),
        st.builds(c.NoteLinkAnswered, LINKS, st.integers(1, 3), st.sampled_from(c.LinkOutcome)),
        st.builds(c.NoteLinkSuspended, LINKS, st.integers(1, 3), st.sampled_from(SuspensionReason)),
        st.builds(c.NoteLinkResumed, LINKS, st.integers(1, 3), st.sampled_from(SuspensionReason)),
        st.builds(c.OrderCollection, CARRIERS, TRACKING),
        st.builds(c.DispatchResult, CARRIERS, TRACKING),
        st.builds(c.RecordScan, st.sampled_from(ScanState), TRACKING, CARRIERS, st.booleans()),
        st.builds(c.CancelParcel, PARCELS),
        st.builds(c.NotePlaced, PARCELS, TRACKING),
        st.builds(c.NoteNotPlaced, PARCELS, TEXTS),
        st.builds(c.AcknowledgeLink),
        st.builds(c.AnswerLink, st.sampled_from(c.LinkOutcome)),
        st.builds(c.RecallLink, st.integers(1, 3)),
        st.builds(c.NoteLinkHandedBack, LINKS, st.integers(1, 3)),
        st.builds(c.NoteLinkUndelivered, LINKS, st.integers(1, 3), MOMENTS),
        st.builds(c.NoteLinkDelivered, LINKS, st.integers(1, 3)),
        st.builds(c.HandBackLink, TEXTS),
        st.builds(c.TakeBackLink, LINKS, TEXTS),
        st.builds(c.ReopenLink, LINKS, st.none() | st.sampled_from([AuthorityId("S1"), AuthorityId("S2")]), TEXTS),
        st.builds(c.SkipLink, LINKS, TEXTS),
    )


st.register_type_strategy(datetime, MOMENTS)
st.register_type_strategy(Period, st.builds(Period, st.integers(1, 90), st.sampled_from(Unit)))
st.register_type_strategy(CalendarSpec, calendars())


def whole(kind: type[Any]) -> st.SearchStrategy[Any]:
    """A struct of this type, every field drawn by its hint, those with defaults too."""
    hints = get_type_hints(kind)
    return st.builds(kind, **{field: st.from_type(hints[field]) for field in kind.__struct_fields__})


def events() -> st.SearchStrategy[Event]:
    """Any event of any type."""
    return st.one_of(*(whole(kind) for kind in get_args(Event)))


def any_commands() -> st.SearchStrategy[c.Command]:
    """Any command of any type with any fields."""
    return st.one_of(*(whole(kind) for kind in get_args(c.Command)))
