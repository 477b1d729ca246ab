"""The brief of a project: append-only revisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workbench.enums import ProjectState
from workbench.errors import EditConflict, InputError
from workbench.models import Intake, Project
from workbench.services import texts
from workbench.services.audit import Actor, record
from workbench.services.projects import enter_state

FIELDS = ("goal", "constraints", "audience", "budget", "target_niche")
LONGEST = 10_000


def newest(session: Session, project_id: int) -> Intake | None:
    """The newest brief, or None before there is one."""
    return session.scalar(_of(project_id).limit(1))


def revisions(session: Session, project_id: int) -> Sequence[Intake]:
    """Every brief the project had, newest first."""
    return session.scalars(_of(project_id)).all()


def _of(project_id: int) -> sa.Select[Intake]:
    query = sa.select(Intake).where(Intake.project_id == project_id).order_by(Intake.number.desc())
    return query.execution_options(populate_existing=True)


def fields_of(intake: Intake | None) -> dict[str, str]:
    """The five answers; empty texts when there is no brief."""
    return {field: getattr(intake, field) if intake else "" for field in FIELDS}


def as_text(fields: Mapping[str, str]) -> str:
    """The five answers as one text, for somebody who compares two briefs."""
    return "\n".join(f"{field.replace('_', ' ').capitalize()}: {fields[field]}" for field in FIELDS)


def check(changes: object) -> dict[str, str]:
    """``changes`` when it names fields of a brief and holds texts. Raises :class:`InputError`."""
    if not isinstance(changes, Mapping):
        raise InputError('Give the changes as a dict, for example {"goal": "More demos"}.')
    unknown = [str(key) for key in changes if key not in FIELDS]
    if unknown:
        raise InputError(f"A brief has no field {', '.join(unknown)}. It has {', '.join(FIELDS)}.", unknown=unknown)
    return {
        field: texts.checked(value, f"The brief's {field.replace('_', ' ')}", LONGEST)
        for field, value in changes.items()
    }


def save(session: Session, actor: Actor, project: Project, changes: object, base_number: int | None) -> Intake:
    """A new revision with ``changes`` on top of the newest one, which is returned when nothing differs.

    The caller holds the project's row. Raises :class:`EditConflict` when ``base_number`` is not the newest
    number (0: there is none yet), :class:`InputError` for bad changes or an empty first brief.
    """
    wanted = check(changes)
    last = newest(session, project.id)
    before = fields_of(last)
    after = before | wanted
    if base_number is not None and base_number != (last.number if last else 0):
        raise _conflict(last, after)
    if after == before:
        if last is None:
            raise InputError("The brief is empty. Write at least the goal.")
        return last
    number = last.number + 1 if last else 1
    revision = Intake(project_id=project.id, number=number, author=actor.name, **after)
    try:
        with session.begin_nested():
            session.add(revision)
    except IntegrityError as error:
        raise _conflict(newest(session, project.id), after) from error
    project.intake_id = revision.id
    project.version += 1
    record(
        session,
        actor,
        "intake.save",
        "intake",
        revision.id,
        project_id=project.id,
        before={"number": number - 1},
        after={"number": number, "changed": [field for field in FIELDS if after[field] != before[field]]},
    )
    start_strategy(session, actor, project, revision)
    return revision


def _conflict(stored: Intake | None, yours: Mapping[str, str]) -> EditConflict:
    who = f"{stored.author or 'Somebody else'} saved revision {stored.number}" if stored else "It was never saved"
    return EditConflict(
        f"The brief is not the one you started from: {who}. Nothing was overwritten.",
        theirs=as_text(fields_of(stored)),
        yours=as_text(yours),
        number=stored.number if stored else 0,
    )


def start_strategy(session: Session, actor: Actor, project: Project, intake: Intake | None) -> None:
    """Leave INTAKE once the brief has goal and audience and a first strategy exists."""
    complete = intake is not None and intake.goal.strip() and intake.audience.strip()
    if project.state == ProjectState.INTAKE and complete and project.strategy_id is not None:
        enter_state(session, actor, project, ProjectState.STRATEGY, "The brief is complete and a strategy exists.")
