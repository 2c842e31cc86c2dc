"""What the law says where a procedure's own data are silent. Values are data with a source (catalogue/law.yaml)."""

import msgspec

from domain.period import Period, clock_time


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One period that the law sets, with where it says so; ``uncertain`` marks what was not checked in a law text."""

    period: Period
    source: str
    uncertain: bool = False


class Law(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The defaults every dossier is under.

    ``supplement_limit``: time to answer a request for supplement. ``intake_answer``: time to answer an online
    submission. ``link_acknowledgement``: time for a linked authority to acknowledge a hand-over.
    ``link_synchronisation``: clock time in which a finished step must be known on the other side. ``apology_notice``:
    how long before the due moment form 04 is due. ``postal_silence``: time within which a carrier owes word of a
    parcel. ``postal_invitations_apart``: least time between two failed invitations of which the second sends a result
    back (none of either: a law pinned before there was post).
    """

    supplement_limit: Rule
    intake_answer: Rule
    link_acknowledgement: Rule
    link_synchronisation: Rule
    apology_notice: Rule
    postal_silence: Rule | None = None
    postal_invitations_apart: Rule | None = None

    def __post_init__(self) -> None:
        """Refuse a law whose synchronisation is not in the clock's time."""
        clock_time(self.link_synchronisation.period)
