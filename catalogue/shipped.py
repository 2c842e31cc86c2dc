"""Where the catalogue that comes with the program is, and what a directory without a file of its own falls back to."""

from pathlib import Path

SHIPPED = Path(__file__).resolve().parent
"""The catalogue of the fictitious province."""


def own_or_shipped(directory: Path, name: str) -> Path:
    """A directory's own file or folder where it has one, else the shipped one."""
    own = directory / name
    return own if own.exists() else SHIPPED / name
