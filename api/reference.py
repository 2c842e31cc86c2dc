"""The OpenAPI document, and a plain page that lists what is in it; neither needs anything from elsewhere."""

from html import escape
from typing import Any, Final

import msgspec
from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.enums import MediaType

from api.docs import document

DOCUMENT: Final = "openapi"
"""Key of the application's state under which the encoded document stands."""
Plain = Request[Any, Any, State]
PATH: Final = "/schema/openapi.json"
_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "code{font-family:ui-monospace,monospace}table{border-collapse:collapse;width:100%}"
    "td{padding:.25rem .75rem .25rem 0;vertical-align:top}h2{margin-top:2rem}"
)


@get(
    PATH,
    name="openapi",
    opt=document(
        tag="system",
        summary="This document",
        answer=dict[str, Any],
        answer_description="OpenAPI 3.1.",
        secured=False,
    ),
)
async def document_json(request: Plain) -> Response[bytes]:
    """Answer with the document."""
    return Response(request.app.state[DOCUMENT], media_type="application/json")


@get("/schema", name="overview")
async def overview(request: Plain) -> Response[str]:
    """Answer with a page for people."""
    return Response(_page(msgspec.json.decode(request.app.state[DOCUMENT])), media_type=MediaType.HTML)


def _page(described: dict[str, Any]) -> str:
    info = described["info"]
    operations = [
        (one["tags"][0], method.upper(), path, one["summary"])
        for path, methods in described["paths"].items()
        for method, one in methods.items()
    ]
    sections = "".join(
        f"<h2>{escape(tag['name'])}</h2><p>{escape(tag['description'])}</p>"
        f"<table>{_rows(operations, tag['name'])}</table>"
        for tag in described["tags"]
    )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(info["title"])}: HTTP</title>'
        f"<style>{_STYLE}</style><h1>{escape(info['title'])} {escape(info['version'])}</h1>"
        f"<p>{escape(info['description'])}</p>"
        f'<p>The whole description is <a href="{PATH}"><code>{PATH}</code></a> (OpenAPI 3.1).</p>{sections}</html>'
    )


def _rows(operations: list[tuple[str, str, str, str]], tag: str) -> str:
    return "".join(
        f"<tr><td><code>{method}</code><td><code>{escape(path)}</code><td>{escape(summary)}"
        for found, method, path, summary in operations
        if found == tag
    )
