"""Projects: finding one, its state, and through whose account it speaks."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workbench.accounts import Account
from workbench.enums import (
    ACTIVE_QUEUE,
    PROJECT_TRANSITIONS,
    AttemptStatus,
    Mode,
    Platform,
    ProjectState,
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
    SafetySettings,
)
from workbench.services import slots
from workbench.services.audit import Actor, record

#: The account name of a simulated send when the installation declares no account for the platform.
SIMULATED = "simulation"

#: The states of an attempt for which something was started.
BEGUN = (AttemptStatus.SENDING, AttemptStatus.SENT, AttemptStatus.FAILED, AttemptStatus.UNKNOWN)

_P = ProjectState
#: The moves a person may make; all others happen by themselves when their cause does.
BY_HAND = frozenset(
    {(_P.INTAKE, _P.STRATEGY), (_P.EXECUTION, _P.DONE), (_P.CREATIVE, _P.DONE), (_P.DONE, _P.EXECUTION)}
)
_HOW = {
    _P.STRATEGY: "It goes back there when the strategy in force is rejected.",
    _P.CREATIVE: "It gets there when its strategy is approved.",
    _P.EXECUTION: "It gets there when its first creative is scheduled.",
}


def get_project(session: Session, project_id: int, *, lock: bool = False) -> Project:
    """The project as the database has it now. With ``lock`` its row is held until the transaction ends.

    Held against other changes of the row, not against new rows that refer to it.

    Raises :class:`NotFoundError`.
    """
    query = sa.select(Project).where(Project.id == project_id).execution_options(populate_existing=True)
    project = session.scalar(query.with_for_update(key_share=True) if lock else query)
    if project is None:
        raise NotFoundError(f"There is no project {project_id}.")
    return project


def list_projects(session: Session) -> Sequence[Project]:
    """Every project, by client and name."""
    query = sa.select(Project).order_by(Project.client, Project.name, Project.id)
    return session.scalars(query.execution_options(populate_existing=True)).all()


def create(session: Session, *, name: str, client: str, timezone: str) -> Project:
    """A new project in INTAKE, without a brief.

    Raises :class:`InputError` for an unknown time zone, and for a name that the client has already.
    """
    project = Project(name=name, client=client, timezone=slots.find_zone(timezone).key)
    try:
        with session.begin_nested():
            session.add(project)
    except IntegrityError as error:
        whose = f"{client} already has" if client else "There is already"
        raise InputError(f"{whose} a project called {name}. Choose another name.") from error
    return project


def enter_state(session: Session, actor: Actor, project: Project, to: ProjectState, reason: str | None) -> None:
    """Move ``project`` to ``to`` and record it; nothing happens when it is already there.

    Raises :class:`InvalidTransition` for a move that the table of states does not have.
    """
    now = ProjectState(project.state)
    check_transition(PROJECT_TRANSITIONS, now, to, f"The project {project.name}")
    if now == to:
        return
    project.state = to
    project.version += 1
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


def move_by_hand(session: Session, actor: Actor, project: Project, to: ProjectState, reason: str | None) -> None:
    """A person's move.

    Raises :class:`InvalidTransition` for a move that only happens by itself, and for DONE with a queue.
    """
    now = ProjectState(project.state)
    what = f"The project {project.name}"
    check_transition(PROJECT_TRANSITIONS, now, to, what)
    if now != to and (now, to) not in BY_HAND:
        raise InvalidTransition(
            f"{what} is {now.value} and is not moved to {to.value} by hand. {_HOW[to]}", state=now, to=to
        )
    if now != to and to is ProjectState.DONE and (waiting := queued_count(session, project.id)):
        raise InvalidTransition(
            f"{what} still has {waiting} on the queue. Let them go out or cancel them first.",
            state=now,
            to=to,
        )
    enter_state(session, actor, project, to, reason)


def queued_count(session: Session, project_id: int) -> int:
    """How many queue rows of the project are waiting or being sent."""
    query = (
        sa.select(sa.func.count())
        .select_from(QueueRow)
        .join(ContentItem, ContentItem.id == QueueRow.content_item_id)
        .where(ContentItem.project_id == project_id, QueueRow.status.in_(ACTIVE_QUEUE))
    )
    return session.scalar(query) or 0


def bound_accounts(session: Session, project_id: int) -> dict[str, str]:
    """platform → account name, for the platforms the project is bound on."""
    query = sa.select(ProjectAccount.platform, ProjectAccount.account).where(ProjectAccount.project_id == project_id)
    return {row.platform: row.account for row in session.execute(query)}


def bind_account(
    session: Session, project: Project, platform: Platform, account: str | None, accounts: Sequence[Account]
) -> str | None:
    """Bind ``project`` on ``platform`` to the declared ``account``, or to none. Answers the binding before.

    Raises :class:`NotConfigured` for an account the settings do not declare.
    """
    declared = _declared(accounts, platform)
    if account is not None and account not in declared:
        raise NotConfigured(
            f"There is no {platform.label} account called {account}; declared in the accounts file: "
            f"{', '.join(declared) or 'none yet'}."
        )
    row = session.scalar(
        sa.select(ProjectAccount)
        .where(ProjectAccount.project_id == project.id, ProjectAccount.platform == platform)
        .execution_options(populate_existing=True)
    )
    before = row.account if row else None
    if row is not None and account is None:
        session.delete(row)
    elif row is not None and account is not None:
        row.account = account
    elif account is not None:
        session.add(ProjectAccount(project_id=project.id, platform=platform, account=account))
    session.flush()
    return before


def account_for(session: Session, project: Project, platform: Platform, accounts: Sequence[Account], mode: Mode) -> str:
    """The name of the account through which ``project`` speaks on ``platform``.

    The bound one; else the only one declared; else, in simulation, :data:`SIMULATED`. Raises
    :class:`ScheduleInvalid` when several are declared and none is bound, :class:`NotConfigured` when the
    bound one is not declared any more, or in live mode none is declared at all.
    """
    bound = bound_accounts(session, project.id).get(platform.value)
    return choose_account(project.name, platform, bound, accounts, mode)


def choose_account(
    project_name: str, platform: Platform, bound: str | None, accounts: Sequence[Account], mode: Mode
) -> str:
    """The decision of :func:`account_for`, for callers that already know what is bound."""
    declared = _declared(accounts, platform)
    if not declared:
        if mode is Mode.SIMULATION:
            return SIMULATED
        raise NotConfigured(
            f"No {platform.label} account is configured. Declare one in the file that WORKBENCH_ACCOUNTS names."
        )
    if bound is not None:
        if bound not in declared:
            raise NotConfigured(
                f"{project_name} speaks on {platform.label} through {bound}, which the accounts file "
                f"does not declare any more. Declare it again, or bind the project to one of "
                f"{', '.join(declared)}."
            )
        return bound
    if len(declared) == 1:
        return declared[0]
    raise ScheduleInvalid(
        f"Several {platform.label} accounts are configured ({', '.join(declared)}), and {project_name} "
        "is bound to none. Bind it to one first."
    )


def _declared(accounts: Sequence[Account], platform: Platform) -> list[str]:
    return [account.name for account in accounts if account.platform is platform]


def counts(session: Session, project_id: int) -> tuple[int, int]:
    """The leads of the project's campaigns, and the attempts begun for it in the installation's present mode.

    An attempt is begun when it is SENDING, SENT, FAILED or UNKNOWN, as on the board.
    """
    campaigns = sa.select(Campaign.id).where(Campaign.project_id == project_id)
    items = sa.select(ContentItem.id).where(ContentItem.project_id == project_id)
    mode = sa.select(SafetySettings.mode).where(SafetySettings.id == 1).scalar_subquery()
    leads = sa.select(sa.func.count()).select_from(Lead).where(Lead.campaign_id.in_(campaigns))
    attempt = OutreachAttempt
    outreach = (
        sa.select(sa.func.count())
        .select_from(attempt)
        .where(
            attempt.mode == sa.func.coalesce(mode, Mode.SIMULATION.value),
            attempt.status.in_(BEGUN),
            sa.or_(
                attempt.campaign_id.in_(campaigns),
                # An e-mail counts where its lead is, a post where its text is.
                sa.and_(attempt.campaign_id.is_(None), attempt.content_item_id.in_(items)),
            ),
        )
    )
    row = session.execute(sa.select(leads.scalar_subquery(), outreach.scalar_subquery())).one()
    return row[0], row[1]
