"""Ad-hoc SQL on the mirror: what may run, how it is bounded, and errors that show where a query is wrong.

A query cannot change anything: it runs inside ``SELECT * FROM (…)`` in a read-only transaction, on a DuckDB that has
no access to files, network, extensions or Python variables, and whose settings are locked. The check here adds what
those leave open: table functions that look at the engine instead of the data.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import duckdb
import pandas as pd

from workbench.errors import QueryError
from workbench.metrics.copy import is_damage
from workbench.metrics.frames import from_result

MAX_ROWS: Final = 100_000
TIMEOUT_SECONDS: Final = 30.0

#: Table functions that only make or unfold values.
_TABLE_FUNCTIONS: Final = frozenset({"generate_series", "json_each", "json_tree", "range", "repeat", "unnest"})
#: What DuckDB may take for a file's name or address. None of our tables has one of these.
_PATH: Final = re.compile(r"[./\\:*?\[]")
_PLACE: Final = re.compile(r"^LINE (\d+): ", re.MULTILINE)
#: The line that comes before the caller's own text in what is run.
_WRAPPED: Final = "SELECT * FROM (\n{query}\n) LIMIT {rows}"


def run(
    cursor: duckdb.DuckDBPyConnection,
    query: str,
    params: Mapping[str, Any],
    *,
    max_rows: int = MAX_ROWS,
    timeout: float = TIMEOUT_SECONDS,
) -> pd.DataFrame:
    """The result of one SELECT with ``$name`` parameters. The cursor is the caller's own, and is used up.

    Raises :class:`QueryError` when the query is wrong, is not one SELECT, takes longer than ``timeout`` seconds or
    has more than ``max_rows`` rows: a result is whole or it is none.
    """
    if isinstance(max_rows, bool) or not isinstance(max_rows, int) or max_rows < 1:
        raise QueryError(f"max_rows is {max_rows!r}; give a whole number of at least 1.")
    body = check(cursor, query)
    with _explained(shift=1), _stopped_after(cursor, timeout):
        cursor.execute("BEGIN TRANSACTION READ ONLY")
        cursor.execute(_WRAPPED.format(query=body, rows=max_rows + 1), dict(params) or None)
        frame = from_result(cursor)
    if len(frame) > max_rows:
        raise QueryError(f"The result has more than {max_rows:,} rows. Add a LIMIT or a condition, or give max_rows=.")
    return frame


def check(cursor: duckdb.DuckDBPyConnection, query: object) -> str:
    """The text of ``query`` without its end, when it is one SELECT over tables. Raises :class:`QueryError`."""
    if not isinstance(query, str) or not query.strip():
        raise QueryError('The query is empty. Write for example "select count(*) from cam_leads".')
    with _explained(shift=0):
        statements = cursor.extract_statements(query)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise QueryError("Only one SELECT (or WITH … SELECT) at a time can be run: the mirror is read-only.")
    body = statements[0].query.strip().removesuffix(";")
    with _explained(shift=0):
        row = cursor.execute("SELECT json_serialize_sql($body)", {"body": body}).fetchall()[0]
    tree = json.loads(row[0])
    if tree.get("error"):
        raise QueryError("Only a plain SELECT can be run here; this is another kind of statement.")
    for name in _table_functions(tree):
        if name not in _TABLE_FUNCTIONS:
            raise QueryError(
                f"The table function {name} is not available: a query reads the tables of the mirror and nothing else. "
                f"Available are {', '.join(sorted(_TABLE_FUNCTIONS))}."
            )
    for name in _tables(tree):
        if _PATH.search(name):
            raise QueryError(f"{name!r} looks like a file: a query reads the tables of the mirror and nothing else.")
    return body


def _tables(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for child in node:
            yield from _tables(child)
    elif isinstance(node, dict):
        if node.get("type") == "BASE_TABLE":
            yield str(node["table_name"])
        for child in node.values():
            yield from _tables(child)


def _table_functions(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for child in node:
            yield from _table_functions(child)
    elif isinstance(node, dict):
        if node.get("type") == "TABLE_FUNCTION":
            yield str(node["function"]["function_name"]).lower()
        for child in node.values():
            yield from _table_functions(child)


@contextmanager
def _stopped_after(cursor: duckdb.DuckDBPyConnection, seconds: float) -> Iterator[None]:
    timer = threading.Timer(seconds, cursor.interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    except duckdb.InterruptException as error:
        raise QueryError(
            f"The query took longer than {seconds:g} seconds and was stopped. Narrow it, or give timeout=."
        ) from error
    finally:
        timer.cancel()


@contextmanager
def _explained(*, shift: int) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        if is_damage(error):
            raise
        raise explain(str(error), shift=shift) from error


def explain(text: str, *, shift: int) -> QueryError:
    """DuckDB's message as ours, with the line counted in the caller's text: ``shift`` lines were put before it."""
    what, _, _ = text.partition("\n\nLINE ")
    place = _PLACE.search(text)
    if place is None:
        return QueryError(f"The query cannot be run. {what.strip()}")
    line = int(place[1]) - shift
    shown, _, pointer = text[place.end() :].partition("\n")
    head = f"line {line}: "
    # The caret stands under the fault: move it by as much as our head is longer or shorter than DuckDB's.
    moved = (
        " " * (len(head) - len(place[0])) + pointer
        if len(head) >= len(place[0])
        else pointer[len(place[0]) - len(head) :]
    )
    return QueryError(f"The query cannot be run. {what.strip()}\n\n{head}{shown}\n{moved.rstrip()}", line=line)
