"""The page docs/reference/metrics.md, made from the SQL files and from what ``make bench ONLY=mirror`` measured:
``python -m workbench.metrics.reference``.

A test compares the page with what this makes, so it cannot fall behind.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from workbench.metrics.api import ACTIVITY_FRAME, ATTENTION_FRAME
from workbench.metrics.source import LEFT_OUT
from workbench.metrics.view import View
from workbench.metrics.views import ACTIVITY, ATTENTION, MIRROR_ONLY, MIRROR_PAYS_FROM, VIEWS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "metrics.md"
#: Written by ``benchmarks.mirror``: by number of attempts, database, and view.
COSTS = PAGE.with_name("metrics-costs.json")

_ONLY = ", ".join(f"`{view.name}`" for view in MIRROR_ONLY)

_HEAD = f"""# Metrics

`wb.metrics.NAME()` answers each view as a DataFrame with the columns and dtypes below, whether or not it has rows.
`as_of` (an aware datetime, by default now) moves the time windows; it does not bring back past states. `project_id`
narrows a view to one project. Times are UTC.

`wb.metrics` answers from the mirror, a DuckDB copy that is brought up to date at every call by what changed since the
last one ([how numbers stay fresh](../explanation/numbers.md)). The operator contract answers from the operational
database, by the same SQL and with the same result; `attention` and `pipeline`, and `timeline` and `activity` of one
project, it answers from the mirror once that is loaded and there are {MIRROR_PAYS_FROM:,} attempts and leads to count.
{_ONLY} exist on the mirror only.

In the SQL, a part in `[[…]]` is left out where its parameter is not given. *Cost* is milliseconds for a whole answer in
the best of some rounds, on two cores that much other work wanted. The column of ten million was measured in another way
than the others and can't be compared with them ([how](../explanation/numbers.md#what-it-costs)).

`wb.sql("select …", name=value)` runs one read-only SELECT in DuckDB's SQL over every table but
{", ".join(f"`{name}`" for name in sorted(LEFT_OUT))}.
`$name` takes the value of `name=`. It returns at most 100,000 rows (`max_rows=`) and runs at most 30 seconds
(`timeout=`); an error shows the line and place that is wrong. A column that is called like a word of SQL needs double
quotes: `"at"`. States and kinds are ENUMs, which compare and sort as text does.
"""


def page() -> str:
    """The whole page as Markdown."""
    measured = json.loads(COSTS.read_text(encoding="utf-8"))
    return _HEAD + "".join(_section(view, measured) for view in VIEWS)


def _section(view: View, measured: dict[str, Any]) -> str:
    text, points = _meaning(view)
    explained = "".join(f"- {point}\n" for point in points)
    frame = {ATTENTION.name: ATTENTION_FRAME, ACTIVITY.name: ACTIVITY_FRAME}.get(view.name, view.columns)
    columns = "".join(f"| `{name}` | {dtype} |\n" for name, dtype in frame.items())
    where = "the mirror" if view in MIRROR_ONLY else "the database and the mirror"
    return (
        f"\n## {view.name}\n\n{text}\n\n{explained}{chr(10) if points else ''}"
        f"| column | dtype |\n|---|---|\n{columns}\nRuns on {where}.\n\n{_cost(view, measured)}"
        f"```sql\n{view.sql}\n```\n"
    )


def _cost(view: View, measured: dict[str, Any]) -> str:
    """What an answer took, by number of attempts."""
    sizes = sorted(measured, key=int)
    lines = []
    for way, where in (("mirror", "the mirror of {}"), ("source", "{} itself")):
        for database in ("SQLite", "PostgreSQL"):
            found = [measured[size].get(database, {}).get("views", {}).get(view.name, {}).get(way) for size in sizes]
            if any(found):
                figures = " | ".join(
                    "" if one is None else f"{one:,.0f}" if one >= 10 else f"{one:.1f}" for one in found
                )
                lines.append(f"| {where.format(database)} | {figures} |\n")
    if not lines:
        return ""
    heads = " | ".join(f"{int(size):,} attempts" for size in sizes)
    return f"| cost | {heads} |\n|---|{'---:|' * len(sizes)}\n{''.join(lines)}\n"


def _meaning(view: View) -> tuple[str, list[str]]:
    """The paragraphs of the comment, and the lines that explain a column, its name set as code."""
    text, points = [], []
    for line in view.meaning.splitlines():
        found = re.fullmatch(r"([a-z][\w*]*(?:(?:, | and )[a-z][\w*]*)*): (.*)", line)
        if found:
            names = re.sub(r"[\w*]+", lambda name: name[0] if name[0] == "and" else f"`{name[0]}`", found[1])
            points.append(f"{names}: {found[2]}")
        else:
            text.append(line)
    return "\n".join(text).strip(), points


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
