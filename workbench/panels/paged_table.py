"""A table in a dialog that turns its own pages: as many lines as there are, a screenful at a time in the browser."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from workbench.panels.components.table import Table

#: Few enough for the dialog's buttons to stay in sight.
PAGE_SIZE: Final = 8


def paged_table(
    label: str,
    columns: Sequence[dict[str, Any]],
    lines: Sequence[dict[str, Any]],
    *,
    size: int = PAGE_SIZE,
    **params: Any,
) -> Table:
    """All of ``lines``, ``size`` of them in the browser."""

    def turn(page: int) -> None:
        first = (max(1, page) - 1) * size
        table.param.update(rows=list(lines[first : first + size]), page=max(1, page))

    table = Table(
        label=label,
        columns=list(columns),
        rows=list(lines[:size]),
        total=len(lines),
        page_size=size,
        on_turn=turn,
        **params,
    )
    return table
