"""A PostgreSQL of its own for a benchmark: durable (fsync on), with the schema, gone afterwards."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from runtime.embedded import ports
from runtime.embedded.postgres import EmbeddedPostgres
from store import migrate, roles

DATABASE = "bench"
PASSWORD = "for-benchmarks-only"  # noqa: S105  # of a server that lives as long as the benchmark
OPTIONS = {"max_wal_size": "4GB", "checkpoint_timeout": "30min"}
"""No checkpoint in the middle of a measurement."""


class Server(msgspec.Struct, frozen=True):
    """Where the benchmark's database is: as its owner, and as the application's role."""

    owner_url: str
    app_url: str


@contextmanager
def benchmark_server() -> Iterator[Server]:
    """Start the server, build the schema by the migrations, stop and remove it at the end."""
    with tempfile.TemporaryDirectory(prefix="motcua-bench-") as directory:
        postgres = EmbeddedPostgres(Path(directory) / "postgres", port=ports.free_port(), options=OPTIONS)
        postgres.start()
        try:
            postgres.create_database(DATABASE)
            owner_url = postgres.url(DATABASE)
            migrate.upgrade(owner_url)
            roles.ensure_roles(owner_url, PASSWORD)
            yield Server(owner_url, postgres.url(DATABASE, user=roles.APPLICATION, password=PASSWORD))
        finally:
            postgres.stop()
