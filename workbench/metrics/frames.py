"""Rows and DuckDB results as DataFrames whose columns and dtypes are known, also when there are no rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC
from typing import Any

import duckdb
import numpy as np
import pandas as pd

#: The dtypes a view may declare. ``str`` and times may be missing; ``Int64`` is the whole number that may be.
INTEGER = "int64"
MAYBE_INTEGER = "Int64"
NUMBER = "float64"
TEXT = "str"
FLAG = "bool"
TIME = "datetime64[us, UTC]"


def from_rows(columns: Mapping[str, str], rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """A frame with exactly ``columns`` (name → dtype), in that order."""
    kept = list(rows)
    return pd.DataFrame({name: pd.Series([row[name] for row in kept], dtype=dtype) for name, dtype in columns.items()})


def to_rows(cursor: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """The result waiting in ``cursor`` as plain Python values: ``None`` where something is missing, aware datetimes."""
    types = {str(column[0]): str(column[1]) for column in cursor.description or ()}
    arrays = cursor.fetchnumpy()
    columns = [_plain(arrays[name], type_) for name, type_ in types.items()]
    return [dict(zip(types, values, strict=True)) for values in zip(*columns, strict=True)]


def _plain(array: Any, type_: str) -> list[Any]:
    if type_ == "TIMESTAMP WITH TIME ZONE":
        mask, values = np.ma.getmaskarray(array), np.ma.getdata(array).astype("datetime64[us]").tolist()
        return [None if gone else value.replace(tzinfo=UTC) for value, gone in zip(values, mask, strict=True)]
    if isinstance(array, pd.Categorical):  # an ENUM
        array = np.asarray(array, dtype=object)
    if array.dtype.kind == "f":
        array = np.ma.masked_invalid(array)
    values = array.tolist()
    return [None if value is np.nan else value for value in values] if array.dtype.kind == "O" else values


def from_result(cursor: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """The result waiting in ``cursor``, all of it.

    Through numpy, because DuckDB's own ``df()`` warns under pandas 3 and its ``fetchall()`` needs pytz.
    """
    types = {str(column[0]): str(column[1]) for column in cursor.description or ()}
    arrays = cursor.fetchnumpy()
    return pd.DataFrame({name: _series(arrays[name], type_) for name, type_ in types.items()})


def _series(array: Any, type_: str) -> pd.Series[Any]:
    mask = np.ma.getmaskarray(array) if isinstance(array, np.ma.MaskedArray) else None
    values = np.ma.getdata(array)
    if type_ == "TIMESTAMP WITH TIME ZONE":
        return pd.Series(_times(values, mask).dt.tz_localize("UTC"))
    if values.dtype.kind == "M":
        return _times(values, mask)
    text = type_ in ("VARCHAR", "JSON") or type_.startswith("ENUM(")
    if mask is None or not mask.any():
        return pd.Series(values, dtype="str" if text else None)
    if values.dtype.kind in "iu":
        return pd.Series(pd.arrays.IntegerArray(values.copy(), mask.copy()))
    if values.dtype.kind == "b":
        return pd.Series(pd.arrays.BooleanArray(values.copy(), mask.copy()))
    if values.dtype.kind == "f":
        return pd.Series(np.where(mask, np.nan, values))
    if values.dtype.kind == "m":
        return pd.Series(np.where(mask, np.timedelta64("NaT"), values))
    things = values.astype(object)
    things[mask] = None
    return pd.Series(things, dtype="str" if text else "object")


def _times(values: Any, mask: Any) -> pd.Series[Any]:
    moments = values.astype("datetime64[us]")
    return pd.Series(moments if mask is None else np.where(mask, np.datetime64("NaT"), moments))


def typed_columns(names: Sequence[str], kinds: Sequence[str], rows: Sequence[Sequence[Any]]) -> pd.DataFrame:
    """Database rows as a frame DuckDB can scan without guessing types: ``kinds`` are pandas dtypes, one per column."""
    values = list(zip(*rows, strict=True)) if rows else [() for _ in names]
    return pd.DataFrame(
        {name: pd.Series(column, dtype=kind) for name, kind, column in zip(names, kinds, values, strict=True)}
    )
