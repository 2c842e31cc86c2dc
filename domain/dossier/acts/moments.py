"""A moment of the agenda has come: what was due there comes true, exactly once."""

from domain.dossier import commands as c
from domain.dossier import events as e
from domain.dossier.acts.link import go_on
from domain.dossier.agenda import ANSWER, agenda
from domain.dossier.draft import Draft
from domain.procedure import Silence


def pass_moment(draft: Draft, command: c.PassMoment) -> None:
    """Let every entry of this moment come true; what an earlier one made void (a closed dossier's reminders) does not."""
    while True:
        entry = next((known for known in agenda(draft.rules, draft.state) if known.at <= command.moment), None)
        if entry is None:
            return
        _come_true(draft, entry.event)


def _come_true(draft: Draft, event: e.Event) -> None:
    match event:
        case e.SupplementExpired():
            draft.add(event)
            draft.add(e.DossierStopped("supplement not provided in time"))
            draft.add(e.DossierClosed(e.Ending.STOPPED))
        case e.LinkOverdue(what=what) if what == ANSWER:
            draft.add(event)
            link = draft.state.link(event.link)
            if link is not None and link.silence is Silence.CONSENT:
                draft.add(e.LinkConsented(link.id, link.sequence))
                go_on(draft, link.id)
        case _:
            draft.add(event)
