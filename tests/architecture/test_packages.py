"""Our packages have plain names at the top level: nothing may stand in their way, and all of them must be delivered."""

import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES = sorted(path.parent.name for path in ROOT.glob("*/__init__.py"))
NOT_DELIVERED = {"bench", "tests"}


@pytest.mark.parametrize("package", [*PACKAGES, "web"])
def test_no_installed_distribution_shadows_a_package(package: str) -> None:
    """A dependency that brings a top-level module of the same name would be imported in the place of ours."""
    assert set(metadata.packages_distributions().get(package, [])) <= {"motcua"}


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_is_imported_from_here(package: str) -> None:
    """The interpreter finds our own directory under the name."""
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin == str(ROOT / package / "__init__.py")


def test_every_package_has_its_layer() -> None:
    """The import contract is exhaustive: a package that it does not name would be free to import anything."""
    contracts = PROJECT["tool"]["importlinter"]
    layers = next(contract for contract in contracts["contracts"] if contract["id"] == "layers")["layers"]
    layered = {name for layer in layers for name in layer.split(" | ")}
    assert layered == set(contracts["root_packages"]) == set(PACKAGES) - {"tests"}


def test_every_package_is_type_checked() -> None:
    """The list given to mypy is complete."""
    assert set(PROJECT["tool"]["mypy"]["packages"]) == set(PACKAGES)


def test_the_wheel_holds_every_file_of_every_package(tmp_path: Path) -> None:
    """Data files, templates and migrations are delivered, not the Python files alone; tests and benchmarks are not."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    delivered = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S607
    wanted = {name for name in tracked.stdout.splitlines() if name.split("/")[0] in set(PACKAGES) - NOT_DELIVERED}
    assert wanted <= delivered
    assert not {name for name in delivered if name.split("/")[0] in NOT_DELIVERED}
