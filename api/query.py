"""Reading a request's query: each parameter once, none unknown, decoded into a Struct."""

from http import HTTPStatus
from typing import Annotated, Final, TypeVar

import msgspec
from msgspec import Meta

from api.body import Call, fault_of
from api.problems import Fault, Trouble, bad_request

T = TypeVar("T", bound=msgspec.Struct)
INVALID: Final = "invalid_query"
Cursor = Annotated[str, Meta(min_length=1, max_length=2000, description="`next_cursor` of the page before.")]
Limit = Annotated[int, Meta(ge=1, le=200, description="At most so many items.")]
Link = Annotated[str, Meta(min_length=1, max_length=200, description="The linked part that is meant, e.g. `L1`.")]


def read(request: Call, kind: type[T]) -> T:
    """The query as ``kind``; raise 400 that names the parameter which is unknown, repeated or has not its type.

    A parameter without a value is one that is not given, as forms send those that were left empty.
    """
    known = {field.encode_name for field in msgspec.structs.fields(kind)}
    values: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name not in known:
            raise bad_request(
                INVALID, name, f"there is no such parameter; there are {', '.join(sorted(known)) or 'none'}"
            )
        if name in values:
            raise bad_request(INVALID, name, "the parameter is given twice")
        if "\0" in value or "\ufffd" in value:
            raise bad_request(INVALID, name, "this is not text in UTF-8, or holds a NUL character")
        values[name] = value
    given = {name: value for name, value in values.items() if value}
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as error:
        fault = fault_of(error, "$")
        fault = Fault(fault.path.removeprefix("$."), fault.message)
        raise Trouble(HTTPStatus.BAD_REQUEST, INVALID, f"{fault.path}: {fault.message}", errors=(fault,)) from None
