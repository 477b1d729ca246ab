"""Links in the docs lead somewhere, and commands named there exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click import Group

from workbench.cli import main
from workbench.settings import Settings

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("document", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files_that_exist(document: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", document.read_text(encoding="utf-8"))
    missing = [one for one in targets if "://" not in one and not (document.parent / one).exists()]
    assert missing == []


@pytest.mark.parametrize("document", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_and_settings_that_are_named_exist(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    commands = set(re.findall(r"`workbench ([a-z]+)", text)) | set(
        re.findall(r"^    workbench ([a-z]+)", text, re.MULTILINE)
    )
    assert isinstance(main, Group)
    assert commands <= set(main.commands)
    named = set(re.findall(r"WORKBENCH_([A-Z_]+[A-Z])", text))
    assert named <= {name.upper() for name in Settings.model_fields} | {"BOKEH_ROOT"}
