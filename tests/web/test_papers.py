"""A form printed again says what it said first; the register says of each line what became of it."""

from datetime import UTC, datetime, timedelta

from api.desk.papers import promised_at_first
from domain.dossier.events import ClockName, DeadlineSet, DossierReminded, Event, Fact
from domain.period import Period, Unit

START = datetime(2026, 3, 2, 1, 10, tzinfo=UTC)


def _fact(event: Event, version: int) -> Fact:
    return Fact(event=event, version=version, occurred_at=START, recorded_at=START)


def _set(clock: ClockName, days: int) -> DeadlineSet:
    return DeadlineSet(clock, Period(days, Unit.WORKING_DAY), START, START + timedelta(days=days))


def test_a_receipt_printed_again_tells_the_first_appointment() -> None:
    """Neither the law's period nor a later appointment; none where none was promised."""
    events = (_set(ClockName.STATUTORY, 9), _set(ClockName.COMMITTED, 7), _set(ClockName.COMMITTED, 30))
    facts = [_fact(event, version) for version, event in enumerate(events, start=1)]
    assert promised_at_first(facts) == START + timedelta(days=7)
    assert promised_at_first([_fact(DossierReminded(START, Period(1, Unit.WORKING_DAY)), 1)]) is None
