"""Every route, in the order of the OpenAPI document."""

from typing import Final

from api import bulk, commands, dossiers, health, intake, post, reference, stream, tasks

OFFICER_PREFIX: Final = "/api/v1"
"""What stands below it needs a token."""
OFFICER_ROUTES: Final = (
    intake.receive,
    dossiers.search,
    dossiers.show,
    dossiers.events,
    dossiers.deadlines,
    *commands.ROUTES,
    tasks.worklist,
    bulk.bulk,
    stream.follow,
)
OPEN_ROUTES: Final = (health.healthz, health.readyz, reference.document_json, reference.overview, post.callbacks)
