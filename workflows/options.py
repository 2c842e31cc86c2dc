"""Names, time-outs and retry policies of everything that crosses Temporal, in one place."""

from datetime import timedelta

from temporalio.common import RetryPolicy

DOSSIER = "dossier"
EXECUTE = "execute"
SETTLE = "settle"
GLANCE = "glance"
CALENDAR_REVISION = "calendar_revision"
REVISION_PROGRESS = "progress"
REVISE_AGAIN = "again"

JOURNAL_TIMEOUT = timedelta(seconds=10)
"""Start-to-close of one call of the store; a worker that dies is noticed after this."""
JOURNAL_RETRY = RetryPolicy(
    initial_interval=timedelta(milliseconds=200),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(seconds=5),
    maximum_attempts=0,
)
"""The store may be away for hours; the append waits for it and then takes effect once."""

DELIVERY_TIMEOUT = timedelta(seconds=30)
"""Start-to-close of one delivery to a linked stream."""
DELIVERY_RETRY = RetryPolicy(
    initial_interval=timedelta(milliseconds=500),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(minutes=1),
    maximum_attempts=0,
)
"""The other authority may be away for days; its message waits for it."""
DELIVERY_RETRY_SOON = RetryPolicy(
    initial_interval=timedelta(milliseconds=500),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(seconds=30),
    maximum_attempts=0,
)
"""While a message may still arrive in the time that the law gives for it."""
SHORTEST_PATIENCE = timedelta(seconds=5)
"""What is left of that time at least, whenever an attempt begins."""

DOOR_RETRY = RetryPolicy(
    initial_interval=timedelta(milliseconds=500),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(minutes=5),
    maximum_attempts=0,
)
"""A door that is missing is looked for again within half the time that a finished step may take to arrive."""

BIRTH_TIMEOUT = timedelta(hours=1)
"""How long a run that was started for a new dossier waits for the first order."""
NEXUS_PATIENCE = timedelta(days=365)
"""Schedule-to-close of one delivery to another namespace, which may be away for long; it is tried until then."""
NEXUS_AGAIN = timedelta(hours=1)
"""After this a delivery that the other namespace refused for good, or never took, is begun anew."""

RECENT_COMMANDS = 64
"""Commands whose repeats a run answers by itself; older repeats are answered by the store's unique key."""
MAX_UPDATES_PER_RUN = 1500
"""Temporal refuses a run's 2,001st update; a run is renewed well before that."""

REVISION_TIMEOUT = timedelta(minutes=10)
"""Start-to-close of revising a page of dossiers, beside the time that its rate takes."""
REVISION_HEARTBEAT = timedelta(seconds=10)
"""A worker that dies amid a page is noticed after this; the next one takes the page again, to the same effect."""
REVISION_LATECOMERS = timedelta(minutes=2)
"""After this the last walk begins: whoever receives dossiers has noticed by then what is in force."""
