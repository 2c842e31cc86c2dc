"""Carriers that send a transaction id with each status and expect it back; JSON, local times without a zone.

They sign nothing: where a callback comes from (network, certificate) or the address's secret tells that it is theirs.
"""

from http import HTTPStatus
from typing import Final

import msgspec

from activities.carriers import access, reading
from activities.carriers.pathsecret import check_secret
from activities.carriers.protocol import Answer, Callback, Carrier, Fault, Keys, Scan

TRANSACTION: Final = "x-transaction-id"
NAMES: Final = {
    "tracking": "tracking_code",
    "status": "status_code",
    "time": "status_date",
    "reason": "status_note",
    "place": "locate",
    "weight": "total_weight",
    "signed": "signed",
}


class Ems:
    """See ``Adapter``. The event's id is the transaction's."""

    def authenticate(self, callback: Callback, keys: Keys) -> None:
        """By place, else by the address's secret."""
        if keys.path_secrets or not access.known_by_address(keys):
            check_secret(callback, keys)

    def read(self, carrier: Carrier, callback: Callback) -> Scan:
        """The fields of one status."""
        transaction = reading.name_of(callback.headers, TRANSACTION, "transaction")
        return reading.scan(carrier, callback, reading.json_fields(callback.body), transaction, NAMES)

    def answer(self, callback: Callback, fault: Fault | None) -> Answer:
        """The transaction, and a code: 00 is received."""
        transaction = callback.headers.get(TRANSACTION, "")
        if fault is None and not transaction:
            fault = Fault(HTTPStatus.BAD_REQUEST, "transaction_missing", f"the header {TRANSACTION} is missing")
        said = {
            "transaction": transaction,
            "code": "00" if fault is None else fault.code,
            "message": "" if fault is None else fault.message,
        }
        status = HTTPStatus.OK if fault is None else fault.status
        echoed = {TRANSACTION: transaction} if transaction.isascii() and transaction.isprintable() else {}
        return Answer(status, msgspec.json.encode(said), "application/json", echoed)
