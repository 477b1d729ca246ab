"""The rules that hold in every state of the database, and for every move from one to the next. Pure, but for reading.

Written down a second time on purpose, from the tables of states and not from the services that follow them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from workbench.enums import (
    ACTIVE_QUEUE,
    CREATIVE_TRANSITIONS,
    PROJECT_TRANSITIONS,
    QUEUE_TRANSITIONS,
    AttemptStatus,
    CreativeStatus,
    ProjectState,
    QueueStatus,
    StrategyStatus,
)
from workbench.models import Base
from workbench.services.rollup import Counts, roll_up

Row = Mapping[str, Any]
#: Table → id → row.
State = Mapping[str, Mapping[int, Row]]
Moves = frozenset[tuple[str, str]]

ITEMS, QUEUE, ATTEMPTS, AUDIT = "content_items", "execution_queue", "cam_outreach_attempts", "audit_events"
#: What is nobody's decision: signs of life, probes, the log of changes, unsaved texts.
NOT_DECIDED: Final = frozenset(
    {"change_log", "mirror_state", "worker_heartbeats", "gateway_checks", "probe_turns", "drafts"}
)

_C, _Q, _A, _S = CreativeStatus, QueueStatus, AttemptStatus, StrategyStatus
WAITING = (_Q.QUEUED, _Q.MISSED)


def read(engine: Engine) -> State:
    """Every decided table, whole."""
    with engine.connect() as connection:
        return {
            table.name: {row["id"]: dict(row) for row in connection.execute(sa.select(table).order_by("id")).mappings()}
            for table in Base.metadata.sorted_tables
            if table.name not in NOT_DECIDED and "id" in table.c
        }


# In every state


def faults(state: State) -> Iterator[str]:
    """Every rule that ``state`` breaks, in words."""
    yield from _creatives(state)
    yield from _attempts(state)
    yield from _projects(state)


def _creatives(state: State) -> Iterator[str]:
    active: dict[int, list[Row]] = defaultdict(list)
    for row in state[QUEUE].values():
        if row["status"] in ACTIVE_QUEUE:
            active[row["content_item_id"]].append(row)
    sent = {one["content_item_id"] for one in state[ATTEMPTS].values() if one["status"] == _A.SENT}
    for item in state[ITEMS].values():
        rows = active[item["id"]]
        name = f"creative {item['id']} ({item['status']})"
        if len(rows) > 1:
            yield f"{name} has {len(rows)} live queue rows"
        expected = {_C.SCHEDULED: WAITING, _C.PUBLISHING: (_Q.RUNNING,)}.get(item["status"])
        if expected and not (rows and rows[0]["status"] in expected):
            yield f"{name} has no queue row in {expected}: {rows}"
        # What failed of an e-mail that others got may be tried again: its creative stays PUBLISHED.
        retried = item["status"] == _C.PUBLISHED and item["platform"] == "email" and item["id"] in sent
        if rows and not expected and not retried:
            yield f"{name} has a live queue row: {rows[0]}"
        if rows and item["deleted_at"]:
            yield f"{name} is deleted, with a live queue row: {rows[0]}"
        for row in rows:
            version = state["content_versions"][row["content_version_id"]]
            if (version["content_item_id"], version["number"]) != (item["id"], item["version"]):
                yield f"{name} at version {item['version']} is queued as {version}"
            if any(version[field] != item[field] for field in ("title", "body_text", "caption")):
                yield f"{name} is queued with another text than it shows"
            if not _was_approved(state, item["id"], version["number"]):
                yield f"{name} is queued at version {version['number']}, which nobody approved"


def _was_approved(state: State, item_id: int, version: int) -> bool:
    return any(
        event["action"] == "creative.approve" and event["entity_id"] == item_id and event["after"]["version"] == version
        for event in state[AUDIT].values()
    )


def _attempts(state: State) -> Iterator[str]:
    of_row: dict[int, Counter[str]] = defaultdict(Counter)
    once: Counter[tuple[Any, ...]] = Counter()
    for attempt in state[ATTEMPTS].values():
        of_row[attempt["queue_id"]][attempt["status"]] += 1
        if attempt["status"] not in (_A.FAILED, _A.SKIPPED):
            once[attempt["content_item_id"], attempt["address_norm"], attempt["mode"]] += 1
    for who, number in once.items():
        if number > 1:
            yield f"(creative, address, mode) {who} has {number} attempts that went out, or may yet"
    for row in state[QUEUE].values():
        counts, name = of_row[row["id"]], f"queue row {row['id']} ({row['status']})"
        if counts[_A.SENDING] and row["status"] != _Q.RUNNING:
            yield f"{name} has attempts in SENDING"
        if counts[_A.PENDING] and row["status"] not in ACTIVE_QUEUE:
            yield f"{name} is over, with attempts in PENDING"
        if (
            row["status"] in (_Q.DONE, _Q.PARTIAL, _Q.FAILED, _Q.UNKNOWN)
            and roll_up(Counts.of(counts)) != row["status"]
        ):
            yield f"{name} does not say what its attempts say: {dict(counts)}"


def _projects(state: State) -> Iterator[str]:
    live = {state[ITEMS][row["content_item_id"]]["project_id"] for row in _live(state)}
    for project in state["projects"].values():
        name = f"project {project['id']} ({project['state']})"
        revisions = [one for one in state["strategies"].values() if one["project_id"] == project["id"]]
        in_force = [one["id"] for one in revisions if one["status"] == _S.APPROVED]
        if in_force != [one for one in [project["approved_strategy_id"]] if one]:
            yield f"{name} has {project['approved_strategy_id']} in force, and {in_force} are APPROVED"
        if project["strategy_id"] != max(revisions, key=lambda one: one["number"])["id"]:
            yield f"{name} does not point at its newest strategy"
        if project["state"] == ProjectState.DONE and project["id"] in live:
            yield f"{name} has something on the queue"


def _live(state: State) -> list[Row]:
    return [row for row in state[QUEUE].values() if row["status"] in ACTIVE_QUEUE]


# From one state to the next


def _pairs(*moves: tuple[str, str]) -> Moves:
    return frozenset(moves)


_BY_WORKER = {
    ITEMS: {pair for pair in CREATIVE_TRANSITIONS if _C.PUBLISHING in pair},
    QUEUE: {pair for pair in QUEUE_TRANSITIONS if _Q.RUNNING in pair},
}
#: A worker marks what is overdue, and takes off the queue what was simulated once the installation is live.
WORKER_MOVES: Final[Mapping[str, Moves]] = {
    "projects": frozenset(),
    "strategies": frozenset(),
    ITEMS: frozenset(_BY_WORKER[ITEMS] | {(_C.SCHEDULED, _C.APPROVED)}),
    QUEUE: frozenset(_BY_WORKER[QUEUE] | {(_Q.QUEUED, _Q.MISSED), (_Q.QUEUED, _Q.CANCELLED)}),
    ATTEMPTS: _pairs(
        (_A.PENDING, _A.SENDING), (_A.PENDING, _A.SKIPPED), (_A.PENDING, _A.FAILED),
        (_A.SENDING, _A.SENT), (_A.SENDING, _A.FAILED), (_A.SENDING, _A.UNKNOWN),
        (_A.SENDING, _A.PENDING), (_A.SENDING, _A.SKIPPED), (_A.FAILED, _A.PENDING),
    ),
}  # fmt: skip
OPERATOR_MOVES: Final[Mapping[str, Moves]] = {
    "projects": frozenset(PROJECT_TRANSITIONS),
    "strategies": _pairs(
        (_S.DRAFT, _S.APPROVED), (_S.DRAFT, _S.REJECTED), (_S.DRAFT, _S.SUPERSEDED), (_S.REJECTED, _S.APPROVED),
        (_S.REJECTED, _S.SUPERSEDED), (_S.APPROVED, _S.REJECTED), (_S.APPROVED, _S.SUPERSEDED),
    ),
    # Who retries a creative approves it again, on its way to the queue.
    ITEMS: frozenset(CREATIVE_TRANSITIONS.keys() - _BY_WORKER[ITEMS] | {(_C.FAILED, _C.SCHEDULED)}),
    QUEUE: frozenset(QUEUE_TRANSITIONS.keys() - _BY_WORKER[QUEUE]),
    ATTEMPTS: _pairs(
        (_A.PENDING, _A.SKIPPED), (_A.FAILED, _A.PENDING), (_A.UNKNOWN, _A.SENT), (_A.UNKNOWN, _A.FAILED)
    ),
}  # fmt: skip
#: What appears, and in which state, by a person's hand; by a worker's only attempts do.
_BORN: Final = {ITEMS: _C.DRAFT, QUEUE: _Q.QUEUED, "strategies": _S.DRAFT}
_STATE: Final = {"projects": "state"}


def changed(before: State, after: State, table: str) -> dict[int, tuple[Row | None, Row | None]]:
    """The rows of ``table`` that differ, each as it was and as it is."""
    old, new = before[table], after[table]
    return {
        one: (old.get(one), new.get(one)) for one in sorted(old.keys() | new.keys()) if old.get(one) != new.get(one)
    }


def wrong_moves(before: State, after: State, *, worker: bool) -> Iterator[str]:
    """Every change of a state that a worker's turn, or one operation of a person, may not make."""
    for table, allowed in (WORKER_MOVES if worker else OPERATOR_MOVES).items():
        column = _STATE.get(table, "status")
        for one, (old, new) in changed(before, after, table).items():
            name = f"{table} {one}"
            if old is None:
                assert new is not None
                if (table == ATTEMPTS) is not worker or new[column] != _BORN.get(table, new[column]):
                    yield f"{name} appeared as {new[column]}"
            elif new is None:
                if table != ATTEMPTS or not worker or old[column] != _A.SKIPPED:
                    yield f"{name} ({old[column]}) is gone"
            elif not _allowed(old[column], new[column], allowed, many=worker):
                yield f"{name} went from {old[column]} to {new[column]}"
    yield from _rewritten(before, after)


