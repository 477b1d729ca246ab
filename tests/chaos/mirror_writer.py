"""A process that writes to the database in every way that is not the workbench's: raw SQL through the driver alone.

``python -m tests.chaos.mirror_writer URL SEED`` goes on until its input ends.
"""

from __future__ import annotations

import contextlib
import json
import random
import sqlite3
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

#: Times lie around this moment, within and beyond the windows of the views.
AROUND = datetime(2026, 11, 19, 10, 0, tzinfo=UTC)
STATUSES = ("PENDING", "SENDING", "SENT", "SENT", "FAILED", "SKIPPED", "UNKNOWN", "Ended otherwise")
LEAD_STATUSES = ("NEW", "CONTACTED", "REPLIED", "QUALIFIED", "LOST", "de l'année")
#: What another writer's lock or key may answer; the transaction is then over.
LOST = (sqlite3.IntegrityError, sqlite3.OperationalError, psycopg.OperationalError, psycopg.errors.IntegrityError)


class Database:
    """A connection of the bare driver; the statements of this module are written for SQLite."""

    def __init__(self, url: str, dice: random.Random) -> None:
        self.dice = dice
        self.sqlite = url.startswith("sqlite")
        if self.sqlite:
            self.driver: Any = sqlite3.connect(url.removeprefix("sqlite:///"), timeout=20, isolation_level=None)
            self.driver.execute("PRAGMA foreign_keys = ON")
        else:
            self.driver = psycopg.connect(url.replace("+psycopg", ""), autocommit=True)

    def run(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        cursor = self.driver.execute(statement if self.sqlite else statement.replace("?", "%s"), values)
        return list(cursor.fetchall()) if cursor.description else []

    @contextmanager
    def transaction(self, *, commits: bool = True) -> Iterator[None]:
        self.run("BEGIN IMMEDIATE" if self.sqlite else "BEGIN")
        try:
            yield
            self.run("COMMIT" if commits else "ROLLBACK")
        except BaseException:
            with contextlib.suppress(*LOST):
                self.run("ROLLBACK")
            raise

    def moment(self) -> str:
        at = AROUND - timedelta(hours=self.dice.uniform(-2, 24 * 20))
        return f"{at:%Y-%m-%d %H:%M:%S.%f}" + ("" if self.sqlite else "+00")

    def some(self, table: str, most: int = 3) -> list[int]:
        """Ids of rows that are there, from a random place on."""
        highest = self.run(f"SELECT coalesce(max(id), 0) FROM {table}")[0][0]
        start = self.dice.randint(0, highest)
        rows = self.run(f"SELECT id FROM {table} WHERE id >= ? ORDER BY id LIMIT {self.dice.randint(1, most)}", start)
        return [row[0] for row in rows]


def add_leads(db: Database) -> None:
    for campaign in db.some("cam_campaigns"):
        for _ in range(db.dice.randint(1, 8)):
            db.run(
                "INSERT INTO cam_leads (campaign_id, name, email_norm, source, status, stage, consent_status,"
                " created_at, updated_at) VALUES (?, 'Lea', ?, 'csv', ?, '', 'UNKNOWN', ?, ?)",
                *(campaign, f"{db.dice.randrange(500)}@example.com", db.dice.choice(LEAD_STATUSES)),
                *(db.moment(), db.moment()),
            )


def add_attempts(db: Database) -> None:
    for campaign in db.some("cam_campaigns"):
        for _ in range(db.dice.randint(1, 30)):
            db.run(
                "INSERT INTO cam_outreach_attempts (campaign_id, channel, status, mode, attempted_at, created_at,"
                " updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                *(campaign, db.dice.choice(("email", "linkedin", "twitter", "fax"))),
                *(db.dice.choice(STATUSES), db.dice.choice(("simulation", "live"))),
                *(db.moment(), db.moment(), db.moment()),
            )


def add_contacts(db: Database) -> None:
    for lead in db.some("cam_leads"):
        db.run(
            "INSERT INTO cam_contact_events (lead_id, channel, direction, event_type, event_at) VALUES (?, 'email', ?,"
            " ?, ?)",
            *(lead, db.dice.choice(("INBOUND", "OUTBOUND")), db.dice.choice(("reply", "unsubscribe")), db.moment()),
        )


def change_attempts(db: Database) -> None:
    low = db.some("cam_outreach_attempts", 1)
    if low:
        db.run(
            "UPDATE cam_outreach_attempts SET status = ?, attempted_at = ? WHERE id BETWEEN ? AND ?",
            *(db.dice.choice(STATUSES), db.moment(), low[0], low[0] + db.dice.randint(0, 40)),
        )


def change_one_row(db: Database) -> None:
    paused = db.dice.choice(("true", "false"))
    db.run(f"UPDATE projects SET paused = {paused}, name = name || '' WHERE id = ?", *db.some("projects", 1)[:1] or [0])
    db.run("UPDATE cam_safety_settings SET mode = ?", db.dice.choice(("simulation", "live")))


def upsert(db: Database) -> None:
    db.run(
        "INSERT INTO suppressions (address_norm, reason, source, created_at) VALUES (?, 'bounce', ?, ?)"
        " ON CONFLICT (address_norm) DO UPDATE SET source = excluded.source",
        *(f"{db.dice.randrange(60)}@example.com", str(db.dice.random()), db.moment()),
    )


def replace(db: Database) -> None:
    """On SQLite a row in the way is deleted without a word; on PostgreSQL an upsert is all there is."""
    if not db.sqlite:
        return upsert(db)
    address = f"{db.dice.randrange(60)}@example.com"
    db.run(
        "INSERT OR REPLACE INTO suppressions (address_norm, reason, source, created_at) VALUES (?, 'operator', '', ?)",
        *(address, db.moment()),
    )
    for lead in db.some("cam_leads", 2):
        # The lead in the way goes, and with it, by cascade, what was written to it.
        db.run("UPDATE OR REPLACE cam_leads SET email_norm = ? WHERE id = ?", f"{db.dice.randrange(500)}@x", lead)
    return None


def delete(db: Database) -> None:
    table = db.dice.choice(("cam_outreach_attempts", "cam_contact_events", "suppressions", "cam_discovery_jobs"))
    for row in db.some(table, 6):
        db.run(f"DELETE FROM {table} WHERE id = ?", row)


def cascade(db: Database) -> None:
    """A lead with its events; now and then a campaign with its leads, their events and their attempts."""
    for lead in db.some("cam_leads", 2):
        db.run("DELETE FROM cam_leads WHERE id = ?", lead)
    campaigns = db.some("cam_campaigns", 1)
    if campaigns and db.dice.random() < 0.3 and db.run("SELECT count(*) FROM cam_campaigns")[0][0] > 3:
        db.run("DELETE FROM cam_campaigns WHERE id = ?", campaigns[0])
    project = db.some("projects", 1)
    if project:
        db.run(
            "INSERT INTO cam_campaigns (project_id, name, active, created_at, updated_at) VALUES (?, ?, true, ?, ?)",
            *(project[0], str(db.dice.random()), db.moment(), db.moment()),
        )


def change_keys(db: Database) -> None:
    table = db.dice.choice(("cam_contact_events", "suppressions", "cam_outreach_attempts"))
    for row in db.some(table, 2):
        db.run(f"UPDATE {table} SET id = ? WHERE id = ?", row + db.dice.randint(1, 9), row)


def search(db: Database) -> None:
    db.run(
        "INSERT INTO cam_discovery_jobs (campaign_id, name, status, created_at, completed_at)"
        " VALUES (?, 's', 'DONE', ?, ?)",
        *((db.some("cam_campaigns", 1) or [None])[0], db.moment(), db.moment()),
    )


def probe(db: Database) -> None:
    """A table that no trigger logs."""
    db.run(
        "INSERT INTO gateway_checks (gateway, account, at, state, detail, fresh_until)"
        " VALUES (?, 'one', ?, 'down', '', ?)",
        *(db.dice.choice(("x", "email")), db.moment(), db.moment()),
    )


def copy(db: Database) -> None:
    if db.sqlite:
        return add_contacts(db)
    leads = db.some("cam_leads", 5)
    with (
        db.driver.cursor() as cursor,
        cursor.copy("COPY cam_contact_events (lead_id, channel, direction, event_type, event_at) FROM STDIN") as rows,
    ):
        for lead in leads:
            rows.write_row((lead, "email", "INBOUND", "note", db.moment()))
    return None


def truncate(db: Database) -> None:
    table = db.dice.choice(("cam_contact_events", "suppressions", "cam_outreach_attempts", "cam_discovery_jobs"))
    db.run(f"DELETE FROM {table}" if db.sqlite else f"TRUNCATE {table}")


USUAL: list[Callable[[Database], None]] = [
    *(add_leads, add_attempts, add_attempts, add_contacts, change_attempts, change_one_row, upsert, replace),
    *(delete, cascade, change_keys, search, probe, copy),
]


def write(db: Database) -> str:
    """One transaction of a random sort; its name."""
    chance = db.dice.random()
    if chance < 0.02:
        with db.transaction():
            truncate(db)
        return "truncate"
    if chance < 0.55:
        kind = db.dice.choice(USUAL)
        with db.transaction():
            kind(db)
        return kind.__name__
    if chance < 0.65:
        with db.transaction(commits=False):
            db.dice.choice(USUAL)(db)
        return "rollback"
    if chance < 0.85:
        with db.transaction():
            db.dice.choice(USUAL)(db)
            db.run("SAVEPOINT half")
            db.dice.choice(USUAL)(db)
            db.run(db.dice.choice(("ROLLBACK TO SAVEPOINT half", "RELEASE SAVEPOINT half")))
            db.dice.choice(USUAL)(db)
        return "savepoint"
    with db.transaction():  # begins early and commits late
        db.dice.choice(USUAL)(db)
        time.sleep(db.dice.uniform(0.02, 0.1 if db.sqlite else 0.6))
        db.dice.choice(USUAL)(db)
    return "late"


def main() -> None:
    url, seed = sys.argv[1], int(sys.argv[2])
    db = Database(url, random.Random(seed))
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    done: Counter[str] = Counter()
    while not ended.is_set():
        try:
            done[write(db)] += 1
        except LOST:
            done["lost"] += 1
        time.sleep(db.dice.uniform(0, 0.02))
    sys.stdout.write(json.dumps(done))


if __name__ == "__main__":
    main()
