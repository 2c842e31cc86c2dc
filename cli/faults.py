"""From an exception to the sentence, code and status that a user gets instead of a traceback."""

import msgspec

from cli.output import EXIT_BAD_INPUT, EXIT_FAILED, BadInput, Failed
from domain.errors import Refusal
from runtime.errors import OperationalError


class Fault(msgspec.Struct, frozen=True):
    """How a command ends: a stable code, one sentence, the exit status."""

    code: str
    message: str
    status: int


FOREIGN = {
    "psycopg.OperationalError": ("database_unavailable", "the database does not answer", EXIT_FAILED),
    "psycopg_pool.PoolTimeout": ("database_unavailable", "the database does not answer", EXIT_FAILED),
    "sqlalchemy.exc.OperationalError": ("database_unavailable", "the database does not answer", EXIT_FAILED),
    "temporalio.service.RPCError": ("temporal_unavailable", "Temporal does not answer", EXIT_FAILED),
    "yaml.error.YAMLError": ("invalid_yaml", "this is not YAML", EXIT_BAD_INPUT),
    "msgspec.ValidationError": ("invalid_data", "the data do not have the expected form", EXIT_BAD_INPUT),
    "msgspec.DecodeError": ("invalid_data", "the data cannot be read", EXIT_BAD_INPUT),
    "builtins.FileNotFoundError": ("not_found", "there is no such file or directory", EXIT_BAD_INPUT),
    "builtins.IsADirectoryError": ("not_a_file", "this is a directory, a file is wanted", EXIT_BAD_INPUT),
    "builtins.NotADirectoryError": ("not_a_directory", "this is a file, a directory is wanted", EXIT_BAD_INPUT),
    "builtins.PermissionError": ("not_permitted", "the system does not permit it", EXIT_FAILED),
    "builtins.UnicodeDecodeError": ("not_utf8", "the file is not text in UTF-8", EXIT_BAD_INPUT),
}
"""Known faults of libraries, by the qualified name of their class: no library is imported for the sake of its error."""


def describe(error: Exception) -> Fault:
    """Return how a command ends that raised ``error``; an unknown one is called a defect."""
    match error:
        case Refusal():
            return Fault(error.code, str(error), EXIT_BAD_INPUT)
        case BadInput():
            return Fault(error.code, str(error), EXIT_BAD_INPUT)
        case Failed():
            return Fault(error.code, str(error), EXIT_FAILED)
        case OperationalError():
            return Fault("operational", str(error), EXIT_FAILED)
        case _:
            return _foreign(error) or _defect(error)


def _foreign(error: Exception) -> Fault | None:
    for cls in type(error).__mro__:
        known = FOREIGN.get(f"{cls.__module__}.{cls.__qualname__}")
        if known:
            code, sentence, status = known
            return Fault(code, f"{sentence}: {_particulars(error)}", status)
    return None


def _particulars(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename is not None:
        return str(error.filename)
    return " ".join(str(error).split())


def _defect(error: Exception) -> Fault:
    said = " ".join(str(error).split())
    message = f"an unexpected {type(error).__name__} ({said}); MOTCUA_DEBUG=1 shows where. Please report it"
    return Fault("defect", message, EXIT_FAILED)
