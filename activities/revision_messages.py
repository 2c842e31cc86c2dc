"""What travels between a calendar's revision and its activities, and the activities' names."""

import msgspec

from domain.calendar_revision import Concerned
from domain.ids import CalendarId, Stream, Version

COUNT = "revision.count"
PAGE = "revision.page"
REVISE = "revision.revise"


class Publication(msgspec.Struct, frozen=True):
    """A calendar's new version, already in the catalogue's contents, and why it is put in the place of others.

    ``reason`` is written into every dossier that is revised; ``actor`` is whoever published it.
    """

    calendar: CalendarId
    version: Version
    reason: str
    actor: str


class PageRequest(msgspec.Struct, frozen=True):
    """The next ``limit`` concerned streams whose names sort after ``after``."""

    publication: Publication
    after: str
    limit: int


class Page(msgspec.Struct, frozen=True):
    """Concerned streams in order; none: there are no more."""

    streams: tuple[Concerned, ...]


class ReviseRequest(msgspec.Struct, frozen=True):
    """Revise these streams, at most ``rate`` a second."""

    publication: Publication
    streams: tuple[Concerned, ...]
    rate: float


class Failure(msgspec.Struct, frozen=True):
    """A stream that was not revised, under a stable code."""

    stream: Stream
    code: str
    message: str


class Revised(msgspec.Struct, frozen=True):
    """What became of the streams of one request; ``unchanged`` ones had ended meanwhile."""

    revised: int
    unchanged: int
    failures: tuple[Failure, ...]
