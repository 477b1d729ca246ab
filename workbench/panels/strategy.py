"""The strategy of a project: read it, edit it, compare revisions, decide, and see who decided what."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Final

import panel as pn
import panel_material_ui as pmu

from workbench import operator_services as ops
from workbench.enums import Role, StrategyStatus
from workbench.operator_services.types import ProjectContext, StrategyRevision
from workbench.panels import safe, times
from workbench.panels.base import StateView, action, quietly
from workbench.panels.comparison import Comparison
from workbench.panels.components.feed import Feed
from workbench.panels.components.tab_bar import TabBar
from workbench.panels.document_menu import DocumentMenu
from workbench.panels.layout import Later, bar, card
from workbench.panels.state import WorkbenchState
from workbench.panels.strategy_decision import StrategyDecision
from workbench.panels.strategy_draft import StrategyDraft
from workbench.panels.strategy_editor import StrategyEditor
from workbench.panels.strategy_history import history
from workbench.panels.theme import style

#: The views of the card, in the order of its tabs.
VIEWS: Final = {"read": "Read", "edit": "Edit", "changes": "Changes", "history": "History"}

#: Events of the history that are shown; a revision is about two.
LONGEST_HISTORY: Final = 500

_TONES: Final = {
    StrategyStatus.DRAFT: ("Waiting for approval", "warn"),
    StrategyStatus.APPROVED: ("Approved", "ok"),
    StrategyStatus.REJECTED: ("Rejected", "error"),
    StrategyStatus.SUPERSEDED: ("Superseded", ""),
}


def label(revision: StrategyRevision, zone: str) -> str:
    """A revision in a list: number, state, when it was written."""
    state = "in force" if revision["in_force"] else revision["status"].lower()
    return f"{revision['number']} · {state} · {times.words(revision['created_at'], zone)}"


def status_html(revision: StrategyRevision, zone: str) -> str:
    """The state of a revision as a chip, with who wrote it when, and who decided it when and why."""
    words, tone = _TONES[StrategyStatus(revision["status"])]
    if revision["in_force"]:
        words = "Approved, in force"
    by, at, reason = revision["decided_by"], revision["decided_at"], revision["rejection_reason"]
    who = f" by {safe.escape(by)}" if by else ""
    when = f'<span class="why">{times.html(at, zone)}</span>' if at else ""
    why = f'<span class="why">“{safe.escape(reason)}”</span>' if reason else ""
    written = times.html(revision["created_at"], zone)
    author = f'<span class="why">written by {safe.escape(revision["author"])}, {written}</span>'
    return f'<span class="chip" data-tone="{tone}">{words}{who}</span>{when}{why or author}'


class StrategyCard(StateView):
    """The revision that is read stays the same under the reader's eyes: a newer one is announced, not swapped in.

    Which view, which revision, and which two are compared stand in the address: ``view``, ``revision``, ``from``,
    ``to``, ``layout``.
    """

    def __init__(self, state: WorkbenchState, **params: Any) -> None:
        super().__init__(state, **params)
        self.project_id: int | None = None
        self.zone = "UTC"
        self.revisions: list[StrategyRevision] = []
        #: Number of the revision on the screen; 0 before there is one. What every decision is about.
        self.number = 0
        self._asked = ""
        self._known: tuple[Any, ...] = ()
        self._build_head()
        self._build_tabs()
        self.empty_note = safe.text("", kind="note")
        self.empty = Later(self._make_empty)
        self.filled = card(self.head, self.newer, self.tabs, self.document, *self.views.values())
        self.view = pn.Column(self.empty, self.filled, sizing_mode="stretch_width", margin=0)

    def _build_head(self) -> None:
        self.choice = pmu.Select(label="Revision", options={}, size="small", width=310, margin=0)
        self.choice.param.watch(self._choose, "value")
        self.status = pn.pane.HTML("", **safe.pane_options(stylesheets=[style("status.css")], align="center"))
        self.decision = StrategyDecision(self.state)
        self.menu = DocumentMenu(self.state, lambda: self.revision)
        self.head = bar(
            self.choice,
            self.status,
            self.menu.view,
            self.decision.view,
            stylesheets=[style("strategy-head.css")],
        )
        self.newer_text = safe.text("", align="center")
        self.newer = Later(self._make_newer)

    def _build_tabs(self) -> None:
        self.document = safe.markdown("", stylesheets=[style("paper.css")])
        self.draft = StrategyDraft(self.state)
        self.draft.param.watch(self._show_tabs, ["text", "loads"])
        #: What the tabs beside the first one show.
        self.views = {
            "edit": Later(lambda: self.editor.view),
            "changes": Later(lambda: self.comparison.view),
            "history": Later(lambda: self.decisions),
        }
        self.tabs = TabBar(label="Views of the strategy", active="read", on_choose=self._click_tab)
        self._show_tabs()

    @cached_property
    def editor(self) -> StrategyEditor:
        """The view Edit."""
        made = StrategyEditor(self.draft, on_saved=self._show_saved)
        made.overlay = self.overlay
        return made

    @cached_property
    def comparison(self) -> Comparison:
        """The view Changes."""
        return Comparison(self._text, on_choose=self._click_compare)

    @cached_property
    def decisions(self) -> Feed:
        """The view History."""
        return Feed(heading="Decisions and revisions", empty="Nothing has been decided yet.", on_open=self._open_entry)

    def _make_empty(self) -> pn.Column:
        parts: list[Any] = [safe.text("There is no strategy yet", kind="title"), self.empty_note]
        if self.state.may(Role.OPERATOR):
            label = "Write a first draft from the brief"
            self.first = pmu.Button(label=label, icon="auto_awesome", on_click=self._click_first)
            parts.append(self.first)
        return card(*parts)

    def _make_newer(self) -> pn.Row:
        show = pmu.Button(label="Show it", size="small", variant="outlined", on_click=self._click_newest, margin=0)
        return bar(self.newer_text, show, stylesheets=[style("notice.css")])

    # What is shown

    def fill(self, context: ProjectContext) -> None:
        """Show the strategy of ``context``'s project, keeping what is being read and typed."""
        same = self.project_id == context["project_id"]
        self.project_id, self.zone = context["project_id"], context["timezone"]
        self._read(context)
        self.filled.visible = bool(self.revisions)
        if not self.revisions:
            self.number = 0
            self._show_empty(context)
        self.empty.reveal(not self.revisions)
        if not self.revisions:
            return
        if not same or not self.number:
            self.number = self.revisions[0]["number"]
            self._asked = ""
            self.draft.open(context, self.revisions)
        else:
            self.draft.follow(self.revisions)
        self._heed_address()
        self.choice.param.update(options={words: number for number, words in self._labels().items()}, value=self.number)
        self._show_revision()
        self._show_view(self.state.filters.get("view", "read"))

    def _labels(self) -> dict[int, str]:
        return {one["number"]: label(one, self.zone) for one in self.revisions}

    def _read(self, context: ProjectContext) -> None:
        """The revisions, when there are others than before: their texts never change, only what was decided."""
        known = tuple(
            dict(context)[name]
            for name in ("project_id", "strategy_number", "strategy_status", "rejection_reason", "approved_number")
        )
        if known != self._known:
            self.revisions = self.state.call(ops.get_strategies, context["project_id"])
            self._known = known

    def _heed_address(self) -> None:
        """Show the revision that the address names, from the moment that it names it."""
        asked = self.state.filters.get("revision", "")
        if asked != self._asked:
            self._asked = asked
            named = [one["number"] for one in self.revisions if str(one["number"]) == asked]
            self.number = named[0] if named else self.revisions[0]["number"]
            if asked and not named:
                self.state.fail(f"There is no revision {asked:.20} of this strategy. The newest one is shown.")

    @property
    def revision(self) -> StrategyRevision | None:
        """The revision on the screen."""
        return next((one for one in self.revisions if one["number"] == self.number), None)

    def _text(self, number: int) -> str:
        return next((one["text"] for one in self.revisions if one["number"] == number), "")

    def _show_empty(self, context: ProjectContext) -> None:
        missing = [name for name in ("goal", "audience") if not str(dict(context)[name]).strip()]
        if not self.state.may(Role.OPERATOR):
            text = "Nobody has written one. That needs the role operator."
        elif missing:
            text = f"The brief does not say the {' and the '.join(missing)} yet: a draft would have gaps there."
        else:
            text = "A template turns the brief into a first draft that you then make your own."
        self.empty_note.object = safe.text_html(text, "note")

    def _show_revision(self) -> None:
        revision = self.revision
        if revision is None or self.project_id is None:
            return
        newest = self.revisions[0]
        current = revision["number"] == newest["number"]
        self.document.object = safe.markdown_html(revision["text"], below=2)
        self.status.object = status_html(revision, self.zone)
        self.decision.fill(self.project_id, revision, newest=current)
        if not current:
            text = f"Revision {newest['number']} by {newest['author']} is newer than what you are reading."
            self.newer_text.object = safe.text_html(text)
        self.newer.reveal(not current)

    def _show_tabs(self, *_: Any) -> None:
        draft = self.draft.may and bool(self.revisions) and self.draft.touched
        self.tabs.tabs = [
            {"key": key, "label": f"{words} · draft" if draft and key == "edit" else words}
            for key, words in VIEWS.items()
        ]

    def _show_view(self, key: str) -> None:
        key = key if key in VIEWS else "read"
        opened = self.tabs.active != key
        self.tabs.active = key
        if key == "changes":
            self.comparison.offer(self._labels())
            self.comparison.show(*self._compared())
        elif key == "history":
            self._show_history()
        elif key == "edit" and opened:
            self.draft.look_again()
        self.document.visible = key == "read"
        for name, view in self.views.items():
            view.reveal(name == key)

    def _compared(self) -> tuple[int, int, str]:
        """From and to as the address says, else what is in force, or the one before, with the newest."""
        filters, numbers = self.state.filters, [one["number"] for one in self.revisions]
        in_force = [one["number"] for one in self.revisions[1:] if one["in_force"]]
        before = (in_force or numbers[1:] or numbers)[0]
        chosen = {str(number): number for number in numbers}
        old, new = chosen.get(filters.get("from", ""), before), chosen.get(filters.get("to", ""), numbers[0])
        return old, new, filters.get("layout", "")

    def _show_history(self) -> None:
        if self.project_id is not None:
            rows = self.state.call(
                ops.get_audit_log, project_id=self.project_id, entity="strategy", limit=LONGEST_HISTORY
            )
            self.decisions.param.update(events=history(rows), zone=self.zone)

    # What is clicked

    def _go(self, **filters: str) -> None:
        self.state.go(**{**self.state.filters, **filters})

    @quietly
    def _click_tab(self, key: str) -> None:
        if key in VIEWS:
            self._go(view="" if key == "read" else key)

    @quietly
    def _click_compare(self, old: int, new: int, layout: str) -> None:
        self._go(**{"view": "changes", "from": str(old), "to": str(new)}, layout="" if layout == "beside" else layout)

    @quietly
    def _open_entry(self, id: str) -> None:
        old, _, new = id.rpartition("-")
        if old:
            self._go(**{"view": "changes", "from": old, "to": new})
        else:
            self._go(view="", revision=new)

    def _choose(self, event: Any) -> None:
        if event.new and event.new != self.number:
            self.number = event.new
            self._asked = "" if event.new == self.revisions[0]["number"] else str(event.new)
            self._show_revision()
            self._go(revision=self._asked)

    def _click_newest(self, *_: Any) -> None:
        self.choice.value = self.revisions[0]["number"]

    def _show_saved(self, number: int) -> None:
        self.number, self._asked = number, ""
        self._go(view="", revision="", **{"from": "", "to": ""})

    @action
    def _click_first(self, *_: Any) -> None:
        if self.project_id is not None:
            self.state.call(ops.get_project_strategy_doc, self.project_id)
            self.state.tell("A first draft was written from the brief, by template. Read it, edit it, decide.")

    def __panel__(self) -> pn.viewable.Viewable:
        return self.view
