"""What the outside may rely on is small, and does not shrink or grow by accident."""

from __future__ import annotations

import inspect

import pytest

import workbench
from workbench import operator_services

#: The names and signatures that notebooks of operators are written against; further keywords are welcome.
SEVENTEEN = {
    "get_attention_metrics": "db",
    "get_activity_feed": "db, limit=25",
    "get_projects_pipeline": "db",
    "get_project_context": "db, project_id",
    "get_project_strategy_doc": "db, project_id",
    "approve_strategy": "db, project_id, reason=None",
    "reject_strategy": "db, project_id, reason",
    "get_creatives_for_project": "db, project_id",
    "update_creative": "db, project_id, creative_id, changes",
    "regenerate_creative": "db, project_id, creative_id, instruction=None",
    "delete_creative": "db, project_id, creative_id",
    "bulk_approve_creatives": "db, project_id, ids",
    "bulk_schedule_creatives": "db, project_id, ids, schedule_params=None",
    "get_execution_timeline": "db, project_id=None, limit=50",
    "get_gateway_status": "db=None",
    "set_system_pause": "db, flag, reason=None",
    "get_system_pause": "db",
}


@pytest.mark.parametrize("name", SEVENTEEN)
def test_the_contract_keeps_its_signatures(name: str) -> None:
    parameters = inspect.signature(getattr(operator_services, name)).parameters.values()
    positional = [p for p in parameters if p.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]
    shown = ", ".join(p.name if p.default is p.empty else f"{p.name}={p.default!r}" for p in positional)
    assert shown == SEVENTEEN[name]
    assert all(p.default is not p.empty for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY)


def test_the_package_itself_offers_one_way_in() -> None:
    assert workbench.__all__ == ["Workbench", "__version__", "open_workbench"]
    for name in workbench.__all__:
        assert getattr(workbench, name)


def test_every_operation_says_what_it_does() -> None:
    silent = [name for name in operator_services.__all__ if not inspect.getdoc(getattr(operator_services, name))]
    assert silent == []
