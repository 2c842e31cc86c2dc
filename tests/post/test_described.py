"""What subscribers are promised is what they get."""

from datetime import UTC, datetime
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import yaml

from activities.webhooks import cloud_event
from domain.dossier.codec import EVENT_OF

DOCUMENT = yaml.safe_load((Path(__file__).parents[2] / "docs" / "asyncapi.yaml").read_text())


def test_every_reference_leads_somewhere() -> None:
    """Within the document."""

    def check(value: object) -> None:
        if isinstance(value, dict):
            if "$ref" in value:
                found = DOCUMENT
                for part in value["$ref"].removeprefix("#/").split("/"):
                    found = found[part]
            for inner in value.values():
                check(inner)
        elif isinstance(value, list):
            for inner in value:
                check(inner)

    check(DOCUMENT)
    assert DOCUMENT["asyncapi"].startswith("3.")


def test_events_are_as_described() -> None:
    """Every type of event."""
    schema = DOCUMENT["components"]["messages"]["event"]["payload"]
    validator = jsonschema.Draft202012Validator(schema)
    for kind in EVENT_OF:
        validator.validate(
            cloud_event("0190b7c4-6b1f-7c3e-8f6a-0123456789ab", kind, "H29-260302-0001/L1", datetime.now(UTC), "X1")
        )
