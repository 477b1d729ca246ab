"""Projects and their briefs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.accounts import Account
from workbench.enums import Platform, ProjectState, Role
from workbench.errors import InputError
from workbench.models import Intake, Project, Strategy
from workbench.operator_services._edge import as_id, operation, optional_text, require_text, runtime_of
from workbench.operator_services.types import IntakeRevision, ProjectContext
from workbench.services import intakes, projects, strategies, texts
from workbench.services.audit import record
from workbench.services.gallery import platform_of

LONGEST_NAME = 200


class ProjectName(TypedDict):
    id: int
    name: str
    client: str
    state: str


def create_project(
    db: Session,
    name: str,
    client: str = "",
    *,
    goal: str = "",
    constraints: str = "",
    audience: str = "",
    budget: str = "",
    target_niche: str = "",
    timezone: str | None = None,
) -> int:
    """A new project in INTAKE, with its first brief if any of it is given. Answers its id. For operators.

    ``timezone`` is an IANA name, by default the one of the settings. Raises :class:`InputError` for a blank name,
    one the client already has, or an unknown zone.
    """
    brief = {
        "goal": goal,
        "constraints": constraints,
        "audience": audience,
        "budget": budget,
        "target_niche": target_niche,
    }
    with operation(db, Role.OPERATOR, write=True) as actor:
        zone = runtime_of(db).settings.timezone if timezone is None else timezone
        project = projects.create(
            db,
            name=require_text(name, "A project needs a name.", longest=LONGEST_NAME),
            client=texts.checked(client, "The client", LONGEST_NAME).strip(),
            timezone=zone,
        )
        record(
            db,
            actor,
            "project.create",
            "project",
            project.id,
            project_id=project.id,
            after={
                "client": project.client,
                "name": project.name,
                "state": ProjectState.INTAKE.value,
                "timezone": zone,
            },
        )
        if any(intakes.check(brief).values()):
            intakes.save(db, actor, project, brief, base_number=0)
        return project.id


def list_projects(db: Session) -> list[ProjectName]:
    """Every project, by client and name. For viewers."""
    with operation(db, Role.VIEWER, write=False):
        return [
            {"id": one.id, "name": one.name, "client": one.client, "state": one.state}
            for one in projects.list_projects(db)
        ]


def get_project_context(db: Session, project_id: int) -> ProjectContext:
    """The newest brief, where the strategy stands, counts and accounts. For viewers.

    Raises :class:`NotFoundError`.
    """
    with operation(db, Role.VIEWER, write=False):
        project = projects.get_project(db, as_id(project_id, "project"))
        brief = intakes.newest(db, project.id)
        answers = intakes.fields_of(brief)
        strategy = strategies.newest(db, project.id)
        leads, outreach = projects.counts(db, project.id)
        bound = projects.bound_accounts(db, project.id)
        return {
            "project_id": project.id,
            "project_name": project.name,
            "client": project.client,
            "goal": answers["goal"],
            "constraints": answers["constraints"],
            "audience": answers["audience"],
            "budget": answers["budget"],
            "target_niche": answers["target_niche"],
            "intake_number": brief.number if brief else 0,
            "strategy_status": strategy.status if strategy else None,
            "strategy_number": strategy.number if strategy else 0,
            "rejection_reason": strategy.rejection_reason if strategy else None,
            "approved_number": _approved_number(db, project),
            "lead_count": leads,
            "outreach_count": outreach,
            "state": project.state,
            "timezone": project.timezone,
            "paused": project.paused,
            "accounts": {
                platform.value: _speaks_through(platform, bound, runtime_of(db).accounts) for platform in Platform
            },
            "created_at": project.created_at,
        }


def _approved_number(db: Session, project: Project) -> int | None:
    if project.approved_strategy_id is None:
        return None
    return db.scalar(sa.select(Strategy.number).where(Strategy.id == project.approved_strategy_id))


def _speaks_through(platform: Platform, bound: Mapping[str, str], accounts: tuple[Account, ...]) -> str | None:
    declared = [account.name for account in accounts if account.platform is platform]
    return bound.get(platform.value) or (declared[0] if len(declared) == 1 else None)


def save_intake(
    db: Session, project_id: int, changes: dict[str, str], *, base_number: int | None = None
) -> IntakeRevision:
    """A new revision of the brief, with ``changes`` to any of its five fields. For operators.

    Nothing is written when nothing differs. ``base_number`` is the revision the person saw (0: none). Raises
    :class:`EditConflict` when it is not the newest, :class:`InputError` for an unknown field or a bad text.
    """
    with operation(db, Role.OPERATOR, write=True) as actor:
        project = projects.get_project(db, as_id(project_id, "project"), lock=True)
        return _revision(intakes.save(db, actor, project, changes, base_number))


def get_intakes(db: Session, project_id: int) -> list[IntakeRevision]:
    """Every revision of the brief, newest first. For viewers."""
    with operation(db, Role.VIEWER, write=False):
        project = projects.get_project(db, as_id(project_id, "project"))
        return [_revision(one) for one in intakes.revisions(db, project.id)]


def _revision(intake: Intake) -> IntakeRevision:
    return {
        "id": intake.id,
        "number": intake.number,
        "goal": intake.goal,
        "constraints": intake.constraints,
        "audience": intake.audience,
        "budget": intake.budget,
        "target_niche": intake.target_niche,
        "author": intake.author,
        "created_at": intake.created_at,
    }


def move_project(db: Session, project_id: int, state: str, reason: str | None = None) -> str:
    """Move a project on the board by hand. Answers its state. For operators.

    INTAKE → STRATEGY, EXECUTION or CREATIVE → DONE when nothing is queued, DONE → EXECUTION. Raises
    :class:`InvalidTransition` with the reason for any other move, :class:`InputError` for an unknown state.
    """
    with operation(db, Role.OPERATOR, write=True) as actor:
        project = projects.get_project(db, as_id(project_id, "project"), lock=True)
        projects.move_by_hand(db, actor, project, _state(state), optional_text(reason, "The reason"))
        return project.state


def _state(value: object) -> ProjectState:
    try:
        return ProjectState(str(value))
    except ValueError as error:
        raise InputError(f"{value!r} is not a state of a project. Choose one of {', '.join(ProjectState)}.") from error


def bind_account(db: Session, project_id: int, platform: str, account: str | None) -> None:
    """Let a project speak on ``platform`` through the declared ``account``; None unbinds it. For admins.

    Raises :class:`NotConfigured` for an account the settings do not declare.
    """
    with operation(db, Role.ADMIN, write=True) as actor:
        project = projects.get_project(db, as_id(project_id, "project"), lock=True)
        where = platform_of(platform)
        name: Any = None if account is None else require_text(account, "Name the account, or give None.")
        before = projects.bind_account(db, project, where, name, runtime_of(db).accounts)
        if before == name:
            return
        record(
            db,
            actor,
            "project.bind",
            "project",
            project.id,
            project_id=project.id,
            before={"platform": where.value, "account": before},
            after={"platform": where.value, "account": name},
        )
