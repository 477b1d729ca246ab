"""Many rows at once, each way the quickest that its database has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from workbench.clock import as_utc
from workbench.db.problems import explain


def insert_many(session: Session, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert ``rows``, all with the same keys; a column that is left out must have a default of the database's own.

    PostgreSQL gets them as one JSON document in one statement: the driver's executemany would be a statement a row,
    and fire each statement trigger as often.
    """
    if not rows:
        return
    if session.get_bind().dialect.name == "sqlite":
        session.execute(sa.insert(table), rows)
        return
    columns = [table.c[name] for name in rows[0]]
    given = sa.func.json_to_recordset(sa.bindparam("given", type_=sa.JSON))
    source = given.table_valued(*(sa.column(one.name, one.type) for one in columns)).render_derived(with_types=True)
    statement = sa.insert(table).from_select([one.name for one in columns], sa.select(*source.c))
    plain = [
        {name: as_utc(value).isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
        for row in rows
    ]
    session.execute(statement, {"given": plain})


def insert_fast(
    session: Session,
    table: sa.Table,
    names: Sequence[str],
    rows: Sequence[Sequence[Any]],
    always: Mapping[str, Any],
) -> None:
    """Insert ``rows`` (the values of the columns ``names``), each with the values ``always`` as well.

    For very many rows: SQLAlchemy's care for each parameter would take longer than the database. PostgreSQL gets them
    by COPY. A column that is left out must have a default of the database's own.
    """
    connection = session.connection()
    columns = [table.c[name] for name in (*names, *always)]
    binds = [column.type.dialect_impl(connection.dialect).bind_processor(connection.dialect) for column in columns]
    shared = [bind(value) if bind else value for bind, value in zip(binds[len(names) :], always.values(), strict=True)]
    converted = [(place, bind) for place, bind in enumerate(binds[: len(names)]) if bind is not None]
    values = []
    for given in rows:
        value = [*given, *shared]
        for place, bind in converted:
            if value[place] is not None:
                value[place] = bind(value[place])
        values.append(tuple(value))
    named = ", ".join(f'"{column.name}"' for column in columns)
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(columns))
        connection.exec_driver_sql(f'INSERT INTO "{table.name}" ({named}) VALUES ({marks})', values)  # noqa: S608
        return
    raw: Any = connection.connection.driver_connection
    statement = f'COPY "{table.name}" ({named}) FROM STDIN'
    try:
        with raw.cursor() as cursor, cursor.copy(statement) as copy:
            for row in values:
                copy.write_row(row)
    except psycopg.Error as error:
        raise explain(DBAPIError(statement, None, error)) from error
