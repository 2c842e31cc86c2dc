"""The OpenAPI 3.1 document, made from the routes themselves: ``python -m api.schema FILE`` writes it.

Schemas are those by which msgspec decodes and encodes, so the document says what the program does. Which problems,
headers and examples a route has stands beside the route (``api.docs``), what they look like in ``api.components``.
"""

import re
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from http import HTTPStatus
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import msgspec
from litestar.handlers import HTTPRouteHandler

from api import components
from api.docs import DOC, Doc
from api.problems import Problem
from api.routes import OFFICER_PREFIX, OFFICER_ROUTES, OPEN_ROUTES

REFERENCE: Final = "#/components/schemas/{name}"
PDF: Final = "application/pdf"
_PARAMETER: Final = re.compile(r"\{(\w+):\w+\}")


class Operation(msgspec.Struct, frozen=True):
    """A route as the document sees it."""

    path: str
    method: str
    name: str
    doc: Doc


def operations() -> Iterator[Operation]:
    """Every documented route."""
    yield from _operations("", OPEN_ROUTES)
    yield from _operations(OFFICER_PREFIX, OFFICER_ROUTES)


def _operations(prefix: str, handlers: Sequence[HTTPRouteHandler]) -> Iterator[Operation]:
    for handler in handlers:
        doc = handler.opt.get(DOC)
        if doc is None:
            continue
        for path in sorted(handler.paths):
            for method in sorted(handler.http_methods):
                yield Operation(prefix + path, method.lower(), str(handler.name), doc)


@cache
def openapi() -> dict[str, Any]:
    """The whole document, as values that JSON knows."""
    found = list(operations())
    types = _types(found)
    schemas, shared = msgspec.json.schema_components([*types, Problem], ref_template=REFERENCE)
    schema_of = dict(zip(types, schemas, strict=False))
    paths: dict[str, dict[str, Any]] = {}
    for operation in found:
        path = _PARAMETER.sub(r"{\1}", operation.path)
        paths.setdefault(path, {})[operation.method] = _operation(operation, schema_of)
    return {
        "openapi": "3.1.0",
        "info": {**components.INFO, "version": version("motcua")},
        "servers": [{"url": "/"}],
        "tags": components.TAGS,
        "paths": paths,
        "components": {
            "schemas": {name: _tidy(schema) for name, schema in sorted(shared.items())},
            "responses": components.RESPONSES,
            "parameters": components.PARAMETERS,
            "headers": components.HEADERS,
            "securitySchemes": components.SECURITY,
        },
    }


def _types(found: Sequence[Operation]) -> list[Any]:
    """Every type that needs a schema, once."""
    wanted = [kind for operation in found for kind in (operation.doc.answer, operation.doc.body) if kind is not None]
    queries = [field.type for operation in found if operation.doc.query for field in _fields(operation.doc.query)]
    return list(dict.fromkeys([*wanted, *queries]))


def _fields(query: type[msgspec.Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(query)


def _operation(operation: Operation, schema_of: dict[Any, Any]) -> dict[str, Any]:
    doc = operation.doc
    described: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [doc.tag],
        "summary": doc.summary,
        "parameters": _parameters(operation, schema_of),
        "responses": _responses(doc, schema_of),
        "security": [{"officer": []}] if doc.secured else [],
    }
    if doc.description:
        described["description"] = doc.description
    if doc.body is not None:
        described["requestBody"] = _request_body(doc, doc.body, schema_of)
    return described


def _parameters(operation: Operation, schema_of: dict[Any, Any]) -> list[dict[str, Any]]:
    doc = operation.doc
    named = [*_PARAMETER.findall(operation.path), *doc.parameters]
    named += ["idempotency_key"] if doc.keyed else []
    named += ["if_match"] if doc.matched else []
    named += ["on_behalf_of"] if doc.secured else []
    given = [{"$ref": f"#/components/parameters/{name}"} for name in [*named, "request_id"]]
    return given + [_query_parameter(field, schema_of) for field in (_fields(doc.query) if doc.query else ())]


def _query_parameter(field: msgspec.structs.FieldInfo, schema_of: dict[Any, Any]) -> dict[str, Any]:
    schema = _without_null(_tidy(schema_of[field.type]))
    described = {"name": field.encode_name, "in": "query", "required": field.required, "schema": schema}
    if "description" in schema:
        described["description"] = schema.pop("description")
    if not field.required and field.default is not None:
        schema["default"] = field.default
    return described


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A query has no null: a parameter is given or it is not."""
    choices = [choice for choice in schema.get("anyOf", ()) if choice != {"type": "null"}]
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    return {**choices[0], **rest} if len(choices) == 1 else schema


def _request_body(doc: Doc, body: type[msgspec.Struct], schema_of: dict[Any, Any]) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": schema_of[body]}
    if doc.body_examples:
        content["examples"] = {name: {"value": value} for name, value in doc.body_examples.items()}
    return {"required": any(field.required for field in _fields(body)), "content": {"application/json": content}}


def _responses(doc: Doc, schema_of: dict[Any, Any]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    if doc.answer is not None:
        content["schema"] = schema_of[doc.answer]
    elif doc.media_type == PDF:
        content["schema"] = {"type": "string", "contentMediaType": PDF}
    if doc.example is not None:
        content["example"] = doc.example
    names = [*(["ETag"] if doc.tagged else []), *doc.headers, "X-Request-Id"]
    success: dict[str, Any] = {
        "description": doc.answer_description,
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in names},
        "content": {doc.media_type: content},
    }
    problems: dict[str, Any] = {
        str(status): {"$ref": f"#/components/responses/{HTTPStatus(status).name}"} for status in doc.problems
    }
    if doc.failure is not None:
        headers = {**success["headers"], "Retry-After": {"$ref": "#/components/headers/Retry-After"}}
        content = {doc.media_type: {"schema": content["schema"]}}
        problems[str(doc.failure.value)] = {"description": "It does not.", "headers": headers, "content": content}
    return {str(doc.status.value): success, **problems}


def _tidy(value: Any) -> Any:  # noqa: ANN401  # JSON
    """The same schema with its descriptions on one line each."""
    if isinstance(value, dict):
        return {
            key: " ".join(part.split()) if key == "description" and isinstance(part, str) else _tidy(part)
            for key, part in value.items()
        }
    return [_tidy(part) for part in value] if isinstance(value, list) else value


def encoded() -> bytes:
    """The document as JSON, the same bytes whenever the routes are the same."""
    return msgspec.json.format(msgspec.json.encode(openapi()), indent=2) + b"\n"


if __name__ == "__main__":
    if len(sys.argv) != 2:  # noqa: PLR2004  # the program and its one argument
        sys.exit("usage: python -m api.schema FILE")
    Path(sys.argv[1]).write_bytes(encoded())
