"""The strategy of a project: read it, edit it, compare revisions, decide, and see who decided what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import panel as pn
import panel_material_ui as pmu

from workbench import operator_services as ops
from workbench.enums import Role, StrategyStatus
from workbench.operator_services.types import ProjectContext, StrategyRevision
from workbench.panels import diff_html, safe
from workbench.panels.base import StateView, action, quietly
from workbench.panels.components.feed import Feed
from workbench.panels.components.tab_bar import TabBar
from workbench.panels.layout import bar, card
from workbench.panels.state import WorkbenchState
from workbench.panels.strategy_editor import StrategyEditor
from workbench.panels.strategy_history import history
from workbench.panels.theme import style

#: The views of the card, in the order of its tabs.
VIEWS: Final = {"read": "Read", "edit": "Edit", "changes": "Changes", "history": "History"}

GAP: Final = ":host { gap: 10px; }"

_TONES: Final = {
    StrategyStatus.DRAFT: ("Waiting for approval", "warn"),
    StrategyStatus.APPROVED: ("Approved", "ok"),
    StrategyStatus.REJECTED: ("Rejected", "error"),
    StrategyStatus.SUPERSEDED: ("Superseded", ""),
}


def label(revision: StrategyRevision) -> str:
    """A revision in a list: number, state, day."""
    state = "in force" if revision["in_force"] else revision["status"].lower()
    return f"Revision {revision['number']} · {state} · {revision['created_at']:%d %b %Y}"


def status_html(revision: StrategyRevision) -> str:
    """The state of a revision as a chip, with the reason of a rejection."""
    words, tone = _TONES[StrategyStatus(revision["status"])]
    if revision["in_force"]:
        words = "Approved, in force"
    reason = revision["rejection_reason"]
    why = f'<span class="why">“{safe.escape(reason)}”</span>' if reason else ""
    by = revision["decided_by"]
    who = f" by {safe.escape(by)}" if by else ""
    author = f'<span class="why">written by {safe.escape(revision["author"])}</span>'
    return f'<span class="chip" data-tone="{tone}">{words}{who}</span>{why or author}'


class StrategyCard(StateView):
    """The revision that is read stays the same under the reader's eyes: a newer one is announced, not swapped in."""

    def __init__(self, state: WorkbenchState, **params: Any) -> None:
        super().__init__(state, **params)
        self.project_id: int | None = None
        self.revisions: list[StrategyRevision] = []
        #: Number of the revision on the screen; 0 before there is one. What every decision is about.
        self.number = 0
        self._build_head()
        self._build_tabs()
        self.empty_note = safe.text("", kind="note")
        self.first = pmu.Button(
            label="Write a first draft from the brief", icon="auto_awesome", on_click=self._click_first
        )
        self.empty = card(
            safe.text("There is no strategy yet", kind="title"), self.empty_note, self.first, visible=False
        )
        self.filled = card(self.head, self.newer, self.tabs, *self.views.values())
        self.view = pn.Column(self.empty, self.filled, sizing_mode="stretch_width", margin=0)

    def _build_head(self) -> None:
        self.choice = pmu.Select(label="Revision", options={}, size="small", width=340, margin=0)
        self.choice.param.watch(self._choose, "value")
        self.status = pn.pane.HTML("", **safe.pane_options(stylesheets=[style("status.css")], align="center"))
        self.approve = pmu.Button(
            label="Approve", icon="check", color="success", on_click=self._click_approve, margin=0
        )
        self.reject = pmu.Button(
            label="Reject…", icon="close", color="error", variant="outlined", on_click=self._click_reject, margin=0
        )
        self.reason = pmu.TextAreaInput(label="Reason", rows=3)
        self.head = bar(self.choice, self.status, self.reject, self.approve, stylesheets=[style("strategy-head.css")])
        self.newer_text = safe.text("", align="center")
        self.newer = bar(
            self.newer_text,
            pmu.Button(label="Show it", size="small", variant="outlined", on_click=self._click_newest, margin=0),
            stylesheets=[style("notice.css")],
            visible=False,
        )

    def _build_tabs(self) -> None:
        self.document = safe.markdown("", stylesheets=[style("paper.css")])
        self.editor = StrategyEditor(self.state, on_saved=self._show_saved)
        self.left = pmu.Select(label="From", options={}, size="small", width=300, margin=0)
        self.right = pmu.Select(label="To", options={}, size="small", width=300, margin=0)
        for choice in (self.left, self.right):
            choice.param.watch(lambda *_: self._show_changes(), "value")
        self.changes = pn.pane.HTML("", **safe.pane_options(stylesheets=[style("diff.css")]))
        self.decisions = Feed(heading="Decisions and revisions", empty="Nothing has been decided yet.")
        compare = bar(self.left, self.right)
        self.views = {
            "read": self.document,
            "edit": self.editor.view,
            "changes": pn.Column(compare, self.changes, sizing_mode="stretch_width", margin=0, stylesheets=[GAP]),
            "history": self.decisions,
        }
        self.tabs = TabBar(
            tabs=[{"key": key, "label": words} for key, words in VIEWS.items()],
            label="Views of the strategy",
            on_choose=self._click_tab,
        )
        self._open_tab("read")

    # What is shown

    def fill(self, context: ProjectContext) -> None:
        """Show the strategy of ``context``'s project, keeping what is being read and typed."""
        same = self.project_id == context["project_id"]
        self.project_id = context["project_id"]
        self.revisions = self.state.call(ops.get_strategies, self.project_id)
        self.empty.visible, self.filled.visible = not self.revisions, bool(self.revisions)
        if not self.revisions:
            self.number = 0
            self._show_empty(context)
            return
        if not same or not self.number:
            self.number = self.revisions[0]["number"]
            self._open_tab("read")
            self.editor.open(self.project_id, self.revisions)
        else:
            self.editor.follow(self.revisions)
        self.choice.param.update(options={label(one): one["number"] for one in self.revisions}, value=self.number)
        self._fill_changes(same)
        self._show_revision()
        if self.tabs.active == "history":
            self._show_history()

    @property
    def revision(self) -> StrategyRevision | None:
        """The revision on the screen."""
        return next((one for one in self.revisions if one["number"] == self.number), None)

    def _show_empty(self, context: ProjectContext) -> None:
        missing = [name for name in ("goal", "audience") if not context[name].strip()]
        may = self.state.may(Role.OPERATOR)
        self.first.visible = may
        if not may:
            text = "Nobody has written one. That needs the role operator."
        elif missing:
            text = f"The brief does not say the {' and the '.join(missing)} yet: a draft would have gaps there."
        else:
            text = "A template turns the brief into a first draft that you then make your own."
        self.empty_note.object = safe.text_html(text, "note")

    def _show_revision(self) -> None:
        revision = self.revision
        if revision is None:
            return
        newest = self.revisions[0]
        self.document.object = safe.markdown_html(revision["text"])
        self.status.object = status_html(revision)
        may = self.state.may(Role.APPROVER)
        current = revision["number"] == newest["number"]
        self.approve.visible = may and current and not revision["in_force"]
        self.reject.visible = (
            may and revision["status"] != StrategyStatus.REJECTED and (current or revision["in_force"])
        )
        self.newer.visible = not current
        if not current:
            text = f"Revision {newest['number']} by {newest['author']} is newer than what you are reading."
            self.newer_text.object = safe.text_html(text)

    def _fill_changes(self, keep: bool) -> None:
        numbers = [one["number"] for one in self.revisions]
        options = {label(one): one["number"] for one in self.revisions}
        before = numbers[1] if len(numbers) > 1 else numbers[0]
        left = self.left.value if keep and self.left.value in numbers else before
        right = self.right.value if keep and self.right.value in numbers else numbers[0]
        if keep and options != self.right.options and self.right.value == numbers[-1 if len(numbers) == 1 else 1]:
            left, right = before, numbers[0]
        self.left.param.update(options=options, value=left)
        self.right.param.update(options=options, value=right)
        self._show_changes()

    def _show_changes(self) -> None:
        if self.tabs.active != "changes":
            return
        texts = {one["number"]: one["text"] for one in self.revisions}
        old, new = self.left.value, self.right.value
        if old in texts and new in texts:
            heads = {"left": f"Revision {old}", "right": f"Revision {new}"}
            self.changes.object = diff_html.html(texts[old], texts[new], **heads)

    def _show_history(self) -> None:
        if self.project_id is not None:
            rows = self.state.call(ops.get_audit_log, project_id=self.project_id, entity="strategy", limit=200)
            self.decisions.param.update(events=history(rows), zone=self.state.host.settings.timezone)

    def _open_tab(self, key: str) -> None:
        self.tabs.active = key
        for name, view in self.views.items():
            view.visible = name == key
        if key == "changes":
            self._show_changes()
        elif key == "history":
            self._show_history()
        elif key == "edit":
            self.editor.opened()

    # What is clicked

    @quietly
    def _click_tab(self, key: str) -> None:
        if key in self.views:
            with self.state.lock:
                self._open_tab(key)

    def _choose(self, event: Any) -> None:
        if event.new and event.new != self.number:
            self.number = event.new
            self._show_revision()

    def _click_newest(self, *_: Any) -> None:
        self.choice.value = self.revisions[0]["number"]

    def _show_saved(self, number: int) -> None:
        self.number = number
        self._open_tab("read")

    @action
    def _click_first(self, *_: Any) -> None:
        if self.project_id is not None:
            self.state.call(ops.get_project_strategy_doc, self.project_id)
            self.state.tell("A first draft was written from the brief, by template. Read it, edit it, decide.")

    @action
    def _click_approve(self, *_: Any) -> None:
        if self.project_id is not None:
            self.state.call(ops.approve_strategy, self.project_id, number=self.number)
            self.state.tell(f"Revision {self.number} is approved and in force.")

    def _click_reject(self, *_: Any) -> None:
        revision = self.revision
        if revision is None:
            return
        number = revision["number"]
        self.reason = pmu.TextAreaInput(label="Reason", rows=3, max_length=2000, sizing_mode="stretch_width")
        consequence = (
            "It is in force: nothing will be in force then, and what is queued comes off the queue."
            if revision["in_force"]
            else "Whoever writes the next revision will read your reason."
        )
        self.open_dialog(
            f"Reject revision {number}",
            safe.text(consequence),
            self.reason,
            self.buttons(pmu.Button(label="Reject", color="error", on_click=self._reject(number))),
        )

    def _reject(self, number: int) -> Callable[[Any], None]:
        return lambda _: self._click_confirm_reject(number)

    @action
    def _click_confirm_reject(self, number: int) -> None:
        if self.project_id is None:
            return
        reason = str(self.reason.value_input or self.reason.value or "")
        if not reason.strip():
            self.reason.param.update(error_state=True, label="Reason (whoever writes the next revision needs it)")
            return
        self.state.call(ops.reject_strategy, self.project_id, reason, number=number)
        self.close_dialog()
        self.state.tell(f"Revision {number} is rejected.", "info")

    def __panel__(self) -> pn.viewable.Viewable:
        return self.view
