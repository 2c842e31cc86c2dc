"""Event ids are UUIDs of version 7 and rise."""

import time
import uuid
from concurrent.futures import ThreadPoolExecutor

from store.event_ids import new_event_id


def test_ids_rise_as_text() -> None:
    """Ids of one process sort in the order of their making, however quickly they are made."""
    ids = [new_event_id() for _ in range(20_000)]
    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)


def test_ids_are_version_7_of_this_moment() -> None:
    """Version, variant and the milliseconds since 1970 stand where RFC 9562 puts them."""
    before = time.time_ns() // 1_000_000
    made = uuid.UUID(new_event_id())
    after = time.time_ns() // 1_000_000
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    # Earlier ids of this process may have run ahead of the clock by some ticks.
    assert before <= made.int >> 80 <= after + 100


def test_threads_never_share_an_id() -> None:
    """Ids made by several threads at once are all different."""
    with ThreadPoolExecutor(4) as threads:
        made = [each for ids in threads.map(lambda _: [new_event_id() for _ in range(2000)], range(4)) for each in ids]
    assert len(set(made)) == 8000
