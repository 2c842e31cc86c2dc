"""A moment of the agenda has come: what was due there comes true, exactly once."""

from domain.dossier import commands as c
from domain.dossier import events as e
from domain.dossier.acts.link import go_on, recall_links
from domain.dossier.agenda import agenda
from domain.dossier.draft import Draft
from domain.procedure import Silence

NOT_PROVIDED = "supplement not provided in time"


def pass_moment(draft: Draft, command: c.PassMoment) -> None:
    """Let every entry of this moment come true.

    What an earlier one made void (a closed dossier's reminders) does not.
    """
    while True:
        entry = next((known for known in agenda(draft.rules, draft.state) if known.at <= command.moment), None)
        if entry is None:
            return
        _come_true(draft, entry.event)


def _come_true(draft: Draft, event: e.Event) -> None:
    match event:
        case e.SupplementExpired() if (origin := draft.state.origin) is not None:
            draft.add(event)
            recall_links(draft, NOT_PROVIDED)
            draft.add(e.LinkAnswered(origin.link, origin.sequence, c.LinkOutcome.DISAGREED, NOT_PROVIDED))
            draft.add(e.DossierClosed(e.Ending.ANSWERED))
        case e.SupplementExpired():
            draft.add(event)
            recall_links(draft, NOT_PROVIDED)
            draft.add(e.DossierStopped(NOT_PROVIDED))
            draft.add(e.DossierClosed(e.Ending.STOPPED))
        case e.LinkOverdue(what=what) if what == e.ANSWER:
            draft.add(event)
            link = draft.state.link(event.link)
            if link is not None and link.silence is Silence.CONSENT:
                draft.add(e.LinkConsented(link.id, link.sequence))
                go_on(draft, link.id)
        case _:
            draft.add(event)
