"""The reference pages say what the code says."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_spec = importlib.util.spec_from_file_location("make_reference", ROOT / "scripts" / "make_reference.py")
assert _spec is not None
assert _spec.loader is not None
make_reference = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(make_reference)


@pytest.mark.parametrize("name", make_reference.PAGES)
def test_a_reference_page_is_what_the_code_makes(name: str) -> None:
    page = ROOT / "docs" / "reference" / name
    assert page.read_text(encoding="utf-8") == make_reference.PAGES[name](), "run: python scripts/make_reference.py"
