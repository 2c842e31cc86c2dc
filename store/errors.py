"""What can go wrong at the store. Refusals answer the caller's input; the others are conditions of the store."""

from domain.errors import Refusal
from runtime.errors import OperationalError


class StoreUnavailable(OperationalError):
    """PostgreSQL cannot be reached, or gave up for now: try again; whatever was asked is safe to repeat."""


class UnstorableData(Refusal):
    """JSON without a canonical form, or that ``jsonb`` cannot hold: NUL, a number beyond 2^53, no JSON at all."""

    code = "unstorable_data"


class InvalidCursor(Refusal):
    """A page cursor that this system did not issue, or issued for another query."""

    code = "invalid_cursor"


class KeyReused(Refusal):
    """An Idempotency-Key that was already used for another request."""

    code = "idempotency_key_reused"


class UnknownReference(Refusal):
    """No such procedure, calendar, authority or officer, or none in force on the day in question."""

    code = "unknown_reference"


class UnknownProjection(Refusal):
    """No projection has this name."""

    code = "unknown_projection"


class Shredded(Refusal):
    """The dossier's key was destroyed: what was sealed with it is gone for good, and nothing more can be sealed."""

    code = "shredded"


class KeyNotHere(Refusal):
    """Nothing can be sealed for the dossier: its key is wrapped by one that this system does not have."""

    code = "wrapping_key_unknown"


class BrokenSeal(Exception):
    """A sealed value that does not open: altered, cut, or sealed for another dossier or under an unknown key."""
