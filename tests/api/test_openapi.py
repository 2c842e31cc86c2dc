"""The OpenAPI document: valid, complete, and what the program really does."""

import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from api.bodies import FIELDS, OWN, PUBLIC
from api.commands import route_name
from api.routes import OFFICER_ROUTES
from api.schema import encoded, openapi
from domain.access import RULES
from domain.dossier import commands as c
from tests.domain.test_access import INTERNAL

DOCUMENT: dict[str, Any] = msgspec.json.decode(encoded())
OPERATIONS = [
    (f"{method.upper()} {path}", operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]
WRITES = [(name, operation) for name, operation in OPERATIONS if name.startswith("POST")]


def _names(operation: dict[str, Any]) -> set[str]:
    return {parameter.get("$ref", "").rpartition("/")[2] for parameter in operation["parameters"]}


def test_valid() -> None:
    """A correct OpenAPI 3.1 document."""
    assert DOCUMENT["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(DOCUMENT).validate()


def test_every_public_command_has_a_route() -> None:
    """All but what brings a dossier in, which has a route of its own, and what is the engine's."""
    public = set(get_args(c.Command)) - INTERNAL - {c.Submit}
    assert set(PUBLIC) == public
    for command in public:
        assert f"/api/v1/dossiers/{{code}}/{route_name(command)}" in DOCUMENT["paths"]
        assert command.__struct_config__.tag in RULES


def test_every_field_of_a_command_is_described() -> None:
    """No field without a kind and a sentence, no sentence without a field."""
    names = {field.name for command in PUBLIC for field in msgspec.structs.fields(command)}
    assert names == set(FIELDS) | set(OWN)


def test_every_officers_route_is_documented() -> None:
    """No route below /api/v1 that the document does not know."""
    assert len([name for name, _ in OPERATIONS if " /api/v1" in name]) == len(OFFICER_ROUTES)


@pytest.mark.parametrize(("name", "operation"), WRITES)
def test_every_write_takes_a_key(name: str, operation: dict[str, Any]) -> None:
    """And commands on one dossier take the version that was seen."""
    assert "idempotency_key" in _names(operation)
    assert ("if_match" in _names(operation)) is ("{code}" in name)
    assert operation["requestBody"]["content"]["application/json"]["schema"]


@pytest.mark.parametrize(("name", "operation"), OPERATIONS)
def test_every_operation_tells_all(name: str, operation: dict[str, Any]) -> None:
    """Its problems, its success with headers, its tag, its summary, who may call it."""
    assert operation["summary"]
    assert operation["tags"][0] in {tag["name"] for tag in DOCUMENT["tags"]}
    success = next(answer for status, answer in operation["responses"].items() if status.startswith("2"))
    assert success["description"]
    assert "X-Request-Id" in success["headers"]
    if " /api/v1" in name:
        assert operation["security"] == [{"officer": []}]
        assert {"400", "401", "429", "500", "503"} <= set(operation["responses"])


def test_operations_have_names_of_their_own() -> None:
    """Generated clients name their methods by them."""
    names = [operation["operationId"] for _, operation in OPERATIONS]
    assert len(set(names)) == len(names)


def test_every_problem_has_an_example() -> None:
    """With its code, its headers and the shape of a problem."""
    for name, response in DOCUMENT["components"]["responses"].items():
        example = response["content"]["application/problem+json"]["example"]
        assert example["code"], name
        assert example["type"].endswith(example["code"])
    assert "Retry-After" in DOCUMENT["components"]["responses"]["SERVICE_UNAVAILABLE"]["headers"]


def test_the_file_is_what_is_served(tmp_path: Path) -> None:
    """``python -m api.schema FILE`` writes the very bytes that the API serves."""
    path = tmp_path / "openapi.json"
    subprocess.run([sys.executable, "-m", "api.schema", str(path)], check=True)
    assert path.read_bytes() == encoded()
    assert openapi() is openapi()
