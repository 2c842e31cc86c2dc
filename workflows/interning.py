"""Equal rules are held once per process, however many cached workflows are under them."""

from domain.dossier.rules import Rules

CAPACITY = 2048
"""Distinct rule sets kept; one is about 20 kB."""

_known: dict[tuple[object, ...], Rules] = {}


def intern_rules(rules: Rules) -> Rules:
    """The rules themselves, or an equal set seen before.

    Workflows of several threads call this: every step on the table is one that Python does not interrupt.
    """
    key = (
        rules.procedure_version,
        rules.procedure.authority,
        rules.procedure.route[0].stage if rules.procedure.route else None,
        rules.procedure.committed,
        tuple(sorted(rules.calendar_versions.items())),
    )
    found = _known.get(key)
    if found is not None and found == rules:
        return found
    if len(_known) >= CAPACITY:
        _known.clear()
    _known[key] = rules
    return rules
