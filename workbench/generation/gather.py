"""Collects what a draft is written from."""

from __future__ import annotations

from sqlalchemy.orm import Session

from workbench.generation.brief import Brief
from workbench.models import Project, Strategy
from workbench.services import intakes, strategies


def brief_of(session: Session, project: Project) -> Brief:
    """The newest brief of ``project``, with the strategy in force, or else the newest one."""
    in_force = session.get(Strategy, project.approved_strategy_id) if project.approved_strategy_id else None
    strategy = in_force or strategies.newest(session, project.id)
    return Brief(
        project=project.name,
        client=project.client,
        strategy=strategy.text if strategy else "",
        **intakes.fields_of(intakes.newest(session, project.id)),
    )
