"""What travels between callers and the workflow of a calendar's revision."""

import msgspec

from activities.revision_messages import Failure, Publication, Revised
from domain.ids import Stream


class Walk(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far a revision is: the pass and the last stream taken in it, and the figures so far.

    ``changed`` and ``failures`` are those of the present pass; ``revised`` and ``unchanged`` those of all.
    """

    after: Stream = Stream("")
    passes: int = 1
    changed: int = 0
    revised: int = 0
    unchanged: int = 0
    failed: int = 0
    failures: tuple[Failure, ...] = ()

    def after_page(self, last: Stream, done: Revised, listed: int) -> "Walk":
        """The walk after one page; at most ``listed`` failures are kept by name."""
        return msgspec.structs.replace(
            self,
            after=last,
            changed=self.changed + done.revised,
            revised=self.revised + done.revised,
            unchanged=self.unchanged + done.unchanged,
            failed=self.failed + len(done.failures),
            failures=(*self.failures, *done.failures)[:listed],
        )

    def next_pass(self) -> "Walk":
        """The walk from the beginning again, over what is still concerned; what failed is asked anew."""
        return msgspec.structs.replace(self, after=Stream(""), passes=self.passes + 1, changed=0, failed=0, failures=())


class RevisionStart(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a revision begins with, and what continue-as-new carries over.

    ``rate`` is in dossiers a second, ``page`` the number of dossiers taken at once. ``total`` is how many were
    concerned when it began (none: not counted yet). ``swept``: the last walk, for latecomers, has begun. A run is
    renewed after ``pages_per_run``: a page leaves some ten events of history.
    """

    publication: Publication
    rate: float
    page: int = 100
    pages_per_run: int = 200
    walk: Walk = Walk()
    total: int | None = None
    swept: bool = False


class Progress(msgspec.Struct, frozen=True):
    """How far a revision is.

    ``total`` dossiers were concerned when it began; ``revised`` have the new version, ``unchanged`` had ended
    meanwhile, ``failed`` did not take it in the last pass, the first of them listed. ``finished``: all were asked, and
    nothing more will be tried but once, a while later, for those that come late.
    """

    total: int
    revised: int
    unchanged: int
    failed: int
    failures: tuple[Failure, ...]
    passes: int
    finished: bool

    @property
    def done(self) -> int:
        """Dossiers that were asked, whatever came of it."""
        return self.revised + self.unchanged + self.failed
