"""Projects: finding one, its state, and through whose account it speaks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workbench.enums import (
    PROJECT_TRANSITIONS,
    Mode,
    Platform,
    ProjectState,
    QueueStatus,
    check_transition,
)
from workbench.errors import InputError, InvalidTransition, NotConfigured, NotFoundError, ScheduleInvalid
from workbench.models import (
    Campaign,
    ContentItem,
    Lead,
    OutreachAttempt,
    Project,
    ProjectAccount,
    QueueRow,
)
from workbench.services.audit import Actor, record
from workbench.settings import Account

#: The account name of a simulated send when the installation declares no account for the platform.
SIMULATED = "simulation"

#: The moves a person may make; all others happen by themselves when their cause does.
BY_HAND = frozenset(
    {
        (ProjectState.INTAKE, ProjectState.STRATEGY),
        (ProjectState.EXECUTION, ProjectState.DONE),
        (ProjectState.CREATIVE, ProjectState.DONE),
        (ProjectState.DONE, ProjectState.EXECUTION),
    }
)

_NEXT_STEP = {
    ProjectState.STRATEGY: "Reject the strategy in force to go back to it.",
    ProjectState.CREATIVE: "It gets there when its strategy is approved.",
    ProjectState.EXECUTION: "It gets there when its first creative is scheduled.",
}


def get_project(session: Session, project_id: int, *, lock: bool = False) -> Project:
    """The project. With ``lock`` its row is read afresh and held until the transaction ends.

    Raises :class:`NotFoundError`.
    """
    query = sa.select(Project).where(Project.id == project_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    project = session.scalar(query)
    if project is None:
        raise NotFoundError(f"There is no project {project_id}.")
    return project


def list_projects(session: Session) -> Sequence[Project]:
    """Every project, by client and name."""
    return session.scalars(sa.select(Project).order_by(Project.client, Project.name, Project.id)).all()


def create(session: Session, *, name: str, client: str, timezone: str) -> Project:
    """A new project in INTAKE, without a brief yet. Raises :class:`InputError` for a name the client already has."""
    check_zone(timezone)
    project = Project(name=name, client=client, timezone=timezone)
    try:
        with session.begin_nested():
            session.add(project)
    except IntegrityError as error:
        whose = f"{client} has" if client else "There is"
        raise InputError(f"{whose} already a project called {name}. Choose another name.") from error
    return project


def check_zone(name: str) -> None:
    """Raise :class:`InputError` unless ``name`` is an IANA time zone."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, TypeError) as error:
        raise InputError(f"{name!r} is not a time zone. Give an IANA name such as Europe/Berlin.") from error


def enter_state(
    session: Session, actor: Actor, project: Project, to: ProjectState, reason: str | None
) -> None:
    """Move ``project`` to ``to``; nothing happens when it is already there.

    Raises :class:`InvalidTransition` for a move that design section 4 does not have.
    """
    now = ProjectState(project.state)
    check_transition(PROJECT_TRANSITIONS, now, to, f"The project {project.name}")
    if now == to:
        return
    project.state = to
    project.version += 1
    session.flush()
    record(
        session,
        actor,
        "project.move",
        "project",
        project.id,
        project_id=project.id,
        reason=reason,
        before={"state": now.value},
        after={"state": to.value},
    )


def move_by_hand(
    session: Session, actor: Actor, project: Project, to: ProjectState, reason: str | None
) -> None:
    """A person's move. Raises :class:`InvalidTransition` for one that only happens by itself, or with a full queue."""
    now = ProjectState(project.state)
    if now == to:
        return
    check_transition(PROJECT_TRANSITIONS, now, to, f"The project {project.name}")
    if (now, to) not in BY_HAND:
        raise InvalidTransition(
            f"The project {project.name} is {now.value} and is not moved to {to.value} by hand. {_NEXT_STEP[to]}",
            state=now,
            to=to,
        )
    if to is ProjectState.DONE and (waiting := queued_count(session, project.id)):
        raise InvalidTransition(
            f"The project {project.name} still has {waiting} on the queue. Let them go out or cancel them first.",
            state=now,
            to=to,
        )
    enter_state(session, actor, project, to, reason)


