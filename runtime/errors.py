"""Faults of the surroundings: something outside the program is missing, taken, broken or does not answer."""


class OperationalError(Exception):
    """Base of faults that an operator can mend.

    ``str()`` of it is one sentence that says what is wrong and, where it is known, what to do. The command line prints
    that sentence without a traceback and exits with 1.
    """


class SettingError(OperationalError):
    """A setting of the environment that is missing or wrong; the message names the variable."""


class PortTaken(OperationalError):
    """A TCP port that was asked for explicitly is in use."""

    def __init__(self, port: int, use: str) -> None:
        super().__init__(f"port {port} for {use} is taken by another program; free it or choose another port")
        self.port = port


class StartFailed(OperationalError):
    """A child program ended, or did not become ready in time; the message quotes the end of its log."""
