"""Rules of a test, put where a deployment keeps them."""

from domain.calendar import CalendarSpec
from domain.dossier.rules import Rules
from store.database import Database
from store.references import Kind, References
from store.rules_source import LAW_ID


async def keep(database: Database, rules: Rules, *calendars: CalendarSpec) -> None:
    """Store the contents that dossiers under these rules pin, and further versions of calendars."""
    references = References(database)
    await references.store(Kind.LAW, LAW_ID, rules.law)
    await references.store(Kind.PROCEDURE, rules.procedure.id, rules.procedure)
    for spec in (*rules.calendars.values(), *calendars):
        await references.store(Kind.CALENDAR, spec.id, spec)
