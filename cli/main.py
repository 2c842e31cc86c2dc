"""Entry point of the ``motcua`` command."""


def main() -> None:
    """Run the command line."""
