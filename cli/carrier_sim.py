"""``motcua carrier-sim``: a carrier to try the post with."""

import asyncio
import contextlib
import importlib
import sys
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("carrier-sim")(carrier_sim)


def carrier_sim(
    target: Annotated[str, typer.Option(help="Address of the API that is called back.")] = "http://127.0.0.1:8080",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where it takes orders.")] = 9200,
    carrier: Annotated[str, typer.Option(help="Whose manners it has: ems, bccp or webhook.")] = "ems",
    secret: Annotated[str, typer.Option(help="Last part of the callbacks' address.")] = "",
    slow: Annotated[float, typer.Option(min=0, help="Most seconds that it takes to answer an order.")] = 1.0,
    fails: Annotated[float, typer.Option(min=0, max=1, help="Share of orders that are answered by 503 first.")] = 0.1,
    repeats: Annotated[int, typer.Option(min=1, max=100, help="How often it says everything.")] = 2,
) -> None:
    """Take orders for parcels, and call back about each: late, twice and out of order. Ctrl-C ends it."""
    sim = importlib.import_module("api.carrier_sim")
    manners = sim.Manners(
        carrier=carrier, target=target.rstrip("/"), secret=secret, slow=slow, fails=fails, repeats=repeats
    )
    sys.stdout.write(f"orders are taken at http://127.0.0.1:{port}/orders; callbacks go to {target}\n")
    sys.stdout.flush()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(sim.stay(manners, port))
