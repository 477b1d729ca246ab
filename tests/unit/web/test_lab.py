from __future__ import annotations

from pathlib import Path

import pytest

from workbench.settings import Settings
from workbench.web.lab import absolute_paths


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"data_dir": "var"}, {"WORKBENCH_DATA_DIR": "{here}/var"}),
        ({"data_dir": "/srv/desk"}, {"WORKBENCH_DATA_DIR": "/srv/desk"}),
        ({"accounts": "who.toml"}, {"WORKBENCH_ACCOUNTS": "{here}/who.toml"}),
        ({"database_url": "sqlite:///my.db"}, {"WORKBENCH_DATABASE_URL": "sqlite:///{here}/my.db"}),
        ({"database_url": "sqlite:////srv/my.db"}, {"WORKBENCH_DATABASE_URL": "sqlite:////srv/my.db"}),
        ({"database_url": "sqlite:///:memory:"}, {}),
        ({"database_url": "postgresql://ada:secret@db/desk"}, {}),
    ],
)
def test_a_kernel_finds_the_data_of_the_folder_that_lab_was_started_in(
    given: dict[str, str], kept: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    expected = {name: value.format(here=tmp_path) for name, value in kept.items()}
    default = {"WORKBENCH_DATA_DIR": str(tmp_path / "var")}
    assert absolute_paths(Settings.model_validate(given)) == default | expected
