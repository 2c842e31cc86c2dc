"""Figures: every case in exactly one cell, whatever the period; the box; the late list."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.dossier.commands import Channel
from domain.dossier.view import Timeliness
from domain.ids import AuthorityId, ProcedureCode
from domain.statistics import Box, Case, Figures, box, figures, figures_by, late_list, share_in_time

JANUARY, FEBRUARY, MARCH = (datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2, 3))
JUDGED = (Timeliness.EARLY, Timeliness.ON_TIME, Timeliness.LATE)


def case(
    name: str = "A",
    *,
    received: int = 1,
    ended: int | None = None,
    due: int | None = None,
    judged: Timeliness | None = None,
    channel: Channel = Channel.DIRECT,
    late_minutes: int = 0,
) -> Case:
    """A case; moments are days after 1 January."""
    end = JANUARY + timedelta(days=ended) if ended is not None else None
    return Case(
        dossier=name,
        procedure=ProcedureCode("P"),
        field="",
        unit=AuthorityId("X1"),
        channel=channel,
        received_at=JANUARY + timedelta(days=received),
        due=JANUARY + timedelta(days=due) if due is not None else None,
        ended_at=end,
        ready_at=end,
        timeliness=judged if ended is not None else None,
        late_minutes=late_minutes,
        overran=(),
    )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Any case that can be."""
    received = draw(st.integers(-60, 120))
    ended = draw(st.none() | st.integers(received, 150))
    due = draw(st.none() | st.integers(received, 150))
    judged = draw(st.sampled_from(JUDGED))
    return case(received=received, ended=ended, due=due, judged=judged, channel=draw(st.sampled_from(Channel)))


@given(st.lists(cases(), max_size=40), st.integers(-30, 90), st.integers(1, 60))
def test_the_identities_of_form_ii06_hold(known: list[Case], first: int, length: int) -> None:
    """3 = 4+5+6, 7 = 8+9+10, 11 = 12+13, 3 = 7+11, for any cases and any period."""
    start = JANUARY + timedelta(days=first)
    line = figures(known, start, start + timedelta(days=length))
    assert line.received == line.online + line.direct_and_post + line.carried_over
    assert line.resolved == line.early + line.on_time + line.late
    assert line.in_process == line.within + line.overdue
    assert line.received == line.resolved + line.in_process


@given(st.lists(cases(), max_size=40), st.integers(-30, 60), st.integers(1, 30), st.integers(1, 30))
def test_what_is_open_is_carried_over(known: list[Case], first: int, length: int, next_length: int) -> None:
    """What a period leaves open is what the next one begins with."""
    start = JANUARY + timedelta(days=first)
    end = start + timedelta(days=length)
    after = figures(known, end, end + timedelta(days=next_length))
    assert figures(known, start, end).in_process == after.carried_over


@given(st.lists(cases(), max_size=40), st.integers(-30, 150))
def test_the_box_adds_up(known: list[Case], day: int) -> None:
    """Processed = early + on time + late, and with the open ones that is everything received by then."""
    as_of = JANUARY + timedelta(days=day)
    shown = box(known, as_of)
    assert shown.processed == shown.early + shown.on_time + shown.late
    assert shown.processed + shown.open == sum(known_case.received_at < as_of for known_case in known)
    assert shown.overdue <= shown.open
    assert (shown.late_percent is None) == (shown.processed == 0)
    assert (shown.oldest_open_days is None) == (shown.open == 0)


def test_a_line_by_hand() -> None:
    """One dossier in each cell of February."""
    known = [
        case("old", received=10, ended=40, due=50, judged=Timeliness.EARLY),
        case("before", received=10, ended=20, due=50, judged=Timeliness.EARLY),
        case("online", received=35, ended=45, due=45, judged=Timeliness.ON_TIME, channel=Channel.ONLINE),
        case("post", received=36, ended=50, due=45, judged=Timeliness.LATE, channel=Channel.POST),
        case("open", received=37, due=70),
        case("overdue", received=37, due=50),
        case("held", received=38),
        case("later", received=38, ended=75, due=70, judged=Timeliness.LATE),
        case("to come", received=70),
    ]
    assert figures(known, FEBRUARY, MARCH) == Figures(
        online=1, direct_and_post=5, carried_over=1, early=1, on_time=1, late=1, within=3, overdue=1
    )


def test_lines_by_unit_add_up_to_the_whole() -> None:
    """Groups are disjoint."""
    elsewhere = replace(case("B", received=35), unit=AuthorityId("X2"))
    known = [case("A", received=35), elsewhere, case("C", received=36)]
    by_unit = figures_by(known, lambda each: each.unit, FEBRUARY, MARCH)
    assert {unit: line.received for unit, line in by_unit.items()} == {"X1": 2, "X2": 1}


def test_a_box_by_hand() -> None:
    """One of three is late: 33.3 %; the oldest open one is 58 days old."""
    known = [
        case("A", ended=10, due=20, judged=Timeliness.EARLY),
        case("B", ended=20, due=20, judged=Timeliness.ON_TIME),
        case("C", ended=30, due=20, judged=Timeliness.LATE),
        case("D", received=1, due=90),
        case("E", received=20, due=30),
    ]
    assert box(known, MARCH) == Box(
        processed=3,
        early=1,
        on_time=1,
        late=1,
        late_percent=33.3,
        open=2,
        overdue=1,
        oldest_open_days=58,
        as_of=MARCH,
    )


def test_the_late_list_begins_with_the_latest() -> None:
    """Late ones and open overdue ones; equal ones by name."""
    known = [
        case("B", ended=30, due=20, judged=Timeliness.LATE, late_minutes=60),
        case("A", ended=30, due=20, judged=Timeliness.LATE, late_minutes=60),
        case("C", received=1, due=20, late_minutes=600),
        case("D", received=1, due=90),
        case("E", ended=10, due=20, judged=Timeliness.EARLY),
    ]
    assert [each.dossier for each in late_list(known, MARCH)] == ["C", "A", "B"]


def test_a_share_in_time_is_cut_and_nothing_resolved_has_none() -> None:
    """One late dossier of ten thousand never makes a hundred percent."""
    pairs = ((9996, 10000), (19, 23), (5, 5), (0, 3), (0, 0))
    assert [share_in_time(*pair) for pair in pairs] == [99.9, 82.6, 100.0, 0.0, None]
