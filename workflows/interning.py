"""Equal rules are held once per process, however many cached workflows are under them."""

from collections import OrderedDict

from domain.dossier.rules import Rules

CAPACITY = 2048
"""Distinct rule sets kept; one is about 20 kB."""

_known: OrderedDict[tuple[object, ...], Rules] = OrderedDict()


def intern_rules(rules: Rules) -> Rules:
    """The rules themselves, or an equal set seen before. Content addresses make that safe.

    Equal keys are equal rules.
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
        _known.move_to_end(key)
        return found
    _known[key] = rules
    if len(_known) > CAPACITY:
        _known.popitem(last=False)
    return rules
