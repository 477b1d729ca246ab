"""A database of a given number of attempts, made by the database itself: 500 projects, 1,000 campaigns, a lead for
every ten attempts, 90 days."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from workbench.clock import now
from workbench.triggers import install_triggers, remove_triggers

PROJECTS = 500
CAMPAIGNS = 1_000
CREATIVES = 5_000
DAYS = 90


def fill(engine: Engine, attempts: int) -> None:
    """Fill the empty database behind ``engine``, without logging it row by row."""
    with engine.connect().execution_options(sqlite_begin="IMMEDIATE") as connection, connection.begin():
        remove_triggers(connection)
        _Filling(connection).all(attempts)
        install_triggers(connection)
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
    else:
        with engine.connect() as connection:
            connection.exec_driver_sql("ANALYZE")
            connection.commit()


class _Filling:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sqlite = connection.dialect.name == "sqlite"
        self._now = now()

    def all(self, attempts: int) -> None:
        leads = max(attempts // 10, 10)
        often, word = self._moment, self._word
        self._add("projects", PROJECTS, name="'Project ' || n", state="'EXECUTION'", **self._stamps("1"))
        self._add(
            "strategies",
            PROJECTS,
            project_id="n",
            number="1",
            text="'Plan'",
            status="'APPROVED'",
            created_at=often("1"),
        )
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
            "cam_leads", leads,
            campaign_id=f"1 + n % {CAMPAIGNS}", name="'Lead ' || n", email="'lead' || n || '@example.com'",
            email_norm="'lead' || n || '@example.com'", company="'Company ' || n % 999", source=word("csv", "apollo"),
            status=word("NEW", "CONTACTED", "REPLIED", "LOST", "CONTACTED"), stage="''", consent_status="'UNKNOWN'",
            **self._stamps(f"n % {DAYS}"),
        )  # fmt: skip
        self._add(
            "cam_contact_events", leads // 10,
            lead_id="n * 7", channel="'email'", direction="'INBOUND'", event_type="'reply'", event_at=often("n % 60"),
        )  # fmt: skip
        self._add(
            "cam_outreach_attempts", attempts,
            campaign_id=f"1 + n % {CAMPAIGNS}", lead_id=f"1 + n % {leads}", content_item_id=f"1 + n % {CREATIVES}",
            address_norm="'lead' || n || '@example.com'", channel=word("email", "email", "linkedin", "twitter"),
            status=word(*["SENT"] * 15, "FAILED", "UNKNOWN", "PENDING", "SKIPPED"),
            mode=word(*["simulation"] * 9, "live"), external_id="'<' || n || '@mail.example.com>'",
            attempted_at=often(f"n % {DAYS}"), **self._stamps(f"n % {DAYS}"),
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

    def _moment(self, days: str) -> str:
        """So many days ago, at any second of the day."""
        if self._sqlite:
            base = f"'{self._now - timedelta(days=1):%Y-%m-%d %H:%M:%S}'"
            moved = f"'-' || ({days}) || ' days', (n * 31 % 86400) || ' seconds'"
            return f"strftime('%Y-%m-%d %H:%M:%S.000000', {base}, {moved})"
        base = (self._now - timedelta(days=1)).isoformat()
        return f"timestamptz '{base}' - ({days}) * interval '1 day' + (n * 31 % 86400) * interval '1 second'"

    def _stamps(self, days: str) -> dict[str, str]:
        return {"created_at": self._moment(days), "updated_at": self._moment(days)}
