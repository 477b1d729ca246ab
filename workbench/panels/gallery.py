"""The Gallery page: the creatives of a project as their platforms would show them, one by one or many at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Final

import panel as pn
import panel_material_ui as pmu

from workbench import operator_services as ops
from workbench.enums import CreativeStatus, Platform, Role
from workbench.errors import InputError
from workbench.operator_services.creatives import MOST_SELECTED
from workbench.operator_services.types import Creative
from workbench.panels import safe
from workbench.panels.base import PageView, action
from workbench.panels.choose_project import ChooseProject
from workbench.panels.components.creative_grid import CreativeGrid
from workbench.panels.creative_dialogs import CreativeDialogs
from workbench.panels.creative_editing import CreativeEditing
from workbench.panels.gallery_decisions import Decisions
from workbench.panels.gallery_items import LABELS, grid_item
from workbench.panels.layout import bar
from workbench.panels.new_project import typed
from workbench.panels.scheduling import ScheduleDialog
from workbench.panels.state import WorkbenchState
from workbench.panels.tools import STACK, tool

PAGE_SIZE: Final = 24
#: Label → how the contract calls it; the first one is the contract's own.
SORTS: Final = {
    "Changed last": "",
    "Newest": "created",
    "Oldest": "oldest",
    "Scheduled time": "scheduled",
    "Status": "status",
    "Platform": "platform",
    "Title": "title",
}
#: The filter that holds the number of the page in the address; ``page`` is taken.
AT: Final = "at"


def _read_page(
    db: Any, /, project_id: int, author: str, may_write: bool, asked: int, *, sort: str, **wanted: Any
) -> dict[str, Any]:
    """One page of the grid: the same for all with these filters and this right. Who may not write is shown first drafts
    that who may has stored by looking."""
    total = ops.count_creatives(db, project_id, **wanted)
    page = max(1, min(asked, -(-total // PAGE_SIZE)))
    rows = ops.get_creatives_for_project(db, project_id, **wanted, sort=sort, page=page, page_size=PAGE_SIZE)
    return {
        "items": [grid_item(row, author, may_write=may_write) for row in rows],
        "total": total,
        "page": page,
        "zone": ops.get_project_context(db, project_id)["timezone"],
    }


class Gallery(PageView):
    """Filters, the grid, and the bar of what is done with those selected."""

    key: ClassVar[str] = "gallery"

    def __init__(self, state: WorkbenchState, **params: Any) -> None:
        super().__init__(state, **params)
        self.platform = pmu.Select(
            label="Platform", options={"All": "", **{one.label: one.value for one in Platform}}, **tool(120)
        )
        self.status = pmu.Select(
            label="Status",
            options={"All": "", **{one.value.capitalize(): one.value for one in CreativeStatus}, "Deleted": "deleted"},
            **tool(130),
        )
        self.search = pmu.TextInput(label="Search", placeholder="Words in the text", **tool(220))
        self.stale = pmu.Select(label="Strategy", options={"All": "", "Only stale": "yes"}, **tool(120))
        self.sort = pmu.Select(label="Sort", options=SORTS, **tool(150))
        for name, widget in self._widgets().items():
            widget.param.watch(lambda event, name=name: self._click_filter(name, event.new), "value")
        self.count = safe.text("Nothing selected", kind="note", sizing_mode=None, width=110, align="center")
        #: Id → the version that was read: that one is approved, not one written meanwhile.
        self.selection: dict[int, int] = {}
        self.editing: CreativeEditing
        self.decisions: Decisions
        self._versions: dict[int, int] = {}
        #: The project, and whether its deleted ones are listed: what was selected there is not taken elsewhere.
        self._of: tuple[int, bool] | None = None
        self.page_button = self._button("Select page", self._click_page, needed=Role.VIEWER, variant="text")
        self.all_button = self._button("Select all", self._click_all, needed=Role.VIEWER, variant="text")
        self.clear_button = self._button("Clear", lambda *_: self.choose_only([]), needed=Role.VIEWER, variant="text")
        self.approve_button = self._button("Approve…", lambda *_: self.decisions.open("approve"), color="success")
        self.schedule_button = self._button("Schedule…", self._click_schedule)
        self.confirm_button = self._button(
            "Confirm stale…", lambda *_: self.decisions.open("confirm"), variant="outlined"
        )
        self.delete_button = self._button(
            "Delete…",
            lambda *_: self.decisions.open("delete"),
            needed=Role.OPERATOR,
            variant="outlined",
            color="error",
        )
        self.restore_button = self._button(
            "Restore…", lambda *_: self.decisions.open("restore"), needed=Role.OPERATOR, visible=False
        )
        self.new_button = self._button("New creative…", self._click_new, needed=Role.OPERATOR, variant="outlined")
        self.grid = CreativeGrid(
            labels=LABELS,
            page_size=PAGE_SIZE,
            on_act=self._act,
            on_choose=self._choose,
            on_turn=self._click_turn,
            on_unfilter=lambda: self.state.go(),
            on_typed=lambda **told: self.editing.typed(**told),
            on_save=lambda **told: self.editing.save(**told),
            on_close=lambda **told: self.editing.close(**told),
            on_discard=lambda **told: self.editing.discard(**told),
        )
        self.editing = CreativeEditing(self, self.grid)
        self.dialogs = CreativeDialogs(self)
        self.decisions = Decisions(self)
        self.scheduling = ScheduleDialog(self)
        self.bulk_bar = bar(
            self.count,
            self.page_button,
            self.all_button,
            self.clear_button,
            pn.layout.HSpacer(),
            self.delete_button,
            self.confirm_button,
            self.schedule_button,
            self.approve_button,
            self.restore_button,
        )
        self.choose = ChooseProject(state)
        self.content = pn.Column(
            bar(*self._widgets().values(), pn.layout.HSpacer(), self.new_button),
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

    def _widgets(self) -> dict[str, Any]:
        narrowing = {"platform": self.platform, "status": self.status, "q": self.search, "stale": self.stale}
        return {**narrowing, "sort": self.sort}

    def _wanted(self) -> dict[str, Any]:
        """The filters and the order in force as keywords of the contract."""
        filters = self.state.filters
        status, sort = filters.get("status", ""), filters.get("sort", "")
        return {
            "platform": filters.get("platform") or None,
            "status": None if status in ("", "deleted") else status,
            "search": filters.get("q") or None,
            "stale": True if filters.get("stale") == "yes" else None,
            "only_deleted": status == "deleted",
            "sort": sort if sort in SORTS.values() and sort else "updated",
        }

    def _update(self) -> None:
        state = self.state
        project = state.project()
        self.choose.offer(project is None)
        self.content.visible = project is not None
        if project is None:
            return
        of = (project["id"], self.state.filters.get("status") == "deleted")
        if of != self._of:
            if self._of is not None and of[0] != self._of[0]:
                self.editing.leave()
            self._of, self.selection = of, {}
        for name, widget in self._widgets().items():
            value = state.filters.get(name, "")
            if widget.value != value and (widget is self.search or value in widget.options.values()):
                widget.value = value
        may_write = state.may(Role.OPERATOR)
        shown = state.read(
            _read_page,
            project["id"],
            project["client"] or project["name"],
            may_write,
            self._page_asked(),
            **self._wanted(),
        )
        self._versions = {item["id"]: item["version"] for item in shown["items"] if item["id"] is not None}
        filtered = any(value for name, value in state.filters.items() if name in ("platform", "status", "q", "stale"))
        self.grid.put(
            **shown,
            selectable=may_write,
            filtered=filtered,
            empty="No creative fits these filters." if filtered else "No creatives yet. Make one with “New creative”.",
        )
        self._show_selection()

    def _page_asked(self) -> int:
        asked = self.state.filters.get(AT, "1")
        return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 8 else 1

    def _click_filter(self, name: str, value: str) -> None:
        if self.shown and self.state.filters.get(name, "") != (value or ""):
            self.state.go(**{**self.state.filters, name: value or "", AT: ""})

    def _click_turn(self, page: int) -> None:
        self.state.go(**{**self.state.filters, AT: str(page) if page > 1 else ""})

    # Selecting

    def _choose(self, ids: list[Any], on: bool) -> None:
        """What was ticked, or not any more, on the page that is shown."""
        for one in ids:
            if one in self._versions and on:
                self.selection[one] = self._versions[one]
            elif isinstance(one, int) and not on:
                self.selection.pop(one, None)
        self._show_selection()

    def choose_only(self, ids: Iterable[int]) -> None:
        """Select these, of those selected, and no others."""
        self.selection = {one: self.selection[one] for one in ids if one in self.selection}
        self._show_selection()

    def _show_selection(self) -> None:
        number, total = len(self.selection), self.grid.total
        deleted = self._of is not None and self._of[1]
        self.grid.put(selected=[one for one in self._versions if one in self.selection])
        self.count.object = safe.text_html(f"{number:,} selected" if number else "Nothing selected", "note")
        for button, needed in (
            (self.approve_button, Role.APPROVER),
            (self.schedule_button, Role.APPROVER),
            (self.confirm_button, Role.APPROVER),
            (self.delete_button, Role.OPERATOR),
            (self.restore_button, Role.OPERATOR),
        ):
            button.disabled = not number or not self.state.may(needed)
            button.visible = (button is self.restore_button) is deleted
        self.clear_button.disabled = not number
        self.bulk_bar.visible = self.state.may(Role.OPERATOR)
        self.page_button.visible = total > PAGE_SIZE
        self.page_button.label = f"Select page ({len(self._versions):,})"
        most = total <= MOST_SELECTED
        self.all_button.visible = total > 0
        self.all_button.label = f"Select all {total:,}" if most else f"Select the first {MOST_SELECTED:,}"

    def _click_page(self, *_: Any) -> None:
        self._choose(list(self._versions), True)

    @action
    def _click_all(self, *_: Any) -> None:
        """All that match the filters, on every page; the versions read now are those that would be approved."""
        self.selection = self.state.call(ops.find_creative_ids, self.project_number(), **self._wanted())
        self._show_selection()

    def project_number(self) -> int:
        """The chosen project's id. Raises :class:`InputError` while none is chosen."""
        if self.state.project_id is None:
            raise InputError("Choose a project in the header first.")
        return int(self.state.project_id)

    def _click_schedule(self, *_: Any) -> None:
        self.scheduling.open(self.project_number(), list(self.selection))

    # One at a time

    @action
    def _act(self, key: str, id: int) -> None:
        project_id = self.project_number()
        if key == "edit":
            creative: Creative = self.state.call(ops.get_creative, project_id, id)
            self.editing.open(project_id, creative)
        elif key == "delete":
            self.state.call(ops.delete_creative, project_id, id)
            self.state.tell("Deleted.", undo=lambda: self.state.call(ops.restore_creative, project_id, id))
        elif key == "restore":
            self.state.call(ops.restore_creative, project_id, id)
            self.state.tell("It is back.")
        elif key in LABELS:
            self.dialogs.open(key, project_id, id)

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
            self.project_number(),
            self.new_platform.value,
            title=typed(self.new_title),
            body_text=typed(self.new_text),
        )
        self.close_dialog()
        self.state.tell("The draft was made.")
