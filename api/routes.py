"""Every route, in the order of the OpenAPI document."""

from typing import Final

from api import bulk, commands, delegations, dossiers, forms, health, intake, post, reference, stream, tasks, webhooks

OFFICER_PREFIX: Final = "/api/v1"
"""What stands below it needs a token."""
OFFICER_ROUTES: Final = (
    intake.receive,
    dossiers.search,
    dossiers.show,
    dossiers.events,
    dossiers.deadlines,
    forms.form,
    *commands.ROUTES,
    tasks.worklist,
    bulk.bulk,
    delegations.listed,
    delegations.give,
    delegations.revoke,
    stream.follow,
    webhooks.listed,
    webhooks.put_one,
    webhooks.delete_one,
    webhooks.dead_letters,
    webhooks.replay,
)
OPEN_ROUTES: Final = (health.healthz, health.readyz, reference.document_json, reference.overview, post.callbacks)
