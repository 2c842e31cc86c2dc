"""The checklist: what is handed in is held against what the procedure lists; neither missing nor in excess.

Source: one-stop rules (form 01 lists the components with their quantity) and the rule of the receiving desks that no
paper outside the published list may be asked for or kept.
"""

from collections.abc import Iterable

import msgspec

from domain.errors import Refusal
from domain.procedure import ChecklistPolicy, Component, Procedure

MOST_COPIES = 1000
"""Copies of one component above this are a keying error."""


class Given(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One component as handed in; ``copies`` none means: in the listed quantity."""

    id: str
    copies: int | None = None


class Comparison(msgspec.Struct, frozen=True):
    """What is missing and what is in excess, as ids in the checklist's and in the given order.

    A component given in fewer copies than listed is missing, in more copies is in excess.
    """

    missing: tuple[str, ...] = ()
    excess: tuple[str, ...] = ()


class MissingComponents(Refusal):
    """Required components were not handed in, or in too few copies."""

    code = "missing_components"

    def __init__(self, missing: Iterable[str], excess: Iterable[str] = ()) -> None:
        self.missing, self.excess = tuple(missing), tuple(excess)
        super().__init__(
            f"the dossier is not complete: {', '.join(self.missing)} missing",
            missing=list(self.missing),
            excess=list(self.excess),
        )


class ExcessComponents(Refusal):
    """More was handed in than the procedure lists."""

    code = "excess_components"

    def __init__(self, excess: Iterable[str]) -> None:
        self.excess = tuple(excess)
        super().__init__(
            f"the procedure does not ask for {', '.join(self.excess)}; give it back to the applicant",
            excess=list(self.excess),
        )


class InvalidQuantity(Refusal):
    """A number of copies that is none."""

    code = "invalid_quantity"

    def __init__(self, component: str, copies: int) -> None:
        super().__init__(
            f"component {component}: the number of copies is 1 to {MOST_COPIES}, not {copies}",
            component=component,
            copies=copies,
        )


def compare(given: Iterable[Given | str], listed: Iterable[Component]) -> Comparison:
    """Hold what was handed in against the list. A bare id means the listed quantity; copies given in parts add up."""
    checklist = {component.id: component for component in listed}
    copies = _copies(given, checklist)
    missing = [
        name
        for name, component in checklist.items()
        if (component.required and name not in copies) or (name in copies and copies[name] < component.copies)
    ]
    excess = [name for name, number in copies.items() if name not in checklist or number > checklist[name].copies]
    return Comparison(tuple(missing), tuple(excess))


def check(given: Iterable[Given | str], procedure: Procedure) -> Comparison:
    """Compare and refuse as the procedure says; what is returned is to be noted.

    Raises MissingComponents (which also names the excess that is refused), ExcessComponents or InvalidQuantity.
    """
    found = compare(given, procedure.components)
    refused_excess = found.excess if procedure.excess is ChecklistPolicy.REFUSE else ()
    if found.missing and procedure.missing is ChecklistPolicy.REFUSE:
        raise MissingComponents(found.missing, refused_excess)
    if refused_excess:
        raise ExcessComponents(refused_excess)
    return found


def _copies(given: Iterable[Given | str], checklist: dict[str, Component]) -> dict[str, int]:
    """Copies handed in by component; a bare id repeated is still the listed quantity, for a list names a thing once."""
    copies: dict[str, int] = {}
    for item in given:
        name, number = (item, None) if isinstance(item, str) else (item.id, item.copies)
        if number is None:
            copies[name] = max(copies.get(name, 0), checklist[name].copies if name in checklist else 1)
            continue
        if not 1 <= number <= MOST_COPIES:
            raise InvalidQuantity(name, number)
        copies[name] = copies.get(name, 0) + number
    return copies
