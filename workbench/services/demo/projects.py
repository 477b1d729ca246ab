"""How each demo project came to where it is: its brief, its strategies, their decisions, its states."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from workbench.enums import ProjectState, StrategyStatus
from workbench.models import Intake, Project, Strategy
from workbench.services.demo.telling import JONAS, MARA, PRIYA, Telling
from workbench.services.demo.writing import brief, strategy


@dataclass(frozen=True)
class Decision:
    """What became of a revision: the day it was written, and the day and reason of the decision on it, if any."""

    written: int
    decided: int | None = None
    status: StrategyStatus = StrategyStatus.DRAFT
    reason: str | None = None


_A, _R = StrategyStatus.APPROVED, StrategyStatus.REJECTED
_USUAL: Final = (
    Decision(-103),
    Decision(-102, -101, _R, "The audience is too broad. Name the niche we start with, and what proves each message."),
    Decision(-99, -98, _A),
)
#: Client → the day it began and its revisions. Days are counted from the day of ``as_of``.
_HISTORIES: Final[dict[str, tuple[int, tuple[Decision, ...]]]] = {
    "Northwind Coffee": (-104, (*_USUAL, Decision(-1))),
    "Kite Robotics": (-104, (*_USUAL, Decision(-8, -6, _A))),
    "Atlas Legal": (-20, (Decision(-18), Decision(-12, -9, _A))),
    "Mira Skincare": (
        -104,
        (
            *_USUAL[:2],
            Decision(-99, -98, _A),
            Decision(-2),
        ),
    ),
    "Fjord Outdoor": (-5, ()),
}
_OTHERS: Final = (-104, _USUAL)
#: Mira's strategy in force was rejected on this day, and everything waits for the next one.
MIRA_REJECTED: Final = -15
CEDAR_DONE: Final = -25


def begin(telling: Telling, name: str) -> None:
    """The project with its briefs and strategies. Its state is the last it entered."""
    start, decisions = _HISTORIES.get(telling.client.name, _OTHERS)
    created = telling.at(start, 9, 12)
    client, rows = telling.client, telling.rows
    telling.project_id = rows.add(
        Project,
        client=client.name,
        name=name,
        state=client.state.value,
        intake_id=None,
        strategy_id=None,
        approved_strategy_id=None,
        timezone=client.timezone,
        paused=False,
        drafted_at=None,
        version=1,
        created_at=created,
        updated_at=created,
    )
    after = {"client": client.name, "name": name, "state": "INTAKE", "timezone": client.timezone}
    telling.audit(created, MARA, "project.create", "project", telling.project_id, after=after)
    _intake(telling, 1, created + timedelta(minutes=1), with_budget=not decisions)
    if not decisions:
        return
    for number, decision in enumerate(decisions, start=1):
        _revision(telling, number, decision)
        if number == 1:
            _move(telling, telling.at(decision.written, 11, 1), ProjectState.INTAKE, ProjectState.STRATEGY)
            _intake(telling, 2, telling.at(decision.written, 14), with_budget=True)
    if client.name == "Mira Skincare":
        _reject_in_force(telling)


def enter_execution(telling: Telling, at: datetime) -> None:
    """The first creative was scheduled."""
    _move(telling, at, ProjectState.CREATIVE, ProjectState.EXECUTION)


def finish(telling: Telling) -> None:
    """The project is over and nothing is queued."""
    _move(telling, telling.at(CEDAR_DONE, 16), ProjectState.EXECUTION, ProjectState.DONE, "All weekdays are booked.")


def _intake(telling: Telling, number: int, at: datetime, *, with_budget: bool) -> None:
    answers = brief(telling.client)
    if not with_budget:
        answers["budget"] = ""
    id_ = telling.rows.add(
        Intake, project_id=telling.project_id, number=number, **answers, author=MARA.name, created_at=at
    )
    telling.rows.get(Project, telling.project_id)["intake_id"] = id_
    changed = [field for field, answer in answers.items() if answer] if number == 1 else ["budget"]
    telling.audit(
        at,
        MARA,
        "intake.save",
        "intake",
        id_,
        before={"number": number - 1},
        after={"number": number, "changed": changed},
    )


def _revision(telling: Telling, number: int, decision: Decision) -> None:
    rows, at = telling.rows, telling.at(decision.written, 11)
    text = strategy(telling.client, number)
    id_ = rows.add(
        Strategy,
        project_id=telling.project_id,
        number=number,
        text=text,
        status=decision.status.value,
        rejection_reason=decision.reason,
        author=MARA.name if number == 1 else PRIYA.name,
        decided_by=None,
        decided_at=None,
        created_at=at,
    )
    telling.strategies[number] = id_
    project = rows.get(Project, telling.project_id)
    project["strategy_id"] = id_
    telling.audit(
        at,
        MARA if number == 1 else PRIYA,
        "strategy.draft" if number == 1 else "strategy.save",
        "strategy",
        id_,
        before={"number": number - 1},
        after={"number": number, "status": "DRAFT", "characters": len(text)},
    )
    if decision.decided is not None:
        _decide(telling, number, decision, telling.at(decision.decided, 15, 20))


def _decide(telling: Telling, number: int, decision: Decision, at: datetime) -> None:
    rows, id_ = telling.rows, telling.strategies[number]
    approved = decision.status is StrategyStatus.APPROVED
    rows.get(Strategy, id_).update(decided_by=JONAS.name, decided_at=at)
    telling.audit(
        at,
        JONAS,
        "strategy.approve" if approved else "strategy.reject",
        "strategy",
        id_,
        reason=decision.reason,
        before={"number": number, "status": "DRAFT", "in_force": False},
        after={"number": number, "status": decision.status.value, "in_force": approved},
    )
    if not approved:
        return
    for older in range(1, number):
        rows.get(Strategy, telling.strategies[older])["status"] = StrategyStatus.SUPERSEDED.value
    rows.get(Project, telling.project_id)["approved_strategy_id"] = id_
    if not telling.in_force:
        reason = f"Strategy {number} was approved."
        _move(telling, at, ProjectState.STRATEGY, ProjectState.CREATIVE, reason)
    telling.in_force.append((at, id_))


def _reject_in_force(telling: Telling) -> None:
    at = telling.at(MIRA_REJECTED, 17)
    number, id_ = 3, telling.strategies[3]
    reason = "The client moves the launch to spring and wants shops, not customers, to come first."
    telling.rows.get(Strategy, id_).update(
        status=StrategyStatus.REJECTED.value, rejection_reason=reason, decided_by=JONAS.name, decided_at=at
    )
    telling.rows.get(Project, telling.project_id)["approved_strategy_id"] = None
    telling.audit(
        at,
        JONAS,
        "strategy.reject",
        "strategy",
        id_,
        reason=reason,
        before={"number": number, "status": "APPROVED", "in_force": True},
        after={"number": number, "status": "REJECTED", "in_force": False},
    )
    _move(telling, at, ProjectState.EXECUTION, ProjectState.STRATEGY, f"Strategy {number} was rejected.")


def _move(telling: Telling, at: datetime, start: ProjectState, to: ProjectState, reason: str | None = None) -> None:
    telling.rows.get(Project, telling.project_id)["updated_at"] = at
    telling.audit(
        at,
        JONAS,
        "project.move",
        "project",
        telling.project_id,
        reason=reason,
        before={"state": start.value},
        after={"state": to.value},
    )
