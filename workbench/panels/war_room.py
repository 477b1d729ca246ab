"""The War Room: one project's brief and strategy, and where it stands."""

from __future__ import annotations

from typing import Any, ClassVar, Final

import panel as pn

from workbench import operator_services as ops
from workbench.enums import ProjectState, Role
from workbench.operator_services.types import ProjectContext
from workbench.panels.base import PageView
from workbench.panels.brief import BriefCard
from workbench.panels.choose_project import ChooseProject
from workbench.panels.components.project_head import ProjectHead
from workbench.panels.components.stepper import Stepper
from workbench.panels.layout import split
from workbench.panels.pausing import PauseSwitch, project_scope
from workbench.panels.stale import StaleNotice
from workbench.panels.state import WorkbenchState
from workbench.panels.strategy import StrategyCard
from workbench.panels.theme import style

#: What to do next, by the state of the project.
NEXT: Final = {
    ProjectState.INTAKE: "Next: complete the brief and write a first strategy.",
    ProjectState.STRATEGY: "Next: read the strategy, then approve or reject it.",
    ProjectState.CREATIVE: "Next: approve and schedule creatives in the Gallery.",
    ProjectState.EXECUTION: "It is being carried out: watch it in the Control Tower.",
    ProjectState.DONE: "It is done.",
}


def steps(state: str) -> list[dict[str, str]]:
    """The stepper's steps for a project in ``state``."""
    order = list(ProjectState)
    at = order.index(ProjectState(state))
    status = ["done" if index < at else "current" if index == at else "todo" for index in range(len(order))]
    return [{"label": one.capitalize(), "status": how} for one, how in zip(order, status, strict=True)]


class WarRoom(PageView):
    """Shows the project that is chosen in the header."""

    key: ClassVar[str] = "war-room"

    def __init__(self, state: WorkbenchState, **params: Any) -> None:
        super().__init__(state, **params)
        self._next: int | None = None
        self.choose = ChooseProject(state)
        self.pausing = PauseSwitch(state)
        self.head = ProjectHead(on_switch=self._click_pause, on_follow=self._click_next)
        self.stepper = Stepper()
        self.stale = StaleNotice(state)
        self.brief = BriefCard(state)
        self.strategy = StrategyCard(state)
        self.room = pn.Column(
            self.head,
            self.stepper,
            self.stale.view,
            split(self.strategy.view, self.brief.view, side_first=True),
            sizing_mode="stretch_width",
            margin=0,
            stylesheets=[style("stack.css")],
        )
        for view in (self.pausing, self.stale, self.brief, self.strategy, self.strategy.decision):
            view.overlay = self.overlay
        self.body[:] = [self.choose.view, self.room]

    def _update(self) -> None:
        project_id = self.state.project_id
        self.room.visible = project_id is not None
        self.choose.offer(project_id is None)
        if project_id is None:
            return
        context = self.state.call(ops.get_project_context, project_id)
        self._show_head(context)
        self._show_next(project_id)
        self.stale.fill(context)
        self.brief.fill(context)
        self.strategy.fill(context)

    def _show_head(self, context: ProjectContext) -> None:
        self.stepper.steps = steps(context["state"])
        scope = project_scope(context["project_id"], context["project_name"])
        stopped = scope.pause_in(self.state.pause)
        flying = stopped["in_flight"] if stopped else 0
        self.head.param.update(
            title=context["project_name"],
            client=context["client"],
            hint=NEXT[ProjectState(context["state"])],
            paused=context["paused"],
            switch="Pause project…" if not stopped else f"Pausing: {flying} in flight" if flying else "Resume project…",
            may_switch=self.state.may(Role.APPROVER if stopped else Role.OPERATOR),
        )

    def _show_next(self, project_id: int) -> None:
        """The strategy that has waited longest for whoever may decide, beside this one."""
        waiting = self.state.call(ops.list_waiting_strategies) if self.state.may(Role.APPROVER) else []
        others = [one for one in waiting if one["project_id"] != project_id]
        self.head.waiting = ""
        if others:
            self._next = others[0]["project_id"]
            wait = "1 more waits" if len(others) == 1 else f"{len(others):,} more wait"
            self.head.waiting = f"{wait} for a decision: {others[0]['project_name']} ›"

    def _click_next(self, *_: Any) -> None:
        if self._next is not None:
            self.state.go(project_id=self._next)

    def _click_pause(self, *_: Any) -> None:
        project = self.state.project()
        if project is not None:
            self.pausing.open(project_scope(project["id"], project["name"]))
