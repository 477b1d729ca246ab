"""The signing key is the one that was set, or one made once and kept to its owner."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from workbench.errors import NotConfigured
from workbench.secret import secret_key
from workbench.settings import Settings


def test_the_setting_wins_and_no_file_is_made(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "var", secret_key="k" * 32)
    assert secret_key(settings) == "k" * 32
    assert not (tmp_path / "var").exists()


def test_without_a_setting_one_is_made_once_readable_by_its_owner_only(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "var")
    made = secret_key(settings)
    assert len(made) >= 32
    assert secret_key(settings) == made
    [path] = (tmp_path / "var").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_two_installations_have_different_keys(tmp_path: Path) -> None:
    assert secret_key(Settings(data_dir=tmp_path / "a")) != secret_key(Settings(data_dir=tmp_path / "b"))


def test_programs_that_start_together_get_the_same_key(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: secret_key(settings), range(32)))) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]


def test_a_key_that_could_be_guessed_is_refused_naming_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(NotConfigured, match=r"WORKBENCH_SECRET_KEY is too short.*token_urlsafe"):
        secret_key(Settings(data_dir=tmp_path, secret_key="short"))
    (tmp_path / "secret.key").write_text("")
    with pytest.raises(NotConfigured, match=r"secret\.key is too short"):
        secret_key(Settings(data_dir=tmp_path))


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", None])
def test_a_key_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "secret.key"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    with pytest.raises(NotConfigured, match=r"secret\.key cannot be read"):
        secret_key(Settings(data_dir=tmp_path))
