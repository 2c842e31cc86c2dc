"""A new version of a calendar tried on open deadlines, against counting each deadline by itself."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.calendar import compile_calendar
from domain.calendar_revision import OpenDeadline, Preview, Revision
from domain.clock import Clock, Suspension
from domain.deadline import due, judge_open
from domain.dossier.view import Timeliness
from domain.ids import AuthorityId, Stream
from domain.moment import epoch_minute
from domain.period import Period, Unit
from domain.procedure import Effect
from tests.domain.dossier.samples import OFFICE, X1

OLD = compile_calendar(OFFICE)
NEW = compile_calendar(
    replace(OFFICE, off=(*OFFICE.off[1:], date(2026, 12, 24), date(2026, 12, 31)), worked={}, years=(2026, 2026))
)
BEGIN = datetime(2026, 1, 2, tzinfo=UTC)

moments = st.integers(0, 300 * 24 * 60).map(lambda minutes: BEGIN + timedelta(minutes=minutes))
budgets = st.builds(Period, st.integers(1, 40), st.sampled_from([Unit.WORKING_DAY, Unit.WORKING_HOUR, Unit.DAY]))


@st.composite
def clocks(draw: st.DrawFn) -> Clock:
    """A clock with at most one suspension, which may still be open."""
    start = draw(moments)
    if not draw(st.booleans()):
        return Clock(draw(budgets), start)
    begin = start + timedelta(hours=draw(st.integers(0, 100)))
    end = draw(st.none() | st.integers(0, 200).map(lambda hours: begin + timedelta(hours=hours)))
    return Clock(draw(budgets), start, suspensions=(Suspension(begin, end, draw(st.sampled_from(Effect))),))


def deadline(clock: Clock, number: int = 0, stage: str = "", authority: AuthorityId = X1) -> OpenDeadline:
    """An open deadline, due now as the old version says."""
    moment = due(OLD, clock)
    return OpenDeadline(
        Stream(f"H29-{number}"), authority, stage, None if moment is None else epoch_minute(moment), clock
    )


def preview(*deadlines: OpenDeadline, now: datetime) -> Preview:
    """What the new version does to them."""
    revision = Revision(NEW, now)
    revision.add(deadlines)
    return revision.preview()


@settings(max_examples=200, deadline=None)
@given(st.lists(clocks(), max_size=12), moments)
def test_counts_what_counting_each_deadline_anew_gives(all_clocks: list[Clock], now: datetime) -> None:
    """Moved, earlier, later, late, late no more: each the number of deadlines of which it is true."""
    within_old = [clock for clock in all_clocks if _counts(clock)]
    found = preview(*(deadline(clock, number) for number, clock in enumerate(within_old)), now=now)
    pairs = [(due(OLD, clock), due(NEW, clock)) for clock in within_old]
    moved = [(old, new) for old, new in pairs if old is not None and new is not None and old != new]
    late = [(judge_open(old, now), judge_open(new, now)) for old, new in moved]
    tally = found.dossiers
    assert (tally.counted, tally.suspended) == (len(pairs), sum(old is None for old, _ in pairs))
    assert (tally.moved, tally.earlier) == (len(moved), sum(new < old for old, new in moved))
    assert tally.later == tally.moved - tally.earlier
    assert tally.become_late == late.count((Timeliness.OPEN_WITHIN, Timeliness.OPEN_OVERDUE)) == len(found.become_late)
    assert tally.un_lated == late.count((Timeliness.OPEN_OVERDUE, Timeliness.OPEN_WITHIN)) == len(found.un_lated)
    assert (found.earliest.new if found.earliest else None) == min((new for _, new in moved), default=None)
    assert (found.latest.new if found.latest else None) == max((new for _, new in moved), default=None)
    furthest = max((new - old for old, new in moved if new > old), default=None)
    assert (found.furthest_on.new - found.furthest_on.old if found.furthest_on else None) == furthest


def test_keeps_authorities_and_stages_apart() -> None:
    """Every authority's own figures; stages are no appointments."""
    clock = Clock(Period(1, Unit.WORKING_DAY), datetime(2026, 12, 23, 1, tzinfo=UTC))
    other = AuthorityId("S1")
    found = preview(
        deadline(clock, 1), deadline(clock, 2, authority=other), deadline(clock, 1, "appraise", other), now=BEGIN
    )
    assert (found.dossiers.moved, found.stages.moved) == (2, 1)
    assert [(one.authority, one.moved, one.stages.moved) for one in found.authorities] == [("S1", 1, 1), ("X1", 1, 0)]


def test_a_deadline_past_the_years_is_refused_and_the_others_count() -> None:
    """What the new version cannot count is told with its code; it stops nothing."""
    long = Clock(Period(30, Unit.WORKING_DAY), datetime(2026, 12, 1, tzinfo=UTC))
    short = Clock(Period(1, Unit.WORKING_DAY), datetime(2026, 12, 23, 1, tzinfo=UTC))
    found = preview(deadline(long, 1), deadline(short, 2), now=BEGIN)
    assert (found.refused, found.dossiers.moved) == (1, 1)
    assert [(refused.dossier, refused.code) for refused in found.refusals] == [("H29-1", "outside_calendar")]


def _counts(clock: Clock) -> bool:
    """Whether both versions can count it: the new one knows fewer years."""
    return not preview(deadline(clock), now=BEGIN).refused
