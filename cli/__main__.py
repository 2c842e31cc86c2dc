"""Lets ``python -m cli`` be ``motcua``."""

from cli.main import program

program()
