"""The Gallery page: the creatives of a project as their platforms would show them, one by one or many at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final

import panel as pn
import panel_material_ui as pmu

from workbench import operator_services as ops
from workbench.enums import CreativeStatus, Platform, Role
from workbench.errors import InputError, WorkbenchError
from workbench.operator_services.types import BulkResult, Creative, ItemOutcome, ScheduleResult
from workbench.panels import safe
from workbench.panels.base import PageView, action
from workbench.panels.choose_project import ChooseProject
from workbench.panels.components.creative_grid import CreativeGrid
from workbench.panels.creative_dialogs import CreativeDialogs
from workbench.panels.gallery_items import LABELS, grid_item
from workbench.panels.layout import bar
from workbench.panels.new_project import typed
from workbench.panels.scheduling import ScheduleDialog
from workbench.panels.state import WorkbenchState
from workbench.panels.tools import STACK, tool

PAGE_SIZE: Final = 24
#: What "select all that match" takes at most: the largest bulk call.
MOST_SELECTED: Final = 10_000


class Gallery(PageView):
    """Filters, the grid, and the bar of what is done with those selected."""

    key: ClassVar[str] = "gallery"

    def __init__(self, state: WorkbenchState, **params: Any) -> None:
        super().__init__(state, **params)
        self.platform = pmu.Select(
            label="Platform", options={"All": "", **{one.label: one.value for one in Platform}}, **tool(130)
        )
        self.status = pmu.Select(
            label="Status",
            options={"All": "", **{one.value.capitalize(): one.value for one in CreativeStatus}, "Deleted": "deleted"},
            **tool(140),
        )
        self.search = pmu.TextInput(label="Search", placeholder="Words in the text", **tool(220))
        self.stale = pmu.Select(label="Strategy", options={"All": "", "Only stale": "yes"}, **tool(130))
        for name, widget in self._filters().items():
            widget.param.watch(lambda event, name=name: self._click_filter(name, event.new), "value")
        self.count = safe.text("Nothing selected", kind="note", sizing_mode=None, width=110, align="center")
        self.all_button = self._button("Select all", self._click_all, needed=Role.VIEWER, variant="text")
        self.clear_button = self._button("Clear", lambda *_: self._choose([]), needed=Role.VIEWER, variant="text")
        self.approve_button = self._button("Approve", self._click_approve, color="success")
        self.schedule_button = self._button("Schedule…", self._click_schedule)
        self.confirm_button = self._button("Confirm stale", self._click_confirm, variant="outlined")
        self.delete_button = self._button(
            "Delete", self._click_delete, needed=Role.OPERATOR, variant="outlined", color="error"
        )
        self.new_button = self._button("New creative…", self._click_new, needed=Role.OPERATOR, variant="outlined")
        self.grid = CreativeGrid(
            labels=LABELS, page_size=PAGE_SIZE, on_act=self._act, on_choose=self._choose, on_turn=self._click_turn
        )
        self.dialogs = CreativeDialogs(self)
        self.scheduling = ScheduleDialog(self)
        self._versions: dict[int, int] = {}
        self.bulk_bar = bar(
            self.count,
            self.all_button,
            self.clear_button,
            pn.layout.HSpacer(),
            self.delete_button,
            self.confirm_button,
            self.schedule_button,
            self.approve_button,
        )
        self.choose = ChooseProject(state)
        self.content = pn.Column(
            bar(*self._filters().values(), pn.layout.HSpacer(), self.new_button),
            self.bulk_bar,
            self.grid,
            sizing_mode="stretch_width",
            margin=0,
            stylesheets=[STACK],
        )
        self.body[:] = [self.choose.view, self.content]

    def _button(
        self, label: str, click: Callable[..., Any], *, needed: Role = Role.APPROVER, **params: Any
    ) -> pmu.Button:
        return pmu.Button(label=label, disabled=not self.state.may(needed), on_click=click, **tool(), **params)

    def _filters(self) -> dict[str, Any]:
        return {"platform": self.platform, "status": self.status, "q": self.search, "stale": self.stale}

    def _wanted(self) -> dict[str, Any]:
        """The filters in force as keywords of the contract."""
        filters = self.state.filters
        status = filters.get("status", "")
        return {
            "platform": filters.get("platform") or None,
            "status": None if status in ("", "deleted") else status,
            "search": filters.get("q") or None,
            "stale": True if filters.get("stale") == "yes" else None,
            "include_deleted": status == "deleted",
        }

    def _update(self) -> None:
        state = self.state
        project = state.project()
        self.choose.offer(project is None)
        self.content.visible = project is not None
        if project is None:
            return
        for name, widget in self._filters().items():
            value = state.filters.get(name, "")
            if widget.value != value and (widget is self.search or value in widget.options.values()):
                widget.value = value
        wanted = self._wanted()
        total = state.call(ops.count_creatives, project["id"], **wanted)
        page = max(1, min(int(self.grid.page), -(-total // PAGE_SIZE)))
        rows = state.call(ops.get_creatives_for_project, project["id"], **wanted, page=page, page_size=PAGE_SIZE)
        self._remember(rows)
        author = project["client"] or project["name"]
        may_write = state.may(Role.OPERATOR)
        filtered = any(value for name, value in state.filters.items() if name in self._filters())
        self.grid.param.update(
            items=[grid_item(row, author, may_write=may_write) for row in rows],
            total=total,
            page=page,
            selectable=may_write,
            zone=state.call(ops.get_project_context, project["id"])["timezone"],
            empty="No creative fits these filters." if filtered else "No creatives yet. Make one with “New creative”.",
        )
        self._show_selection()

    def _click_filter(self, name: str, value: str) -> None:
        if self.shown and self.state.filters.get(name, "") != (value or ""):
            self.grid.page = 1
            self.state.go(**{**self.state.filters, name: value or ""})

    def _click_turn(self, page: int) -> None:
        self.grid.page = max(1, page)
        self.refresh()

    # Selecting

    def _choose(self, ids: list[Any]) -> None:
        self.grid.selected = [one for one in ids if isinstance(one, int) and not isinstance(one, bool)]
        self._show_selection()

    def _show_selection(self) -> None:
        number = len(self.grid.selected)
        self.count.object = safe.text_html(f"{number:,} selected" if number else "Nothing selected", "note")
        for button, needed in (
            (self.approve_button, Role.APPROVER),
            (self.schedule_button, Role.APPROVER),
            (self.confirm_button, Role.APPROVER),
            (self.delete_button, Role.OPERATOR),
        ):
            button.disabled = not number or not self.state.may(needed)
        self.clear_button.disabled = not number
        self.all_button.label = f"Select all {self.grid.total:,}"

    @action
    def _click_all(self, *_: Any) -> None:
        """All that match the filters, on every page; the versions read now are those that would be approved."""
        wanted, ids = self._wanted(), []
        for page in range(1, MOST_SELECTED // 1_000 + 1):
            rows = self.state.call(
                ops.get_creatives_for_project, self._project_id(), **wanted, page=page, page_size=1_000
            )
            self._remember(rows)
            ids += [row["id"] for row in rows if row["id"] is not None and not row["deleted"]]
            if len(rows) < 1_000:
                break
        self._choose(ids)

    def _remember(self, rows: list[Creative]) -> None:
        """Which version of each was read: that one is approved, not one written meanwhile."""
        for row in rows:
            if row["id"] is not None:
                self._versions[row["id"]] = row["version"]

    def _project_id(self) -> int:
        if self.state.project_id is None:
            raise InputError("Choose a project in the header first.")
        return int(self.state.project_id)

    # Many at once

    @action
    def _click_approve(self, *_: Any) -> None:
        ids = list(self.grid.selected)
        versions = {one: self._versions[one] for one in ids if one in self._versions}
        result = self.state.call(ops.bulk_approve_creatives, self._project_id(), ids, versions=versions)
        self.tell_bulk(result, "approved")

    @action
    def _click_confirm(self, *_: Any) -> None:
        result = self.state.call(ops.confirm_creatives, self._project_id(), list(self.grid.selected))
        self.tell_bulk(result, "confirmed for the strategy in force")

    def _click_schedule(self, *_: Any) -> None:
        self.scheduling.open(self._project_id(), list(self.grid.selected))

    def _click_delete(self, *_: Any) -> None:
        number = len(self.grid.selected)
        self.open_dialog(
            f"Delete {number:,} creatives?",
            safe.text("Those that are queued come off the queue. You can take it back.", kind="note"),
            self.buttons(pmu.Button(label=f"Delete {number:,}", color="error", on_click=self._click_delete_now)),
        )

    @action
    def _click_delete_now(self, *_: Any) -> None:
        project_id, done = self._project_id(), list[int]()
        refused: list[ItemOutcome] = []
        for one in self.grid.selected:
            try:
                self.state.call(ops.delete_creative, project_id, one)
                done.append(one)
            except WorkbenchError as error:
                refused.append({"id": one, "ok": False, "status": None, "reason": error.message})

        def undo() -> None:
            for one in done:
                self.state.call(ops.restore_creative, project_id, one)

        self.close_dialog()
        self._choose([outcome["id"] for outcome in refused])
        self.state.tell(f"{len(done):,} deleted.", "warn" if refused else "ok", undo=undo if done else None)
        if refused:
            self.dialogs.show_outcomes(refused)

    def tell_bulk(self, result: BulkResult | ScheduleResult, what: str) -> None:
        """Say what a bulk call did, name what it did not, and offer to take it back."""
        batch = result["batch_id"]
        undo = (lambda: self.state.call(ops.undo_batch, batch)) if batch else None
        refused = [outcome for outcome in result["outcomes"] if not outcome["ok"]]
        self.grid.selected = [outcome["id"] for outcome in refused]
        self._show_selection()
        if not refused:
            self.state.tell(f"{result['done']:,} {what}.", undo=undo)
            return
        self.state.tell(f"{result['done']:,} {what}, {len(refused):,} not; those stay selected.", "warn", undo=undo)
        self.dialogs.show_outcomes(refused)

    # One at a time

    @action
    def _act(self, key: str, id: int) -> None:
        if key == "delete":
            self.state.call(ops.delete_creative, self._project_id(), id)
            self.state.tell("Deleted.", undo=lambda: self.state.call(ops.restore_creative, self._project_id(), id))
        elif key == "restore":
            self.state.call(ops.restore_creative, self._project_id(), id)
            self.state.tell("It is back.")
        elif key in LABELS:
            self.dialogs.open(key, self._project_id(), id)

    def _click_new(self, *_: Any) -> None:
        self.new_platform = pmu.RadioButtonGroup(
            options={one.label: one.value for one in Platform}, value=Platform.LINKEDIN.value
        )
        self.new_title = pmu.TextInput(
            label="Title (the subject of an e-mail)", max_length=200, sizing_mode="stretch_width"
        )
        self.new_text = pmu.TextAreaInput(label="Text", rows=6, max_length=100_000, sizing_mode="stretch_width")
        self.open_dialog(
            "New creative",
            self.new_platform,
            self.new_title,
            self.new_text,
            self.buttons(pmu.Button(label="Make it", on_click=self._click_make)),
        )

    @action
    def _click_make(self, *_: Any) -> None:
        self.state.call(
            ops.create_creative,
            self._project_id(),
            self.new_platform.value,
            title=typed(self.new_title),
            body_text=typed(self.new_text),
        )
        self.close_dialog()
        self.state.tell("The draft was made.")
