"""What an operator may do, on what they saw when they last looked: which may be long ago."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from sqlalchemy.orm import Session

from tests.chaos.operators_state import ATTEMPTS, ITEMS, QUEUE, State
from workbench import operator_services as contract
from workbench.enums import Consent, Platform, ProjectState

#: Chooses one of several: hypothesis, or a random number.
Pick = Callable[[Sequence[Any]], Any]

TEXTS: Final = ("We ship on Fridays.", "Hello {{first_name|there}}", "Hello {{company}}", "")
OVERDUE: Final = (
    None,
    {"action": "send", "spacing_minutes": 0},
    {"action": "send", "spacing_minutes": 30},
    {"action": "reschedule"},
    {"action": "skip"},
)
SCHEDULES: Final = (
    None,
    {"spacing_minutes": 0},
    {"slots": ["09:00", "15:00"], "daily_cap": 1},
    {"timezone": "America/New_York", "spacing_minutes": 7},
    {"start": "2026-11-19T11:00", "timezone": "UTC"},
    {"start": "2026-11-26T11:00"},
)


class Item(NamedTuple):
    project: int
    id: int
    version: int
    #: DELETED, or the creative's own.
    status: str


@dataclass
class Desk:
    """What one operator has on the screen: ids, versions and numbers, as they were at the last look."""

    items: list[Item] = field(default_factory=list)
    #: queue row → its state
    rows: dict[int, str] = field(default_factory=dict)
    unknown: list[int] = field(default_factory=list)
    leads: list[int] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    #: project → the newest revision's number
    newest: dict[int, int] = field(default_factory=dict)
    #: Projects in which nothing is in force.
    undecided: list[int] = field(default_factory=list)
    suppressed: list[str] = field(default_factory=list)
    #: (system, project or gateway; which one)
    paused: list[tuple[str, Any]] = field(default_factory=list)
    #: Of anybody's bulk decisions.
    batches: list[str] = field(default_factory=list)

    def look(self, state: State) -> None:
        self.items = [
            Item(one["project_id"], one["id"], one["version"], "DELETED" if one["deleted_at"] else one["status"])
            for one in state[ITEMS].values()
        ]
        self.rows = {one: row["status"] for one, row in state[QUEUE].items()}
        self.unknown = [one["id"] for one in state[ATTEMPTS].values() if one["status"] == "UNKNOWN"]
        self.leads = list(state["cam_leads"])
        self.addresses = sorted({one["email_norm"] for one in state["cam_leads"].values()})
        revisions = sorted(state["strategies"].values(), key=lambda one: one["number"])
        self.newest = {one["project_id"]: one["number"] for one in revisions}
        self.undecided = [one["id"] for one in state["projects"].values() if not one["approved_strategy_id"]]
        self.suppressed = [one["address_norm"] for one in state["suppressions"].values()]
        self.paused = [("project", one["id"]) for one in state["projects"].values() if one["paused"]]
        self.paused += [("gateway", one["gateway"]) for one in state["gateway_settings"].values() if one["paused"]]
        self.paused += [("system", None) for one in state["cam_safety_settings"].values() if one["system_paused"]]


Action = Callable[[Session, Desk, Pick], Any]


def _some(pick: Pick, options: Sequence[Any]) -> list[Any]:
    """One of them, or all, or every other one."""
    return {"one": lambda: [pick(options)], "all": lambda: list(options), "half": lambda: list(options[::2])}[
        pick(("one", "all", "half"))
    ]()


def _mostly(pick: Pick, likely: Sequence[Any], others: Sequence[Any]) -> Any:
    """One of the likely, if there are any; now and then any of the others."""
    return pick(likely if likely and pick(range(6)) else others)


def _item(desk: Desk, pick: Pick, *states: str) -> Item:
    item: Item = _mostly(pick, [one for one in desk.items if one.status in states], desk.items)
    return item


def _row(desk: Desk, pick: Pick, *states: str) -> int:
    row: int = _mostly(pick, [one for one, status in desk.rows.items() if status in states], list(desk.rows))
    return row


def _items(desk: Desk, pick: Pick, *states: str) -> tuple[int, list[Item]]:
    """Several of one project."""
    first = _item(desk, pick, *states)
    return first.project, _some(pick, [one for one in desk.items if one.project == first.project])


def create(db: Session, desk: Desk, pick: Pick) -> Any:
    return contract.create_creative(
        db, pick(list(desk.newest)), pick(list(Platform)).value, title="News", body_text=pick(TEXTS)
    )


def update(db: Session, desk: Desk, pick: Pick) -> Any:
    item = pick(desk.items)
    changes = {"body_text": pick(TEXTS), "version": pick((item.version, None))}
    return contract.update_creative(db, item.project, item.id, changes)


def regenerate(db: Session, desk: Desk, pick: Pick) -> Any:
    item = pick(desk.items)
    return contract.regenerate_creative(db, item.project, item.id)


def restore_version(db: Session, desk: Desk, pick: Pick) -> Any:
    item = pick(desk.items)
    return contract.restore_creative_version(db, item.project, item.id, pick((1, item.version)))


def delete(db: Session, desk: Desk, pick: Pick) -> Any:
    item = pick(desk.items)
    return contract.delete_creative(db, item.project, item.id)


def restore(db: Session, desk: Desk, pick: Pick) -> Any:
    item = _item(desk, pick, "DELETED")
    return contract.restore_creative(db, item.project, item.id)


def approve(db: Session, desk: Desk, pick: Pick) -> Any:
    project, items = _items(desk, pick, "DRAFT")
    versions = {one.id: one.version for one in items}
    return contract.bulk_approve_creatives(db, project, list(versions), versions=pick((versions, None)))


def confirm(db: Session, desk: Desk, pick: Pick) -> Any:
    project, items = _items(desk, pick, "APPROVED", "SCHEDULED")
    return contract.confirm_creatives(db, project, [one.id for one in items])


def schedule(db: Session, desk: Desk, pick: Pick) -> Any:
    project, items = _items(desk, pick, "APPROVED")
    return contract.bulk_schedule_creatives(db, project, [one.id for one in items], pick(SCHEDULES))


def reschedule(db: Session, desk: Desk, pick: Pick) -> Any:
    at = pick(("2026-11-19T12:30", "2026-11-20T09:00", "2026-11-27T09:00", "2026-03-29T02:30"))
    row = _row(desk, pick, "QUEUED", "MISSED")
    return contract.reschedule(db, row, at, pick((None, "Europe/Berlin")), "Another time suits better")


def cancel(db: Session, desk: Desk, pick: Pick) -> Any:
    return contract.cancel_scheduled(db, _some(pick, list(desk.rows)), "Not now")


def retry(db: Session, desk: Desk, pick: Pick) -> Any:
    return contract.retry_failed(db, _row(desk, pick, "FAILED", "PARTIAL"), "It may work now")


def reconcile(db: Session, desk: Desk, pick: Pick) -> Any:
    return contract.reconcile_unknown(db, pick(desk.unknown), pick(("sent", "not_sent")), "Looked there")


def undo(db: Session, desk: Desk, pick: Pick) -> Any:
    return contract.undo_batch(db, pick(desk.batches[-4:]))


def save_strategy(db: Session, desk: Desk, pick: Pick) -> Any:
    project = pick(list(desk.newest))
    return contract.save_strategy(db, project, "# Another way", desk.newest[project])


def approve_strategy(db: Session, desk: Desk, pick: Pick) -> Any:
    project = _mostly(pick, desk.undecided, list(desk.newest))
    return contract.approve_strategy(db, project, number=pick((desk.newest[project], None)))


def reject_strategy(db: Session, desk: Desk, pick: Pick) -> Any:
    project = pick(list(desk.newest))
    return contract.reject_strategy(db, project, "Too vague", number=pick((desk.newest[project], 1, None)))


def move_project(db: Session, desk: Desk, pick: Pick) -> Any:
    return contract.move_project(db, pick(list(desk.newest)), pick((ProjectState.DONE, ProjectState.EXECUTION)).value)


def pause(db: Session, desk: Desk, pick: Pick) -> Any:
    return _switch(db, *_scope(desk, pick), True)


def resume(db: Session, desk: Desk, pick: Pick) -> Any:
    choice = pick(OVERDUE)
    if choice and desk.rows:
        choice = {**choice, "items": pick(({}, {pick(list(desk.rows)): "skip"}))}
    scope, key = pick(desk.paused) if desk.paused else _scope(desk, pick)
    return _switch(db, scope, key, False, overdue=choice)


def _scope(desk: Desk, pick: Pick) -> tuple[str, Any]:
    scope: tuple[str, Any] = pick([("system", None), ("gateway", "email"), *(("project", one) for one in desk.newest)])
    return scope


def _switch(db: Session, scope: str, key: Any, flag: bool, **overdue: Any) -> Any:
    if scope == "system":
        return contract.set_system_pause(db, flag, "A look first", **overdue)
    switch = contract.set_project_pause if scope == "project" else contract.set_gateway_pause
    return switch(db, key, flag, "A look first", **overdue)


def set_mode(db: Session, desk: Desk, pick: Pick) -> Any:
    return contract.set_mode(db, pick(("live", "simulation")))


def consent(db: Session, desk: Desk, pick: Pick) -> Any:
    return contract.set_consent(db, [pick(desk.leads)], pick(list(Consent)).value, "Asked for it")


def suppress(db: Session, desk: Desk, pick: Pick) -> Any:
    return contract.suppress_address(db, pick(desk.addresses), "complaint")


def lift(db: Session, desk: Desk, pick: Pick) -> Any:
    return contract.lift_suppression(db, _mostly(pick, desk.suppressed, desk.addresses), "Asked for it")


CREATIVES: Final[Sequence[Action]] = (
    create, update, regenerate, restore_version, delete, restore, approve, confirm
)  # fmt: skip
QUEUED: Final[Sequence[Action]] = (approve, schedule, reschedule, cancel, retry, reconcile, undo)
DECISIONS: Final[Sequence[Action]] = (
    save_strategy, approve_strategy, approve_strategy, reject_strategy, move_project,
    pause, resume, resume, set_mode, consent, suppress, lift, lift,
)  # fmt: skip
#: Each of these can be taken back, and then all is as it was.
REVOCABLE: Final[Sequence[Action]] = (approve, confirm, schedule, cancel, consent)

_NEEDS: Final = {reschedule: "rows", cancel: "rows", retry: "rows", reconcile: "unknown", undo: "batches"}


def possible(action: Action, desk: Desk) -> bool:
    """Whether the operator sees anything to do it to."""
    return bool(getattr(desk, _NEEDS[action])) if action in _NEEDS else True
