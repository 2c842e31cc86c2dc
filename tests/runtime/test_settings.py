"""Settings: read once, each wrong value refused by its name, what was kept read back."""

from pathlib import Path

import pytest

from runtime import settings
from runtime.errors import SettingError
from runtime.settings import Settings

URL = "postgresql://motcua:geheim@db.example:5432/motcua"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MOTCUA_API_PORT", "tcp://10.0.0.1:80"),
        ("MOTCUA_API_PORT", "0"),
        ("MOTCUA_API_PORT", "65536"),
        ("MOTCUA_METRICS_PORT", "-1"),
        ("MOTCUA_SDK_METRICS_PORT", "٣"),
        ("MOTCUA_DATABASE_POOL", "many"),
        ("MOTCUA_DATABASE_POOL", "9" * 5000),
        ("MOTCUA_DATABASE_URL", "mysql://root@localhost/x"),
        ("MOTCUA_DATABASE_URL", "postgresql://localhost"),
        ("MOTCUA_DATABASE_URL", "postgresql://host:port/x"),
        ("MOTCUA_MIGRATION_URL", "somewhere"),
        ("MOTCUA_TEMPORAL_ADDRESS", "localhost"),
        ("MOTCUA_TEMPORAL_ADDRESS", "http://localhost:7233"),
        ("MOTCUA_LOG_LEVEL", "loud"),
    ],
)
def test_a_wrong_value_is_refused_by_its_name(tmp_path: Path, name: str, value: str) -> None:
    """The message names the variable."""
    with pytest.raises(SettingError, match=name):
        settings.load({"MOTCUA_STATE_DIR": str(tmp_path), name: value})


def test_a_wrong_database_url_is_not_repeated(tmp_path: Path) -> None:
    """It may hold a password, and messages end in logs."""
    with pytest.raises(SettingError) as refused:
        settings.load({"MOTCUA_STATE_DIR": str(tmp_path), "MOTCUA_DATABASE_URL": "postgres//motcua:geheim@db/x"})
    assert "geheim" not in str(refused.value)


def test_an_empty_variable_counts_as_unset(tmp_path: Path) -> None:
    """Shells and compose files pass empty values for unset ones."""
    assert settings.load({"MOTCUA_STATE_DIR": str(tmp_path), "MOTCUA_API_PORT": ""}).api_port == Settings().api_port


def test_the_environment_reads_back(tmp_path: Path) -> None:
    """What a parent passes on is what its child reads."""
    chosen = Settings(
        state_dir=tmp_path, database_url=URL, temporal_address="localhost:7233", api_port=81, sdk_metrics_port=82,
        secret_file=tmp_path / "secret", log_level="debug",
    )  # fmt: skip
    assert settings.load(settings.environment(chosen)) == chosen


def test_kept_settings_serve_the_other_commands_and_the_environment_wins(tmp_path: Path) -> None:
    """A command beside a running system finds it; a variable overrides."""
    chosen = Settings(state_dir=tmp_path, database_url=URL, api_port=81)
    settings.keep(chosen)
    assert settings.load({"MOTCUA_STATE_DIR": str(tmp_path)}) == chosen
    assert settings.load({"MOTCUA_STATE_DIR": str(tmp_path), "MOTCUA_API_PORT": "82"}).api_port == 82
    assert (tmp_path / settings.SETTINGS_FILE).stat().st_mode & 0o077 == 0


def test_a_broken_file_of_settings_is_named(tmp_path: Path) -> None:
    """Half a file is an error, not an empty one."""
    (tmp_path / settings.SETTINGS_FILE).write_text('{"MOTCUA_API_PORT": ')
    with pytest.raises(SettingError, match=r"settings\.json"):
        settings.load({"MOTCUA_STATE_DIR": str(tmp_path)})


def test_what_is_required_and_missing_is_named(tmp_path: Path) -> None:
    """The message says what to set and what to start."""
    with pytest.raises(SettingError, match=r"MOTCUA_DATABASE_URL is not set.*motcua up"):
        settings.load({"MOTCUA_STATE_DIR": str(tmp_path)}).require_database()


def test_migrations_use_the_applications_url_where_no_other_is_set() -> None:
    """One role does for small systems."""
    assert Settings(database_url=URL).require_migration() == URL
    assert Settings(database_url=URL, migration_url=URL + "2").require_migration() == URL + "2"
