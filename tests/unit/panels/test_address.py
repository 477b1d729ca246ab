from __future__ import annotations

import pytest

from workbench.panels import address


@pytest.mark.parametrize(
    ("search", "page", "project", "filters"),
    [
        ("", "command", None, {}),
        ("?page=gallery&project=3&status=DRAFT", "gallery", 3, {"status": "DRAFT"}),
        ("?page=cockpit", "command", None, {}),
        ("?project=three", "command", None, {}),
        ("?project=0", "command", None, {}),
        ("?project=-1", "command", None, {}),
        ("?project=²", "command", None, {}),
        ("?project=99999999999999999999", "command", None, {}),
        ("?q=a%26b%3Dc&theme=dark", "command", None, {"q": "a&b=c"}),
        ("?<script>=1&a-b=2", "command", None, {}),
        ("?q=" + "x" * 500, "command", None, {"q": "x" * 200}),
    ],
)
def test_what_makes_no_sense_in_an_address_is_left_out(
    search: str, page: str, project: int | None, filters: dict[str, str]
) -> None:
    assert address.read(search) == {"page": page, "project_id": project, "filters": filters}


@pytest.mark.parametrize("filters", [{}, {"status": "DRAFT", "q": "50% off & more"}])
def test_an_address_opens_the_view_it_was_written_for(filters: dict[str, str]) -> None:
    written = address.write("gallery", 3, filters, dark=True)
    assert address.read(written) == {"page": "gallery", "project_id": 3, "filters": filters}
    assert "theme=dark" in written
