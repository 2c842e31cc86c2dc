"""``motcua token``: who an officer is, signed, for scripts and for the first steps with the API."""

import difflib
import os
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from cli import output
from cli.output import BadInput, Json


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(token)


def token(
    officer: Annotated[str, typer.Option(help="The officer's id in the catalogue.")],
    hours: Annotated[int, typer.Option(min=1, max=24 * 31, help="How long it holds.")] = 12,
    directory: Annotated[
        Path | None, typer.Option("--dir", help="State directory of the embedded system [default: ./.motcua].")
    ] = None,
    json: Json = False,
) -> None:
    """Print a bearer token for an officer of the catalogue."""
    from catalogue.loading import load_catalogue
    from catalogue.shipped import SHIPPED
    from domain.ids import OfficerId
    from runtime import settings, tokens

    chosen = settings.load({**os.environ, **({settings.STATE_DIR: str(directory)} if directory else {})})
    secret = tokens.read_secret(chosen.secret_file)
    officers = load_catalogue(chosen.catalogue_dir or SHIPPED).officers
    found = officers.get(OfficerId(officer))
    if found is None:
        raise BadInput(_unknown(officer, officers), code="unknown_officer")
    signed = tokens.issue_token(secret, found, datetime.now(UTC), timedelta(hours=hours))
    if json:
        output.print_json({"token": signed, "officer": found.id, "authority": found.authority, "roles": found.roles})
    else:
        sys.stdout.write(signed + "\n")


def _unknown(officer: str, officers: Iterable[str]) -> str:
    alike = difflib.get_close_matches(officer, officers, n=3)
    hint = f"; did you mean {' or '.join(alike)}?" if alike else "; catalogue/officers.yaml lists them"
    return f"the catalogue knows no officer {officer!r}{hint}"