def queued_count(session: Session, project_id: int) -> int:
    """How many queue rows of the project may still send something."""
    pending = (QueueStatus.QUEUED, QueueStatus.RUNNING, QueueStatus.MISSED)
    return (
        session.scalar(
            sa.select(sa.func.count())
            .select_from(QueueRow)
            .join(ContentItem, ContentItem.id == QueueRow.content_item_id)
            .where(ContentItem.project_id == project_id, QueueRow.status.in_(pending))
        )
        or 0
    )


def bound_accounts(session: Session, project_id: int) -> dict[str, str]:
    """platform → account name, for the platforms the project is bound on."""
    rows = session.execute(
        sa.select(ProjectAccount.platform, ProjectAccount.account).where(
            ProjectAccount.project_id == project_id
        )
    )
    return {platform: account for platform, account in rows}


def bind_account(
    session: Session, project: Project, platform: Platform, account: str | None, accounts: Sequence[Account]
) -> str | None:
    """Bind ``project`` on ``platform`` to the declared ``account``, or to none. Answers the binding before.

    Raises :class:`NotConfigured` for an account the settings do not declare.
    """
    declared = [one.name for one in accounts if one.platform is platform]
    if account is not None and account not in declared:
        known = ", ".join(declared) if declared else "none yet"
        raise NotConfigured(
            f"There is no {platform.label} account called {account}; declared in the accounts file: {known}."
        )
    row = session.scalar(
        sa.select(ProjectAccount).where(
            ProjectAccount.project_id == project.id, ProjectAccount.platform == platform
        )
    )
    before = row.account if row else None
    if account is None:
        if row is not None:
            session.delete(row)
    elif row is None:
        session.add(ProjectAccount(project_id=project.id, platform=platform, account=account))
    else:
        row.account = account
    session.flush()
    return before


def account_for(
    session: Session, project: Project, platform: Platform, accounts: Sequence[Account], mode: Mode
) -> str:
    """The name of the account through which ``project`` speaks on ``platform``.

    The bound one; else the only one declared; else, in simulation, :data:`SIMULATED`. Raises
    :class:`ScheduleInvalid` when several are declared and none is bound, :class:`NotConfigured` when the bound
    one is not declared any more, or in live mode none is declared at all.
    """
    return choose_account(
        project, platform, bound_accounts(session, project.id).get(platform.value), accounts, mode
    )


def choose_account(
    project: Project, platform: Platform, bound: str | None, accounts: Sequence[Account], mode: Mode
) -> str:
    """The decision of :func:`account_for`, for callers that already know what is bound."""
    declared = [one.name for one in accounts if one.platform is platform]
    if not declared:
        if mode is Mode.SIMULATION:
            return SIMULATED
        raise NotConfigured(
            f"No {platform.label} account is configured. Declare one in the accounts file (WORKBENCH_ACCOUNTS)."
        )
    if bound is not None:
        if bound not in declared:
            raise NotConfigured(
                f"{project.name} speaks on {platform.label} through {bound}, which the accounts file does not declare "
                f"any more. Declare it again or bind the project to one of: {', '.join(declared)}."
            )
        return bound
    if len(declared) == 1:
        return declared[0]
    raise ScheduleInvalid(
        f"Several {platform.label} accounts are configured ({', '.join(declared)}), and {project.name} is bound to none. "
        "Bind it to one first."
    )


def counts(session: Session, project_id: int) -> dict[str, int]:
    """``lead_count`` and ``outreach_count`` of the project: its campaigns' leads, and everything tried for it."""
    campaigns = sa.select(Campaign.id).where(Campaign.project_id == project_id)
    items = sa.select(ContentItem.id).where(ContentItem.project_id == project_id)
    leads = sa.select(sa.func.count()).select_from(Lead).where(Lead.campaign_id.in_(campaigns))
    outreach = (
        sa.select(sa.func.count())
        .select_from(OutreachAttempt)
        .where(sa.or_(OutreachAttempt.campaign_id.in_(campaigns), OutreachAttempt.content_item_id.in_(items)))
    )
    row = session.execute(sa.select(leads.scalar_subquery(), outreach.scalar_subquery())).one()
    return {"lead_count": row[0], "outreach_count": row[1]}


def as_dict(project: Project) -> dict[str, Any]:
    """What audit events say about a project."""
    return {
        "client": project.client,
        "name": project.name,
        "state": project.state,
        "timezone": project.timezone,
    }
