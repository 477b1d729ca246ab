"""The page docs/reference/metrics.md, made from the SQL files: ``python -m workbench.metrics.reference``.

A test compares the page with what this makes, so it cannot fall behind.
"""

from __future__ import annotations

import re
from pathlib import Path

from workbench.metrics.api import ACTIVITY_FRAME, ATTENTION_FRAME
from workbench.metrics.source import LEFT_OUT
from workbench.metrics.views import ACTIVITY, ATTENTION, MIRROR_ONLY, VIEWS, View

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "metrics.md"

_ONLY = ", ".join(f"`{view.name}`" for view in MIRROR_ONLY)

_HEAD = f"""# Metrics

`wb.metrics.NAME()` answers each view as a DataFrame with the columns and dtypes below, whether or not it has rows.
`as_of` (an aware datetime, by default now) moves the time windows; it does not bring back past states. `project_id`
narrows a view to one project. Times are UTC.

The operator contract answers `attention`, `pipeline`, `timeline` and `activity` from the operational database, by the
same SQL; `wb.metrics` answers from the mirror, a DuckDB copy that is brought up to date at every call by what changed
since the last one ([how numbers stay fresh](../explanation/numbers.md)). {_ONLY} exist on the
mirror only.

`wb.sql("select …", name=value)` runs one read-only SELECT in DuckDB's SQL over every table but
{", ".join(f"`{name}`" for name in sorted(LEFT_OUT))}.
`$name` takes the value of `name=`. It returns at most 100,000 rows (`max_rows=`) and runs at most 30 seconds
(`timeout=`); an error shows the line and place that is wrong. A column that is called like a word of SQL needs double
quotes: `"at"`. States and kinds are ENUMs, which compare and sort as text does.
"""


def page() -> str:
    """The whole page as Markdown."""
    return _HEAD + "".join(_section(view) for view in VIEWS)


def _section(view: View) -> str:
    text, points = _meaning(view)
    explained = "".join(f"- {point}\n" for point in points)
    frame = {ATTENTION.name: ATTENTION_FRAME, ACTIVITY.name: ACTIVITY_FRAME}.get(view.name, view.columns)
    columns = "".join(f"| `{name}` | {dtype} |\n" for name, dtype in frame.items())
    where = "the mirror" if view in MIRROR_ONLY else "the database and the mirror"
    return (
        f"\n## {view.name}\n\n{text}\n\n{explained}{chr(10) if points else ''}"
        f"| column | dtype |\n|---|---|\n{columns}\nRuns on {where}.\n\n"
        f"```sql\n{view.sql}\n```\n"
    )


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
