"""What ``benchmarks.mirror`` found: kept in a file, shown as one table, in Markdown and as a picture.

``python -m benchmarks.mirror_report`` writes the table and the picture of docs/explanation/numbers.md anew.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

_DOCS = Path(__file__).resolve().parents[1] / "docs"
#: Also read by the reference of the metrics.
KEPT = _DOCS / "reference" / "metrics-costs.json"
PAGE = _DOCS / "explanation" / "numbers.md"
_CHROMIUM = _DOCS.parent / ".venv" / "chromium-path"  # written by ``make chromium``
PICTURE = _DOCS / "pictures" / "numbers.png"

DATABASES = ("SQLite", "PostgreSQL")
#: How a view was answered -> what that is called in the table.
WAYS = {
    "mirror": "mirror",
    "source": "the same SQL on the source",
    "pandas": "pandas over read_sql",
    "naive": "naive ORM",
    "limit": "the limit: its bytes at memory bandwidth",
}
_BETWEEN = re.compile(r"(?<=<!-- measured -->\n).*(?=\n<!-- end -->)", re.DOTALL)


class Row(NamedTuple):
    group: str
    label: str
    #: The figure of one database's results: milliseconds; None where the way was given up.
    figure: Callable[[dict[str, Any]], float | None]
    unit: str = "ms"


def kept() -> dict[str, dict[str, Any]]:
    """By number of attempts and database."""
    found: dict[str, dict[str, Any]] = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    return found


def keep(attempts: int, database: str, results: dict[str, Any]) -> None:
    """Put ``results`` in the place of what was kept of this size and database."""
    found = kept()
    found.setdefault(str(attempts), {})[database] = _rounded(results)
    KEPT.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(one) for name, one in value.items()}
    return float(f"{value:.3g}") if isinstance(value, float) else value


def _rows() -> Iterator[Row]:
    for view in ("attention", "pipeline", "delivery", "cohorts", "funnel", "queue_ahead", "timeline", "activity"):
        for way, label in WAYS.items():
            yield Row(view, label, lambda found, view=view, way=way: found["views"][view][way])  # type: ignore[misc]
    for changes in (0, 1, 100, 10_000):
        label = f"after {changes:,} change{'' if changes == 1 else 's'}"
        yield Row("refresh", label, lambda found, changes=changes: found["refresh"][str(changes)])  # type: ignore[misc]
    yield Row(
        "commit → visible", "in another process, under write load, looking every 100 ms: p50", _one("visible_p50")
    )
    yield Row("commit → visible", "p99", _one("visible_p99"))
    yield Row("a one-row commit", "with the triggers", _one("commit_with"))
    yield Row("a one-row commit", "without", _one("commit_without"))
    yield Row("the copy", "load in full", _one("load_s"), "s")
    yield Row("the copy", "open the file of the process before", _one("reopen"))
    yield Row("the copy", "memory it took to load", _one("memory_mb"), "MB")
    yield Row("the copy", "its file", _one("file_mb"), "MB")


def _one(name: str) -> Callable[[dict[str, Any]], float | None]:
    return lambda found: found[name]


def shown(figure: float | None, unit: str = "ms") -> str:
    """``figure`` as a person reads it; None is what was given up after a minute."""
    if figure is None:
        return "> 60 s"
    if unit == "ms" and figure >= 1_000:
        figure, unit = figure / 1_000, "s"
    number = f"{figure:,.0f}" if figure >= 10 else f"{figure:.2g}"
    return number if unit == "ms" else f"{number} {unit}"


def table() -> tuple[list[str], list[tuple[Row, list[float | str | None]]]]:
    """The heads, and the rows with a figure for each head; "" where nothing was measured."""
    found = kept()
    sizes = sorted(int(size) for size in found)
    columns = [(name, size) for name in DATABASES for size in sizes if name in found[str(size)]]
    rows: list[tuple[Row, list[float | str | None]]] = []
    for row in _rows():
        figures: list[float | str | None] = []
        for name, size in columns:
            try:
                figures.append(row.figure(found[str(size)][name]))
            except KeyError:
                figures.append("")
        if any(figure != "" for figure in figures):
            rows.append((row, figures))
    return [f"{name}, {_size(size)}" for name, size in columns], rows


def _size(attempts: int) -> str:
    return f"{attempts // 1_000_000} M" if attempts >= 1_000_000 else f"{attempts // 1_000} k"


def markdown() -> str:
    heads, rows = table()
    lines = [f"| | | {' | '.join(heads)} |", f"|---|---|{'---:|' * len(heads)}"]
    group = ""
    for row, figures in rows:
        cells = [figure if isinstance(figure, str) else shown(figure, row.unit) for figure in figures]
        lines.append(f"| {row.group if row.group != group else ''} | {row.label} | {' | '.join(cells)} |")
        group = row.group
    return "\n".join(lines)


def html() -> str:
    """The table as a page of its own; the longer a time, the darker its cell."""
    heads, rows = table()
    body = []
    group = ""
    for row, figures in rows:
        cells = []
        for figure in figures:
            text = figure if isinstance(figure, str) else shown(figure, row.unit)
            cells.append(f'<td style="{_shade(figure) if row.unit == "ms" else ""}">{escape(text)}</td>')
        first = f"<th>{escape(row.group if row.group != group else '')}</th>"
        edge = ' class="first"' if row.group != group else ""
        body.append(f"<tr{edge}>{first}<th class=way>{escape(row.label)}</th>{''.join(cells)}</tr>")
        group = row.group
    tops = "".join(f"<th class=top>{escape(head)}</th>" for head in heads)
    return _HTML.format(tops=tops, body="".join(body))


_HTML = """<!doctype html><meta charset=utf-8><style>
body {{ font: 13px/1.35 system-ui, sans-serif; margin: 0; padding: 20px; width: max-content }}
body {{ color: #1a202c; background: #fff }}
table {{ border-collapse: collapse }} td, th {{ padding: 3px 10px; text-align: right; white-space: nowrap }}
th {{ text-align: left; font-weight: 600 }} .way {{ font-weight: 400 }} .top {{ text-align: right }}
.first > * {{ border-top: 1px solid #a0aec0 }} p {{ max-width: 60em }}
</style><p><b>How long the numbers take, and how it grows</b> with the attempts in the database. Milliseconds, unless a
unit stands there; the darker, the longer, a step for each power of ten. How each column was measured is told below
the picture.</p>
<table><tr><th></th><th></th>{tops}</tr>{body}</table>"""


def _shade(milliseconds: float | str | None) -> str:
    if isinstance(milliseconds, str):
        return ""
    power = 5.0 if milliseconds is None else min(max(math.log10(max(milliseconds, 0.1)), 0.0), 5.0)
    return f"background: hsl(213 75% {98 - round(power) * 13}%){'; color: #fff' if round(power) >= 4 else ''}"


def picture() -> None:
    """Photograph the table."""
    from playwright.sync_api import sync_playwright  # only who makes the picture needs it

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM") or _CHROMIUM.read_text().strip(), args=["--no-sandbox"]
        )
        page = browser.new_page(device_scale_factor=1.5)
        page.set_content(html())
        page.locator("body").screenshot(path=PICTURE)
        browser.close()


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(_BETWEEN.sub(lambda _: markdown(), text), encoding="utf-8")
    picture()
