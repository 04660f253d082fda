from __future__ import annotations

from pathlib import Path

import pytest

from verdigris.errors import SettingsError
from verdigris.settings import Settings, load_settings


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VERDIGRIS_CONFIG_DIR", str(tmp_path / "user"))
    monkeypatch.delenv("VERDIGRIS_CACHE_DIR", raising=False)
    (tmp_path / "user").mkdir()
    (tmp_path / "project" / ".verdigris").mkdir(parents=True)
    return tmp_path / "project"


def user(root: Path, text: str) -> None:
    (root.parent / "user" / "config.toml").write_text(text)


def project(root: Path, text: str) -> Path:
    path = root / ".verdigris" / "config.toml"
    path.write_text(text)
    return path


def test_without_any_configuration_the_defaults_hold(root: Path) -> None:
    for settings in (load_settings(root), load_settings(None)):
        assert settings._replace(origins=()) == Settings()
        assert {origin for _, origin in settings.origins} == {"default"}


@pytest.mark.parametrize("text", ["false", "FALSE"])
def test_a_switch_is_also_read_from_the_environment(
    root: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    project(root, "questions = true\n")
    monkeypatch.setenv("VERDIGRIS_QUESTIONS", text)
    assert load_settings(root).questions is False


def test_environment_over_project_over_user(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    user(root, "threads = 1\nmax_file_bytes = 10\nlocal_dir = 'u'\n")
    path = project(root, "threads = 2\nmax_file_bytes = 20\n")
    monkeypatch.setenv("VERDIGRIS_THREADS", "3")
    settings = load_settings(root)
    assert (settings.threads, settings.max_file_bytes, settings.local_dir) == (3, 20, "u")
    origins = dict(settings.origins)
    assert origins["threads"] == "VERDIGRIS_THREADS"
    assert origins["max_file_bytes"] == str(path)
    assert origins["model"] == "default"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("thread = 2", r"config\.toml: unknown key 'thread'; known: model, runtime, threads"),
        ("threads = 'many'", "threads must be a whole number from 0 to 1024"),
        ("threads = true", "threads must be a whole number"),
        ("threads = 1.5", "threads must be a whole number"),
        ("threads = -1", "threads must be a whole number"),
        ("max_file_bytes = 0", "max_file_bytes must be a whole number from 1"),
        ("model = 7", "model must be a text, not 7"),
        ("questions = 1", "questions must be true or false, not 1"),
        ("questions = ''", "questions must be true or false"),
        ("threads = ", "is not valid TOML"),
        ("[threads]\na = 1", "threads must be a whole number"),
        ("model = 'ä", "is not valid TOML"),
    ],
)
def test_a_wrong_value_is_named_with_file_and_what_is_accepted(
    root: Path, text: str, told: str
) -> None:
    project(root, text)
    with pytest.raises(SettingsError, match=told) as caught:
        load_settings(root)
    assert "\n" not in str(caught.value)


def test_bytes_that_are_no_text(root: Path) -> None:
    (root / ".verdigris" / "config.toml").write_bytes(b"model = '\xff\xfe'")
    with pytest.raises(SettingsError, match="not valid TOML"):
        load_settings(root)


def test_a_configuration_that_cannot_be_read_is_not_passed_over(root: Path) -> None:
    (root / ".verdigris" / "config.toml").mkdir()
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(root)


def test_a_wrong_environment_variable_is_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERDIGRIS_THREADS", "lots")
    with pytest.raises(SettingsError, match="VERDIGRIS_THREADS: threads must be"):
        load_settings(root)


def test_the_cache_lies_where_it_is_told_or_where_the_platform_keeps_caches(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "verdigris" in str(load_settings(root).cache_path())
    monkeypatch.setenv("VERDIGRIS_CACHE_DIR", "~/somewhere")
    assert load_settings(root).cache_path() == Path.home() / "somewhere"


@pytest.mark.parametrize("variable", ["XDG_CONFIG_HOME", "HOME"])
def test_the_users_file_lies_where_the_platform_keeps_configuration(
    root: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.delenv("VERDIGRIS_CONFIG_DIR")
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("APPDATA", raising=False)
    monkeypatch.setenv(variable, str(root.parent))
    folder = root.parent / (".config" if variable == "HOME" else "") / "verdigris"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text("threads = 5")
    assert load_settings(root).threads == 5
