"""Parts of a published record: its checklist, its appointments, its fee, and what is kept beside the fields."""

import re
from typing import Any

import msgspec

from catalogue.naming import fold
from catalogue.source import Fields, as_json
from domain.period import Period
from domain.procedure import Component, Published, Share

_IF_ANY = re.compile(r"\( ?neu co|\bneu co\)?$")


def read_appointments(fields: Fields) -> tuple[Period, ...]:
    """Read the promised dates in their printed order."""
    dates: list[tuple[Any, Period]] = []
    for number, value in enumerate(fields.objects("appointments"), 1):
        inner = Fields(value, f"appointment {number}: ")
        order = inner.number("no")
        period = inner.period("the appointment")
        merge(fields, inner, f"appointment {number}")
        if period is not None:
            dates.append((number if order is None else order, period))
    return tuple(period for _, period in sorted(dates, key=lambda date: date[0]))


def read_fee(fields: Fields) -> str:
    """Read the fee as it is printed; a table becomes JSON."""
    value = fields.raw("fee")
    if value is None or isinstance(value, str):
        return (value or "").strip()
    return as_json(value)


def read_components(fields: Fields) -> tuple[Component, ...]:
    """The checklist; a component is required unless its own words say "if any"."""
    value = fields.raw("components")
    if value is None:
        return ()
    if not isinstance(value, list):
        fields.problem('"components" is not a list')
        return ()
    return tuple(
        component
        for number, item in enumerate(value, 1)
        if (component := _component(fields, f"c{number}", item)) is not None
    )


def _component(fields: Fields, name: str, item: object) -> Component | None:
    if isinstance(item, str):
        text = item.strip()
        return Component(id=name, required=not _IF_ANY.search(fold(text)), name=text)
    if not isinstance(item, dict):
        fields.problem(f"component {name} is neither a text nor an object")
        return None
    inner = Fields(item, f"component {name}: ")
    text = inner.text("name") or inner.text("title")
    copies = next((given for key in ("copies", "quantity") if (given := inner.number(key)) is not None), 1)
    required = inner.flag("required")
    merge(fields, inner, f"component {name}")
    if not isinstance(copies, int) or copies < 1:
        fields.problem(f"component {name}: {copies} copies cannot be handed in")
        return None
    return Component(
        id=name, required=not _IF_ANY.search(fold(text)) if required is None else required, name=text, copies=copies
    )


def read_published(fields: Fields, record_id: str, printed: str) -> Published:
    """What the record prints beyond the Procedure's own fields; keys that nobody knows are kept as JSON."""
    shares = tuple(
        share
        for number, value in enumerate(fields.objects("sub_periods"), 1)
        if (share := _share(fields, number, value))
    )
    kept = Published(
        record=record_id,
        code_local=fields.text("code_local"),
        code_inferred=fields.text("code_inferred"),
        authority=printed,
        agencies=fields.texts("agencies"),
        link=fields.text("link"),
        statutory=_words(fields, "statutory_period"),
        committed=_words(fields, "committed_period"),
        reduction_percent=fields.number("reduction_percent"),
        step_total=fields.number("step_total"),
        sum_matches_period=fields.flag("sum_matches_period"),
        hours_per_day=fields.number("hours_per_day"),
        shares=shares,
        appointments=read_appointments(fields),
    )
    other = {key: as_json(value) for key, value in sorted(fields.left_over().items())}
    return msgspec.structs.replace(kept, other=other)


def _share(fields: Fields, number: int, value: dict[str, Any]) -> Share | None:
    inner = Fields(value, f"sub-period {number}: ")
    level, agency = inner.text("level"), inner.text("agency")
    period = inner.period("the share")
    merge(fields, inner, f"sub-period {number}")
    return Share(period, level, agency) if period is not None else None


def _words(fields: Fields, key: str) -> str:
    value = fields.raw(key)
    return str(value.get("raw") or "") if isinstance(value, dict) else ""


def merge(fields: Fields, inner: Fields, name: str) -> None:
    """Take over what was found in a part and what nobody asked for there; the same finding is said once."""
    inner.notes += [f"{name}: {key} {as_json(value)}" for key, value in inner.left_over().items()]
    fields.problems += [text for text in inner.problems if text not in fields.problems]
    fields.notes += [text for text in inner.notes if text not in fields.notes]
