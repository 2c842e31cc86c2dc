"""Carriers that speak Standard Webhooks: JSON, signed by HMAC or Ed25519; any answer of 2xx means received."""

from http import HTTPStatus
from typing import Final

import msgspec

from activities.carriers import reading, signing
from activities.carriers.protocol import Answer, Callback, Carrier, Fault, Keys, Scan, Unreadable

TYPE: Final = "parcel.scanned"
NAMES: Final = {
    "tracking": "tracking_number",
    "status": "status",
    "time": "occurred_at",
    "reason": "reason",
    "place": "place",
    "weight": "weight",
    "signed": "signed",
}


class StandardWebhooks:
    """See ``Adapter``. The event's id is the message's."""

    def authenticate(self, callback: Callback, keys: Keys) -> None:
        """Verify the signature."""
        signing.verify(callback.headers, callback.body, callback.received_at, keys.secrets, keys.public_keys)

    def read(self, carrier: Carrier, callback: Callback) -> Scan:
        """``{"type": "parcel.scanned", "data": {…}}``."""
        event = reading.json_fields(callback.body)
        if event.get("type") != TYPE:
            raise Unreadable("type_unknown", f"the event is not of the type {TYPE}")
        data = event.get("data")
        if not isinstance(data, dict):
            raise Unreadable("body_unreadable", "the event has no data")
        event_id = reading.name_of(callback.headers, signing.ID, "event_id")
        return reading.scan(carrier, callback, data, event_id, NAMES)

    def answer(self, callback: Callback, fault: Fault | None) -> Answer:
        """Nothing, or the fault as JSON."""
        del callback
        if fault is None:
            return Answer(HTTPStatus.NO_CONTENT)
        return Answer(fault.status, msgspec.json.encode(fault), "application/json")
