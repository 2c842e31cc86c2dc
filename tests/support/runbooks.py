"""Runbooks followed word for word: the commands that a test runs are those that stand in the runbook."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.chaos.house import House

ROOT: Final = Path(__file__).parents[2]
RUNBOOKS: Final = ROOT / "ops" / "runbooks"
_COMMAND: Final = re.compile(r"`(motcua [^`]+)`")
_QUERY: Final = re.compile(r"`(select [^`]+)`")
_METRIC: Final = re.compile(r"`(motcua_[a-z_0-9]+)`")
_PLACEHOLDER: Final = re.compile(r"\b[A-Z]{2,}\b")


class Runbook:
    """What a runbook says to do; ``name`` is its file's, without the ending."""

    def __init__(self, name: str) -> None:
        """Read it."""
        self.text = " ".join((RUNBOOKS / f"{name}.md").read_text().split()).split("**What to do.**")[1]

    @property
    def commands(self) -> list[str]:
        """What it says to run."""
        return _COMMAND.findall(self.text)

    @property
    def queries(self) -> list[str]:
        """What it says to ask the database."""
        return _QUERY.findall(self.text)

    @property
    def metric(self) -> str:
        """By which figure it says that the trouble is over."""
        return str(_METRIC.findall(self.text.split("**Done when.**")[1])[0])


class Follower:
    """Somebody who does what a runbook says, and nothing else."""

    def __init__(self, name: str, opened: House) -> None:
        """Nothing is done yet."""
        self.book = Runbook(name)
        self._house = opened
        self._left = {*self.book.commands, *self.book.queries}

    def run(self, command: str, *, status: int = 0, **values: object) -> str:
        """Run a command of the runbook, its placeholders filled; what it prints. It must end with this status."""
        self._done(command)
        words = [self._filled(word, values) for word in command.split()[1:]]
        found = self._house.say(*words)
        assert found.returncode == status, (command, found.stdout, found.stderr)
        return found.stdout

    def start(self, command: str, *processes: str) -> None:
        """Start what the runbook says has to run."""
        self._done(command)
        for name in processes:
            self._house.processes[name].start()

    def ask(self, query: str, **values: object) -> str:
        """Ask the database, as its owner."""
        self._done(query)
        return self._house.postgres.execute(self._filled(query, values), database=self._house.database.name)

    def leaves(self, command: str, tried: str) -> None:
        """A command that another test runs, in whose text it stands."""
        assert command.split()[1] in (ROOT / tried).read_text(), (command, tried)
        self._done(command)

    def end(self) -> None:
        """All was done that the runbook says."""
        assert not self._left, f"not followed: {sorted(self._left)}"

    def _done(self, command: str) -> None:
        assert command in {*self.book.commands, *self.book.queries}, f"the runbook does not say {command!r}"
        self._left.discard(command)

    def _filled(self, text: str, values: dict[str, object]) -> str:
        return _PLACEHOLDER.sub(lambda found: str(values[found[0]]), text)


@contextmanager
def following(name: str, opened: House) -> Iterator[Follower]:
    """Follow a runbook to its end."""
    follower = Follower(name, opened)
    yield follower
    follower.end()
