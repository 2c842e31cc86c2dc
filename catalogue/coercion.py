"""From texts as they were written to what their field wants: numbers, truth values, moments, periods.

The field's type decides, so a code that looks like a number stays the text it was. What does not fit is left as it is
and named by ``catalogue.decoding``; a moment that cannot be read is named here, because its form needs explaining.
"""

import re
from datetime import datetime

from msgspec import inspect

from catalogue.decoding import Found
from catalogue.yamlfile import Place, Value
from domain.errors import InvalidMoment, Refusal
from domain.moment import parse_moment
from domain.period import Period, parse_period

TRUTH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_WHOLE = re.compile(r"[-+]?[0-9]{1,18}")
_NUMBER = re.compile(r"[-+]?[0-9]{1,18}(\.[0-9]{0,18})?([eE][-+]?[0-9]{1,3})?")
_MOMENT = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{1,2}-[0-9]{1,2})(?:[Tt]|[ \t]+)"
    r"(?P<hour>[0-9]{1,2}):(?P<rest>[0-9]{2}(?::[0-9]{2}(?:\.[0-9]*)?)?)"
    r"[ \t]*(?P<offset>[Zz]|[-+][0-9]{1,2}(?::?[0-9]{2})?)?"
)
"""The forms of YAML's timestamps and of ISO 8601, as far as they name a moment."""
MICROSECONDS = 6
DIGITS_OF_HOURS = 2


def coerce(value: Value, type_: type, place: Place = ()) -> tuple[Value, list[Found]]:
    """The value with its texts turned into what ``type_`` wants, and the moments that cannot be read."""
    found: list[Found] = []
    return _coerce(value, inspect.type_info(type_), place, found), found


def read_moment(text: str) -> datetime:
    """A moment in any form of YAML's timestamps that names an offset. Raises InvalidMoment."""
    match = _MOMENT.fullmatch(text.strip())
    if match is None:
        return parse_moment(text)
    year, month, day = match["date"].split("-")
    clock, _, fraction = match["rest"].partition(".")
    seconds = f".{fraction[:MICROSECONDS]:0<6}" if fraction else ""
    return parse_moment(
        f"{year}-{month:0>2}-{day:0>2}T{match['hour']:0>2}:{clock}{seconds}{_offset(match['offset'] or '')}"
    )


def _offset(text: str) -> str:
    if text in {"", "Z", "z"}:
        return text.upper()
    digits = text[1:].replace(":", "")
    hours, minutes = (digits, "00") if len(digits) <= DIGITS_OF_HOURS else (digits[:-2], digits[-2:])
    return f"{text[0]}{hours:0>2}:{minutes}"


def _coerce(value: Value, info: inspect.Type, place: Place, found: list[Found]) -> Value:
    match value:
        case str():
            return _scalar(value, info, place, found)
        case dict():
            # "key:" with nothing behind it is as if the key were not there.
            given = {key: item for key, item in value.items() if item is not None}
            return {key: _coerce(item, _member(info, key), (*place, key), found) for key, item in given.items()}
        case list():
            return [_coerce(item, _item(info), (*place, index), found) for index, item in enumerate(value)]
        case _:
            return value


def _scalar(text: str, info: inspect.Type, place: Place, found: list[Found]) -> Value:
    kinds = info.types if isinstance(info, inspect.UnionType) else (info,)
    for kind in kinds:
        value = _read(text, kind, place, found)
        if value is not text:
            return value
    return text


def _read(text: str, kind: inspect.Type, place: Place, found: list[Found]) -> Value:
    """The text as one kind of value; the very same text where it is none."""
    match kind:
        case inspect.IntType() if _WHOLE.fullmatch(text):
            return int(text)
        case inspect.FloatType() if _NUMBER.fullmatch(text):
            return int(text) if _WHOLE.fullmatch(text) else float(text)
        case inspect.BoolType():
            return TRUTH.get(text.lower(), text)
        case inspect.StructType(cls=cls) if cls is Period:
            return _period(text)
        case inspect.DateTimeType():
            try:
                return read_moment(text)
            except InvalidMoment as refusal:
                found.append((place, refusal.code, refusal.message))
        case _:
            pass
    return text


def _period(text: str) -> Value:
    try:
        period = parse_period(text)
    except Refusal:
        return text
    return {"amount": period.amount, "unit": period.unit.value}


def _member(info: inspect.Type, key: str) -> inspect.Type:
    """The type of a mapping's value: a Struct's field, or what a mapping of that type holds."""
    for kind in info.types if isinstance(info, inspect.UnionType) else (info,):
        match kind:
            case inspect.StructType(fields=fields):
                known = next((field for field in fields if field.encode_name == key), None)
                if known is not None:
                    return known.type
            case inspect.DictType(value_type=value_type):
                return value_type
            case _:
                pass
    return inspect.AnyType()


def _item(info: inspect.Type) -> inspect.Type:
    """The type of a list's items."""
    for kind in info.types if isinstance(info, inspect.UnionType) else (info,):
        if isinstance(kind, inspect.VarTupleType | inspect.ListType):
            return kind.item_type
    return inspect.AnyType()