def lost(before: State, after: State, actors: Collection[str]) -> Iterator[str]:
    """What not even many operations at once may do: unsay what was sent, rewrite what is kept, act as a stranger."""
    yield from _rewritten(before, after)
    for one, (old, new) in changed(before, after, ATTEMPTS).items():
        if old is not None and old["status"] == _A.SENT and (new is None or new["status"] != _A.SENT):
            yield f"attempt {one} was SENT, and is {new}"
    for one, (_, event) in changed(before, after, AUDIT).items():
        if event is not None and event["actor"] not in actors:
            yield f"event {one} is by {event['actor']}"


def _rewritten(before: State, after: State) -> Iterator[str]:
    for table in ("content_versions", AUDIT):
        for one, (old, _) in changed(before, after, table).items():
            if old is not None:
                yield f"{table} {one} was changed, and is never"


def _allowed(old: str, new: str, moves: Moves, *, many: bool) -> bool:
    """Whether one of ``moves``, or with ``many`` some of them one after the other, leads from old to new."""
    reached, edge = {old}, {old}
    while edge and many:
        edge = {to for start, to in moves if start in edge} - reached
        reached |= edge
    return new in reached or (old, new) in moves


# Who did it


def unrecorded(before: State, after: State, actor: str, role: str) -> Iterator[str]:
    """Changes of which the audit log does not say that it was ``actor``."""
    events = [after[AUDIT][one] for one in changed(before, after, AUDIT)]
    for event in events:
        if (event["actor"], event["role"]) != (actor, role):
            yield f"{event['action']} is recorded for {event['actor']} ({event['role']}), and {actor} did it"
    named = {(event["entity"], event["entity_id"]) for event in events}
    of_project = {(event["entity"], event["project_id"]) for event in events}
    rows_of = defaultdict(set)
    for row in after[QUEUE].values():
        rows_of[row["content_item_id"]].add(("queue", row["id"]))
    about: Mapping[str, Any] = {
        ITEMS: lambda row: {("creative", row["id"])} | rows_of[row["id"]] | _attempts_of(after, row["id"]),
        QUEUE: lambda row: (
            {("queue", row["id"]), ("creative", row["content_item_id"])} | _attempts_of(after, row["content_item_id"])
        ),
        "cam_leads": lambda row: {("lead", row["id"])},
        "suppressions": lambda row: {("suppression", row["id"])},
        "cam_safety_settings": lambda row: {("safety", row["id"])},
        "gateway_settings": lambda row: {("gateway", row["id"])},
    }
    for table, entities in about.items():
        for one, (old, new) in changed(before, after, table).items():
            # Lifting a pause spreads what waited, which its own event counts.
            spread = table == QUEUE and old and new and old["status"] == new["status"]
            if not named & entities(new or old) and not (
                spread and any(e["action"].endswith(".resume") for e in events)
            ):
                yield f"nobody recorded the change of {table} {one}: {old} → {new}"
    for one, (old, new) in changed(before, after, "projects").items():
        if not {("project", one), ("strategy", one)} & of_project:
            yield f"nobody recorded the change of project {one}: {old} → {new}"
    for old, new in changed(before, after, "strategies").values():
        if ("strategy", (new or old or {})["project_id"]) not in of_project:
            yield f"nobody recorded the change of a strategy: {old} → {new}"


def _attempts_of(state: State, item_id: int) -> set[tuple[str, int]]:
    return {("attempt", one["id"]) for one in state[ATTEMPTS].values() if one["content_item_id"] == item_id}
