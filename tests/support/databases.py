"""Databases for tests: each its own, cloned from a template that the migrations built."""

import itertools
import os

import msgspec

from runtime.embedded.postgres import EmbeddedPostgres
from store import migrate, roles

TEMPLATE = "motcua_template"
APPLICATION_PASSWORD = "for-tests-only"
_numbers = itertools.count(1)


class Database(msgspec.Struct, frozen=True):
    """One database of the test server.

    ``url`` logs in as its owner, who may do anything in it; ``app_url`` as the application's role, like every process
    of a deployment.
    """

    name: str
    url: str
    app_url: str


def build_template(server: EmbeddedPostgres) -> None:
    """Create the template database through the migrations."""
    server.create_database(TEMPLATE)
    migrate.upgrade(server.url(TEMPLATE))
    roles.ensure_roles(server.url(), APPLICATION_PASSWORD)


def clone(server: EmbeddedPostgres) -> Database:
    """Create a database like the template; it lives as long as the server, or until ``drop``."""
    name = f"motcua_test_{os.getpid()}_{next(_numbers)}"
    server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{TEMPLATE}"')
    app_url = server.url(name, user=roles.APPLICATION, password=APPLICATION_PASSWORD)
    return Database(name=name, url=server.url(name), app_url=app_url)


def drop(server: EmbeddedPostgres, database: Database) -> None:
    """Drop a database, whoever is still connected to it."""
    server.execute(f'DROP DATABASE IF EXISTS "{database.name}" WITH (FORCE)')
