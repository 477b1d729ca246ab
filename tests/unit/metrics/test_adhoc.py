"""What ad-hoc SQL may do, on a DuckDB closed as the mirror's is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from workbench.errors import QueryError
from workbench.metrics import adhoc
from workbench.metrics.copy import open_closed


@pytest.fixture(params=["in memory", "in a file"])
def mirror(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[duckdb.DuckDBPyConnection]:
    folder = tmp_path_factory.mktemp("mirror")
    file = folder / "1.duckdb" if request.param == "in a file" else None
    connection = open_closed(file, folder / "2.duckdb" if file else None)
    if file is not None:
        connection.execute("USE mirror")
    connection.execute(
        "CREATE TABLE leads AS SELECT range AS id, 'n' || range AS name, "
        "'2026-11-19 10:00:00+01'::TIMESTAMPTZ AS \"at\" FROM range(10)"
    )
    yield connection
    connection.close()


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("select * from leads", 10),
        ("SELECT count(*) FROM leads;", 1),
        ("with few as (select * from leads limit 3) select * from few -- and a comment", 3),
        ("from leads", 10),
        ("values (1), (2)", 2),
        ("select unnest([1, 2, 3])", 3),
        ("select * from range(4)", 4),
        ("describe leads", 3),
        ("select 1 as a, 2 as a", 1),
        ("select * from leads union all select * from leads", 20),
    ],
)
def test_a_single_select_runs(mirror: duckdb.DuckDBPyConnection, query: str, rows: int) -> None:
    assert len(adhoc.run(mirror, query, {})) == rows


def test_parameters_are_values_and_never_sql(mirror: duckdb.DuckDBPyConnection) -> None:
    found = adhoc.run(mirror, "select id from leads where name = $name", {"name": "n1' or 'a' = 'a"})
    assert list(found["id"]) == []


def test_the_order_of_the_query_is_kept(mirror: duckdb.DuckDBPyConnection) -> None:
    found = adhoc.run(mirror, "select id from leads order by (id * 7) % 10 desc", {})
    assert list(found["id"]) == sorted(range(10), key=lambda id_: -(id_ * 7 % 10))


def test_times_come_in_utc(mirror: duckdb.DuckDBPyConnection) -> None:
    found = adhoc.run(mirror, "select \"at\", current_setting('TimeZone') as zone from leads limit 1", {})
    assert found["at"][0].isoformat() == "2026-11-19T09:00:00+00:00"
    assert found["zone"][0] in ("UTC", "Etc/UTC")


FORBIDDEN = [
    "insert into leads values (1, 'x', null)",
    "with gone as (delete from leads returning id) select * from gone",
    "with more as (insert into leads(id) values (1) returning id) select * from more",
    "update leads set id = 1",
    "delete from leads",
    "drop table leads",
    "create table x as select 1",
    "create temp table x as select 1",
    "alter table leads add column x int",
    "truncate leads",
    "attach 'other.db'",
    "detach memory",
    "use memory",
    "copy leads to 'out.csv'",
    "copy leads from 'in.csv'",
    "export database 'out'",
    "import database 'out'",
    "install httpfs",
    "load httpfs",
    "pragma database_list",
    "pragma enable_profiling",
    "set threads = 1",
    "set variable x = 1",
    "reset threads",
    "set enable_external_access = true",
    "set lock_configuration = false",
    "call pragma_version()",
    "checkpoint",
    "force checkpoint",
    "vacuum",
    "begin",
    "commit",
    "prepare p as select 1",
    "execute p",
    "explain analyze select 1",
    "select 1; select 2",
    "select 1; drop table leads",
    "select * from read_csv('/etc/passwd')",
    "select * from read_text('/etc/passwd')",
    "select * from read_blob('/etc/passwd')",
    "select * from read_parquet('https://example.com/x.parquet')",
    "select * from '/etc/passwd'",
    "select * from 'leads.csv'",
    "select * from glob('/*')",
    "select (select content from read_text('/etc/passwd'))",
    "select * from leads where id in (select file from glob('/*'))",
    "select * from query('select 1')",
    "select * from query_table('leads')",
    "select * from json_execute_serialized_sql('{}')",
    "select * from duckdb_settings()",
    "select * from duckdb_secrets()",
    "select * from force_checkpoint()",
    "select * from enable_logging()",
    "select * from truncate_duckdb_logs()",
    "select getenv('HOME')",
    "select * from 'mirror/1.duckdb'",
    'select * from "/etc/passwd"',
    'select * from leads join "other.csv" using (id)',
    "with x as (select * from '1.duckdb.wal') select * from x",
    "select * from 's3://bucket/x.parquet'",
    "select * from 'https://example.com/x.csv'",
    "select * from sniff_csv('leads.csv')",
    "select * from parquet_metadata('x.parquet')",
    "select * from duckdb_memory()",
    "select * from duckdb_temporary_files()",
    "select * from pragma_storage_info('leads')",
    "select * from checkpoint('mirror')",
    "select * from users",
    "select * from drafts",
    "attach '2.duckdb' as spare",
    "copy from database mirror to spare",
    "comment on table leads is 'x'",
    "set global memory_limit = '1TB'",
    "reset lock_configuration",
    "set allowed_paths = ['/etc']",
    "set schema = 'memory.main'",
    "create secret (type s3, key_id 'x', secret 'y')",
    "create macro f() as 1",
    "merge into leads using leads as other on (leads.id = other.id) when matched then delete",
    "select * from frame",
    "select * from leads) limit 1 union all (select 1, 'x', null",
    "",
    "   ",
    "-- nothing",
]


@pytest.mark.parametrize("query", FORBIDDEN)
def test_nothing_else_runs(
    mirror: duckdb.DuckDBPyConnection, query: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "leads.csv").write_text("a\n1\n")
    frame = [1]
    before = mirror.execute("SELECT count(*), count(name) FROM leads").fetchall()
    with pytest.raises(QueryError) as refused:
        adhoc.run(mirror.cursor(), query, {})
    assert len(refused.value.message) > 20
    assert mirror.execute("SELECT count(*), count(name) FROM leads").fetchall() == before
    assert [path.name for path in tmp_path.iterdir()] == ["leads.csv"], "no file was made"
    assert frame == [1]


@pytest.mark.parametrize(
    ("query", "line", "shown"),
    [
        ("selec 1", 1, "line 1: selec 1\n        ^^^^^"),
        ("select bad from leads", 1, "line 1: select bad from leads\n               ^^^"),
        ("select id,\n  bad\nfrom leads", 2, "line 2:   bad\n          ^^^"),
        ("select *\nfrom nowhere", 2, "line 2: from nowhere\n             ^^^^^^^"),
        ("select id\nfrom leads where name::int = 1", 2, "line 2: from leads where name::int"),
    ],
)
def test_an_error_shows_where_the_query_is_wrong(
    mirror: duckdb.DuckDBPyConnection, query: str, line: int, shown: str
) -> None:
    with pytest.raises(QueryError) as wrong:
        adhoc.run(mirror, query, {})
    assert shown in wrong.value.message
    assert wrong.value.context["line"] == line


@pytest.mark.parametrize("params", [{}, {"x": 1, "y": 2}])
def test_a_missing_or_spare_parameter_is_named(mirror: duckdb.DuckDBPyConnection, params: dict[str, int]) -> None:
    with pytest.raises(QueryError, match=r"parameters: [xy]"):
        adhoc.run(mirror, "select $x", params)


def test_a_result_is_whole_or_it_is_none(mirror: duckdb.DuckDBPyConnection) -> None:
    assert len(adhoc.run(mirror.cursor(), "select * from range(100)", {}, max_rows=100)) == 100
    with pytest.raises(QueryError, match="more than 100 rows"):
        adhoc.run(mirror.cursor(), "select * from range(101)", {}, max_rows=100)
    with pytest.raises(QueryError, match="more than 100,000 rows"):
        adhoc.run(mirror.cursor(), "select * from range(1000000000000)", {})


def test_settings_are_locked_below_the_check_too(mirror: duckdb.DuckDBPyConnection) -> None:
    """What stands behind it if a query ever got past."""
    for statement in (
        "SET GLOBAL enable_external_access = true",
        "SET GLOBAL lock_configuration = false",
        "SET GLOBAL allowed_paths = ['/etc/passwd']",
        "SET GLOBAL memory_limit = '1TB'",
        "COPY leads TO '/tmp/leads-out.csv'",
        "ATTACH '/tmp/leads-other.duckdb'",
        "SELECT * FROM read_text('/etc/passwd')",
        "INSTALL httpfs",
        "LOAD httpfs",
    ):
        with pytest.raises(duckdb.Error, match=r"locked|disabled|[Cc]annot"):
            mirror.execute(statement)


@pytest.mark.parametrize(
    "query",
    [
        "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n",
        "select count(distinct a.range * b.range) from range(1000000) a, range(1000000) b",
    ],
)
def test_a_query_without_end_is_stopped(mirror: duckdb.DuckDBPyConnection, query: str) -> None:
    with pytest.raises(QueryError, match=r"longer than 0\.3 seconds"):
        adhoc.run(mirror, query, {}, timeout=0.3)


def test_a_query_that_takes_too_long_is_stopped(mirror: duckdb.DuckDBPyConnection) -> None:
    began = time.monotonic()
    with pytest.raises(QueryError, match=r"longer than 0\.2 seconds"):
        adhoc.run(
            mirror,
            "select count(*) from range(100000000) a, range(100000000) b where (a.range * b.range) % 7 = 3",
            {},
            timeout=0.2,
        )
    assert time.monotonic() - began < 5
