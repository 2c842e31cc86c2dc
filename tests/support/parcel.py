"""A message for the echo workflow, in a module of its own that the sandbox shares with the process."""

from datetime import datetime

import msgspec

from domain.authority import Authority


class Parcel(msgspec.Struct, frozen=True):
    """A message with the kinds of values that ours hold."""

    authority: Authority
    at: datetime
    content: msgspec.Raw
