"""Carriers that send forms to an address with a secret in it, and take nothing but 200 for an answer."""

from http import HTTPStatus

from activities.carriers import reading
from activities.carriers.pathsecret import check_secret
from activities.carriers.protocol import Answer, Callback, Carrier, Fault, Keys, Scan

NAMES = {
    "tracking": "order_number",
    "status": "status",
    "time": "time",
    "reason": "note",
    "place": "location",
    "weight": "weight",
    "signed": "signed",
}


class Form:
    """See ``Adapter``. Such carriers number nothing: parcel, status and time together are the event's id."""

    def authenticate(self, callback: Callback, keys: Keys) -> None:
        """By the address's secret."""
        check_secret(callback, keys)

    def read(self, carrier: Carrier, callback: Callback) -> Scan:
        """The fields of one status."""
        fields = reading.form_fields(callback.body)
        made = reading.scan(carrier, callback, fields, "", NAMES)
        event_id = f"{made.tracking}/{made.status}/{made.at.isoformat()}"
        return Scan(event_id, made.tracking, made.status, made.state, made.at, made.signed, made.reason, made.place)

    def answer(self, callback: Callback, fault: Fault | None) -> Answer:
        """``OK`` and nothing else, or the fault's code."""
        del callback
        if fault is None:
            return Answer(HTTPStatus.OK, b"OK")
        return Answer(fault.status, f"{fault.code}: {fault.message}".encode())
