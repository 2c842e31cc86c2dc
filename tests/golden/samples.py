"""One event of each type with every field filled, so that its golden file shows its whole shape."""

from datetime import datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from domain.dossier.events import Event
from domain.period import Period, Unit

MOMENT = datetime.fromisoformat("2026-03-12T17:00:00+07:00")
PLAIN: dict[Any, Any] = {int: 3, bool: True, datetime: MOMENT, Period: Period(10, Unit.WORKING_DAY)}


def sample(kind: type[Event]) -> Event:
    """The event of this type whose every field is filled by its type."""
    hints = get_type_hints(kind)
    return kind(**{field: _value(field, hints[field]) for field in kind.__struct_fields__})


def _value(field: str, hint: Any) -> Any:  # noqa: ANN401  # values of all types
    hint = getattr(hint, "__supertype__", hint)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        return _value(field, next(argument for argument in arguments if argument is not NoneType))
    if origin is tuple:
        return (_value(field, arguments[0]),)
    if origin is dict:
        return {_value(f"{field} key", arguments[0]): _value(field, arguments[1])}
    if isinstance(hint, type) and issubclass(hint, Enum):
        return next(iter(hint))
    return PLAIN.get(hint, f"{field}: có dấu 😀")
