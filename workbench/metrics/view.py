"""One query in a file of ``sql/``: what it means, which columns it has, and its rows from either engine."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from importlib import resources
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.db import UtcDateTime
from workbench.metrics.frames import FLAG, INTEGER, MAYBE_INTEGER, NUMBER, TEXT, TIME
from workbench.metrics.mirror import Mirror

Source = Session | Mirror

_PARAMETER = re.compile(r"(?<![:\w]):(\w+)")
#: A part that is left out where one of its parameters is None, so that no engine plans what nobody asked for.
_OPTIONAL = re.compile(r"\[\[((?:(?!\[\[|\]\]).)*)\]\]", re.DOTALL)
_SQL_TYPES: Final[dict[str, sa.types.TypeEngine[Any]]] = {
    INTEGER: sa.BigInteger(),
    MAYBE_INTEGER: sa.BigInteger(),
    NUMBER: sa.Float(),
    TEXT: sa.Text(),
    FLAG: sa.Boolean(),
    TIME: UtcDateTime(),
}


@dataclass(frozen=True)
class View:
    """One metric view: ``columns`` are name → dtype of the frame it makes."""

    name: str
    columns: Mapping[str, str]

    @cached_property
    def file(self) -> str:
        """The text of its file."""
        return resources.files("workbench.metrics").joinpath("sql", f"{self.name}.sql").read_text(encoding="utf-8")

    @cached_property
    def meaning(self) -> str:
        """The comment on top, without its dashes."""
        return "\n".join(line.removeprefix("--").strip() for line in self._lines[0])

    @cached_property
    def sql(self) -> str:
        """The query, with ``:name`` for parameters and ``[[…]]`` around parts that need theirs to be given."""
        return "\n".join(self._lines[1]).strip()

    @property
    def _lines(self) -> tuple[list[str], list[str]]:
        lines = self.file.splitlines()
        body = next(number for number, line in enumerate(lines) if not line.startswith("--"))
        return lines[:body], lines[body:]

    @cached_property
    def parameters(self) -> frozenset[str]:
        return frozenset(_PARAMETER.findall(self.sql))

    def asked(self, given: Collection[str]) -> str:
        """The query with the optional parts whose parameters are all among ``given``, and without the others."""

        def chosen(part: re.Match[str]) -> str:
            return part[1] if set(_PARAMETER.findall(part[1])) <= set(given) else ""

        text, parts = self.sql, 1
        while parts:  # the inner ones first
            text, parts = _OPTIONAL.subn(chosen, text)
        return text

    def rows(self, source: Source, **values: Any) -> list[dict[str, Any]]:
        """What ``source`` answers, as plain values: ``None`` where something is missing, times aware in UTC."""
        query = self.asked([name for name, value in values.items() if value is not None])
        needed = {name: values[name] for name in _PARAMETER.findall(query)}
        if isinstance(source, Mirror):
            return source.rows(_PARAMETER.sub(r"$\1", query), needed)
        binds = [
            sa.bindparam(name, type_=UtcDateTime() if isinstance(value, datetime) else None)
            for name, value in needed.items()
        ]
        types = {name: _SQL_TYPES[dtype] for name, dtype in self.columns.items()}
        result = source.execute(sa.text(query).bindparams(*binds).columns(**types), needed)
        return [dict(row) for row in result.mappings()]
