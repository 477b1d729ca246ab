"""A database of a given number of attempts, made by the database itself, as an agency leaves it: 500 projects, 1,000
campaigns, a lead for every ten attempts, 90 days in the order of time; one attempt in fifty is a post, one in a
thousand was tried again by a person up to three days later."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from workbench.clock import now
from workbench.triggers import install_triggers, remove_triggers

PROJECTS = 500
CAMPAIGNS = 1_000
CREATIVES = 5_000
#: Queue rows that wait; what was done has one for every thousand attempts.
WAITING = 2_000
AUDITS = 50_000
DAYS = 90

#: PostgreSQL: neither foreign keys row by row, nor a sync at each commit, and room to sort for the indexes.
_QUICK = {
    "sqlite": ("PRAGMA foreign_keys=OFF", "PRAGMA cache_size=-1000000"),
    "postgresql": (
        "SET session_replication_role = replica",
        "SET synchronous_commit = off",
        "SET maintenance_work_mem = '1GB'",
    ),
}


def fill(engine: Engine, attempts: int) -> None:
    """Fill the empty database behind ``engine``, without logging it row by row, and indexed once it is full."""
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        for setting in _QUICK[engine.dialect.name]:
            driver.execute(setting)
        driver.commit()
        with connection.begin():
            remove_triggers(connection)
            with _without_indexes(connection):
                _Filling(connection).all(attempts)
            install_triggers(connection)
        connection.invalidate()  # the settings were for this alone
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE" if engine.dialect.name == "sqlite" else "VACUUM ANALYZE")


_INDEXES = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = '{table}'",
    "postgresql": "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = '{table}' AND indexname NOT IN"
    " (SELECT conname FROM pg_constraint)",
}


@contextmanager
def _without_indexes(connection: Connection) -> Iterator[None]:
    """The two large tables are filled several times faster so."""
    statements = []
    for table in ("cam_leads", "cam_outreach_attempts"):
        query = _INDEXES[connection.dialect.name].format(table=table)
        for name, statement in connection.exec_driver_sql(query).all():
            connection.exec_driver_sql(f'DROP INDEX "{name}"')
            statements.append(statement)
    yield
    for statement in statements:
        connection.exec_driver_sql(statement)


class _Filling:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sqlite = connection.dialect.name == "sqlite"
        self._now = now()

    def all(self, attempts: int) -> None:
        leads = max(attempts // 10, 10)
        sent = max(attempts // 1_000, 1_000)
        ago, word = self._ago, self._word
        self._add("projects", PROJECTS, name="'Project ' || n", state="'EXECUTION'", **self._stamps("1"))
        self._add(
            "strategies", PROJECTS,
            project_id="n", number="1", text="'Plan'", status="'APPROVED'", created_at=ago("1"),
        )  # fmt: skip
        self._run("UPDATE projects SET strategy_id = id, approved_strategy_id = id")
        self._add(
            "cam_campaigns", CAMPAIGNS,
            project_id=f"1 + n % {PROJECTS}", name="'Campaign ' || n", active="true", **self._stamps("1"),
        )  # fmt: skip
        self._add(
            "content_items", CREATIVES,
            project_id=f"1 + n % {PROJECTS}", strategy_id=f"1 + n % {PROJECTS}",
            platform=word("email", "linkedin", "twitter"), title="'Creative ' || n", body_text="'A text.'",
            status=word("DRAFT", "APPROVED", "PUBLISHED", "FAILED"), **self._stamps("n % 80"),
        )  # fmt: skip
        self._add(
            "content_versions", CREATIVES,
            content_item_id="n", number="1", title="'Creative ' || n", body_text="'A text.'", source="'operator'",
            created_at=ago("n % 80"),
        )  # fmt: skip
        self._add(
            "cam_leads", leads,
            campaign_id=f"1 + n % {CAMPAIGNS}", name="'Lead ' || n", email="'lead' || n || '@example.com'",
            email_norm="'lead' || n || '@example.com'", company="'Company ' || n % 999", source=word("csv", "apollo"),
            status=word("NEW", "CONTACTED", "REPLIED", "LOST", "CONTACTED"), stage="''", consent_status="'UNKNOWN'",
            **self._stamps(self._along(leads)),
        )  # fmt: skip
        self._add(
            "cam_contact_events", leads // 10,
            lead_id="n * 7", channel="'email'", direction="'INBOUND'", event_type="'reply'",
            event_at=ago(self._along(leads // 10)),
        )  # fmt: skip
        queued = {
            "content_item_id": f"1 + n % {CREATIVES}",
            "content_version_id": f"1 + n % {CREATIVES}",
            "account": "'default'",
            "mode": "'simulation'",
            "local_time": "'2026-11-19T10:00:00'",
            "timezone": "'UTC'",
        }
        self._add(
            "execution_queue", sent, **queued, status="'DONE'", scheduled_time=ago(self._along(sent)),
            **self._stamps(self._along(sent)),
        )  # fmt: skip
        self._add(
            "execution_queue", WAITING, **queued, status=word(*["QUEUED"] * 19, "MISSED"),
            scheduled_time=ago("2 - n * 0.02"), **self._stamps("1"),
        )  # fmt: skip
        self._add(
            "audit_events", AUDITS,
            at=ago(self._along(AUDITS)), actor="'Nadia'", role="'approver'", action="'creative.approve'",
            entity="'creative'", entity_id=f"1 + n % {CREATIVES}", project_id=f"1 + n % {PROJECTS}",
        )  # fmt: skip
        row = f"(1 + (n - 1) * {sent} / {attempts})"
        post, tried_again = "n % 50 = 0", "n % 1000 = 7"
        mail = {
            "campaign_id": f"1 + {row} % {CAMPAIGNS}",
            "lead_id": f"1 + n % {leads}",
            "address_norm": "'lead' || n || '@example.com'",
            "queue_id": row,
        }
        days = f"CASE WHEN {tried_again} THEN {self._along(attempts)} * 1.0 * (87 + n % 3) / 90"
        self._add(
            "cam_outreach_attempts", attempts,
            **{name: f"CASE WHEN {post} THEN NULL ELSE {value} END" for name, value in mail.items()},
            content_item_id=f"1 + {row} % {CREATIVES}",
            channel=f"CASE WHEN {post} THEN {word('linkedin', 'twitter')} ELSE 'email' END",
            status=word(*["SENT"] * 15, "FAILED", "UNKNOWN", "PENDING", "SKIPPED"),
            mode=word(*["simulation"] * 9, "live"), external_id="'<' || n || '@mail.example.com>'",
            attempted_at=ago(f"{days} ELSE {self._along(attempts)} END"), **self._stamps(self._along(attempts)),
        )  # fmt: skip

    def _add(self, table: str, rows: int, **columns: str) -> None:
        series = (
            f"WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {rows})"
            if self._sqlite
            else f"WITH s AS (SELECT n FROM generate_series(1, {rows}::bigint) n)"
        )
        self._run(f"INSERT INTO {table} ({', '.join(columns)}) {series} SELECT {', '.join(columns.values())} FROM s")

    def _run(self, statement: str) -> None:
        self._connection.execute(sa.text(statement.replace(":", "\\:")))

    def _word(self, *words: str) -> str:
        cases = " ".join(f"WHEN {number} THEN '{word}'" for number, word in enumerate(words))
        return f"CASE (n * 7919) % {len(words)} {cases} END"

    def _along(self, rows: int) -> str:
        """How many days ago the n-th of so many rows was, when they come evenly."""
        return f"({DAYS} - {DAYS}.0 * n / {rows})"

    def _ago(self, days: str) -> str:
        """So many days ago, or up to a day before that."""
        if self._sqlite:
            second = f"CAST(-({days}) * 86400 - n * 31 % 86400 AS INTEGER)"
            return f"strftime('%Y-%m-%d %H:%M:%S.000000', {self._now.timestamp():.0f} + {second}, 'unixepoch')"
        second = f"(({days}) * 86400 + n * 31 % 86400)"
        return f"timestamptz '{self._now.isoformat(timespec='seconds')}' - {second} * interval '1 second'"

    def _stamps(self, days: str) -> dict[str, str]:
        return {"created_at": self._ago(days), "updated_at": self._ago(days)}
