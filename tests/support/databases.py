"""Databases for tests: each its own, cloned from a template that the migrations built."""

import itertools
import os

import msgspec

from runtime.embedded.postgres import EmbeddedPostgres

TEMPLATE = "motcua_template"
_numbers = itertools.count(1)


class Database(msgspec.Struct, frozen=True):
    """One database of the test server; ``url`` is that of its owner, who may do anything in it."""

    name: str
    url: str


def build_template(server: EmbeddedPostgres) -> None:
    """Create the template database through the migrations."""
    from store import migrate  # noqa: PLC0415  # tests that need no schema run without the store

    server.create_database(TEMPLATE)
    migrate.upgrade(server.url(TEMPLATE))


def clone(server: EmbeddedPostgres) -> Database:
    """Create a database like the template; it lives as long as the server, or until ``drop``."""
    name = f"motcua_test_{os.getpid()}_{next(_numbers)}"
    server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{TEMPLATE}"')
    return Database(name=name, url=server.url(name))


def drop(server: EmbeddedPostgres, database: Database) -> None:
    """Drop a database, whoever is still connected to it."""
    server.execute(f'DROP DATABASE IF EXISTS "{database.name}" WITH (FORCE)')
