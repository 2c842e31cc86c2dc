"""What the figures of the store say to whoever asks the doctor."""

import pytest

from cli.findings import Verdict, of_figures
from store.exchange import Exchange, Note, Outgoing
from store.gauges import Figures, Open, Outstanding

HOUR = 3600.0
SOUND = Exchange(upkeep=(Note("backup", "", 12, 20 * HOUR),))


def figures(
    *,
    open_: tuple[Open, ...] = (),
    outstanding: tuple[Outstanding, ...] = (),
    events_behind: int = 0,
    seconds_behind: float = 0.0,
    exchange: Exchange = SOUND,
) -> Figures:
    """Those of a sound system, but for what is given."""
    return Figures((), open_, outstanding, {}, events_behind, seconds_behind, exchange)


TROUBLES = {
    "projections": (figures(events_behind=10_001), Verdict.WRONG, "10001 events behind"),
    "timers": (
        figures(open_=(Open(part=False, authority="X1", field="", within=3, overdue=0, soon=0, drifting=2),)),
        Verdict.WRONG,
        "2 open dossiers",
    ),
    "hand-overs": (figures(outstanding=(Outstanding("S1", "", "arrival", 4, 0, 3),)), Verdict.WRONG, "3 hand-overs"),
    "callbacks": (figures(exchange=Exchange(inbox_parked=5, upkeep=SOUND.upkeep)), Verdict.WARNING, "5 of"),
    "messages": (
        figures(exchange=Exchange(outgoing=(Outgoing("webhook", 7, 2, 1.0),), upkeep=SOUND.upkeep)),
        Verdict.WARNING,
        "2 of webhook",
    ),
    "backup": (figures(exchange=Exchange(upkeep=(Note("backup", "", 1, 30 * HOUR),))), Verdict.WARNING, "30 hours"),
}


def test_nothing_is_wrong() -> None:
    """Whatever is on its way, and still in time, is no trouble."""
    found = figures(
        outstanding=(Outstanding("S1", "", "acknowledgement", 4, 0, 4), Outstanding("S1", "", "arrival", 1, 0, 0)),
        exchange=Exchange(inbox_waiting=9, outgoing=(Outgoing("notice", 3, 0, 1.0),), upkeep=SOUND.upkeep),
    )
    assert {finding.verdict for finding in of_figures(found)} == {Verdict.SOUND}


@pytest.mark.parametrize("subject", TROUBLES)
def test_each_trouble_is_named_alone_with_what_to_do(subject: str) -> None:
    """And nothing else is blamed."""
    found, verdict, words = TROUBLES[subject]
    wrong = [finding for finding in of_figures(found) if finding.verdict is not Verdict.SOUND]
    assert [(one.subject, one.verdict) for one in wrong] == [(subject, verdict)]
    assert words in wrong[0].found
    assert wrong[0].advice


def test_who_owes_an_acknowledgement_is_named() -> None:
    """What has arrived and is not acknowledged is the authority's affair, not the system's."""
    late = tuple(
        Outstanding(name, "", "acknowledgement", 2, number, 0) for name, number in (("S2", 1), ("S1", 1), ("S3", 0))
    )
    (wrong,) = [one for one in of_figures(figures(outstanding=late)) if one.verdict is not Verdict.SOUND]
    assert (wrong.verdict, wrong.found) == (Verdict.WARNING, "2 are not acknowledged in time (S1, S2)")


def test_a_backup_that_was_never_made() -> None:
    """Nothing is known of one."""
    (wrong,) = [one for one in of_figures(figures(exchange=Exchange())) if one.verdict is not Verdict.SOUND]
    assert (wrong.subject, wrong.verdict) == ("backup", Verdict.WARNING)
