"""What keeps a well-formed procedure from being used: unknown authorities, contradicting periods, equal codes."""

from collections.abc import Iterator

from catalogue.checking_routes import Known, known_names, route_faults
from catalogue.faults import Fault, Severity
from catalogue.loading import Contents, Found
from catalogue.totals import Total, counted_total, exceeds, promised, total
from domain.period import Unit
from domain.procedure import Procedure

REMINDER_UNITS = frozenset({Unit.WORKING_HOUR, Unit.WORKING_DAY})
"""A reminder is sent in working time, so it is counted back in it."""
_Key = tuple[str, str]


def procedure_faults(contents: Contents) -> Iterator[Fault]:
    """The faults and warnings of all procedures."""
    known = known_names(contents)
    codes: dict[_Key, Found[Procedure]] = {}
    for found in contents.procedures:
        yield from _authority_faults(found, known)
        yield from _period_faults(found)
        yield from _budget_faults(found)
        yield from _reminder_faults(found)
        yield from _component_faults(found)
        yield from _code_faults(found, codes)
        yield from route_faults(found, known)


def _authority_faults(found: Found[Procedure], known: Known) -> Iterator[Fault]:
    reason = known.unknown(found.item.authority)
    if reason:
        yield found.fault("unknown_authority", reason, "authority")


def _period_faults(found: Found[Procedure]) -> Iterator[Fault]:
    procedure = found.item
    statutory, committed = procedure.statutory, procedure.committed
    if statutory and committed and exceeds(total([committed]), total([statutory])):
        message = f"the committed period of {committed} exceeds the statutory one of {statutory}"
        yield found.fault("committed_exceeds_statutory", message, "committed")
    if statutory is None and committed is None:
        message = "there is neither a statutory nor a committed period: a dossier is never late"
        yield found.fault("no_period", message, severity=Severity.WARNING)


def _budget_faults(found: Found[Procedure]) -> Iterator[Fault]:
    """Budgets over the period are a fault, unless the file says that its source prints just these figures."""
    procedure = found.item
    spent, promise = counted_total(procedure.route), promised(procedure)
    if not promise.amounts or not exceeds(spent, promise):
        return
    message = f"the stages' budgets add up to {spent}, more than the period of {promise}"
    if _admitted(procedure, spent):
        yield found.fault("budgets_exceed_period", f"{message}: so in the source", "route", severity=Severity.WARNING)
    else:
        yield found.fault("budgets_exceed_period", message, "route")


def _admitted(procedure: Procedure, spent: Total) -> bool:
    published = procedure.published
    return published is not None and published.sum_matches_period is not True and published.counted_total == str(spent)


def _reminder_faults(found: Found[Procedure]) -> Iterator[Fault]:
    for number, reminder in enumerate(found.item.reminders):
        if reminder.before.unit not in REMINDER_UNITS:
            message = f"a reminder comes so many working hours or working days before, not {reminder.before}"
            yield found.fault("invalid_period", message, "reminders", number, "before")


def _component_faults(found: Found[Procedure]) -> Iterator[Fault]:
    seen: set[str] = set()
    for number, component in enumerate(found.item.components):
        if component.id in seen:
            message = f'the component "{component.id}" is listed twice'
            yield found.fault("duplicate_id", message, "components", number, "id")
        if component.copies < 1:
            message = f'component "{component.id}": {component.copies} copies cannot be handed in'
            yield found.fault("invalid_value", message, "components", number, "copies")
        seen.add(component.id)


def _code_faults(found: Found[Procedure], codes: dict[_Key, Found[Procedure]]) -> Iterator[Fault]:
    """One code may have several cases and several decisions; files that differ in neither are one too many."""
    procedure = found.item
    if not procedure.code:
        return
    first = codes.setdefault((procedure.code, procedure.case.casefold()), found)
    if first is found:
        return
    other = f"{first.path}:{first.line('code')}"
    if first.item.source == procedure.source:
        message = f'the code "{procedure.code}" has the same case and source in {other}'
        yield found.fault("duplicate_code", message, "code")
    else:
        message = f'the code "{procedure.code}" has the same case in {other}; only their sources tell them apart'
        yield found.fault("duplicate_code", message, "code", severity=Severity.WARNING)
