"""Editing a strategy: live preview, a draft that survives a crash, and what to do when somebody was faster."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import panel as pn
import panel_material_ui as pmu

from workbench import operator_services as ops
from workbench.clock import now
from workbench.enums import Role
from workbench.errors import EditConflict
from workbench.operator_services.types import StrategyRevision
from workbench.panels import safe
from workbench.panels.base import StateView, action, quietly
from workbench.panels.components.editor import Editor
from workbench.panels.conflict import show_conflict
from workbench.panels.layout import bar
from workbench.panels.state import WorkbenchState
from workbench.panels.theme import style

LIMIT = 50_000


class StrategyEditor(StateView):
    """The text, kept as the person's private draft while it is typed, and saved as a revision by a click.

    ``on_saved(number)`` is called when a revision was stored, or the newest one is to be shown.
    """

    def __init__(self, state: WorkbenchState, *, on_saved: Callable[[int], None], **params: Any) -> None:
        super().__init__(state, **params)
        self._on_saved = on_saved
        self.project_id: int | None = None
        self.revisions: list[StrategyRevision] = []
        #: Number of the revision the text was started from.
        self.base = 0
        self.text = ""
        self.notice_text = safe.text("", align="center")
        self.discard = pmu.Button(
            label="Discard my draft", size="small", variant="outlined", on_click=self._click_discard, margin=0
        )
        self.notice = bar(self.notice_text, self.discard, stylesheets=[style("notice.css")], visible=False)
        self.editor = Editor(label="Strategy, in markdown", limit=LIMIT, on_typed=self._typed, on_save=self._save_text)
        self.preview = safe.markdown("", stylesheets=[style("paper.css")])
        self.save = pmu.Button(label="Save as a revision", icon="save", on_click=self._click_save, margin=0)
        self.denied = safe.text(
            "Editing needs the role operator. You can read and compare.", kind="note", visible=False
        )
        sides = pn.Column(
            self.editor, self.preview, sizing_mode="stretch_width", margin=0, stylesheets=[style("halves.css")]
        )
        self.form = pn.Column(
            self.notice,
            sides,
            bar(self.save),
            sizing_mode="stretch_width",
            margin=(12, 0, 0, 0),
            stylesheets=[":host { gap: 10px; }"],
        )
        self.view = pn.Column(self.denied, self.form, self.overlay, sizing_mode="stretch_width", margin=0)

    # What is shown

    def open(self, project_id: int, revisions: list[StrategyRevision]) -> None:
        """Begin with another project: its newest revision, or the person's draft of it."""
        self.project_id = project_id
        self.revisions = revisions
        may = self.state.may(Role.OPERATOR)
        self.form.visible, self.denied.visible = may, not may
        if not may:
            return
        draft = self.state.call(ops.get_draft, "strategy", project_id)
        if draft is None or draft["text"] == self._text_of(draft["base"]):
            self._start(revisions[0])
            return
        self.base = draft["base"]
        self._load(draft["text"])
        older = self.base != revisions[0]["number"]
        newer = f" Revision {revisions[0]['number']} is newer than that." if older else ""
        self._tell(
            f"This is your unsaved draft of {draft['updated_at']:%d %b %H:%M} UTC, "
            f"started from revision {self.base}.{newer}"
        )

    def opened(self) -> None:
        """Called when the tab is opened: a draft that nobody touched starts from the newest revision."""
        if not self._touched and self.revisions and self.base != self.revisions[0]["number"]:
            self._start(self.revisions[0])

    def follow(self, revisions: list[StrategyRevision]) -> None:
        """The revisions as they are now. What is being typed stays; a newer revision is announced."""
        self.revisions = revisions
        newest = revisions[0]
        if newest["number"] == self.base:
            return
        if self._touched:
            self._tell(
                f"{newest['author']} saved revision {newest['number']} while you were writing on revision {self.base}. "
                "Saving will show you both."
            )
        else:
            self._start(newest)

    @property
    def _touched(self) -> bool:
        return self.text != self._text_of(self.base)

    def _text_of(self, number: int) -> str | None:
        return next((one["text"] for one in self.revisions if one["number"] == number), None)

    def _start(self, revision: StrategyRevision) -> None:
        self.base = revision["number"]
        self._load(revision["text"])
        self.notice.visible = False

    def _load(self, text: str) -> None:
        self.text = text
        self.editor.load(text)
        self.editor.note = ""
        self.preview.object = safe.markdown_html(text)

    def _tell(self, words: str) -> None:
        self.notice_text.object = safe.text_html(words)
        self.notice.visible = True

    # What is typed and clicked

    @quietly
    def _typed(self, text: str) -> None:
        if self.project_id is None:
            return
        with self.state.lock:
            self.text = self.editor.text = text
            self.preview.object = safe.markdown_html(text)
        if self._touched:
            self.state.call(ops.save_draft, "strategy", self.project_id, text, self.base)
            self.editor.note = f"Draft kept at {now():%H:%M:%S} UTC. It is yours alone until you save it."
        else:
            self.state.call(ops.discard_draft, "strategy", self.project_id)
            self.editor.note = f"The same as revision {self.base}."

    @action
    def _save_text(self, text: str) -> None:
        self.text = self.editor.text = text
        self._store(self.base)

    @action
    def _click_save(self, *_: Any) -> None:
        self._store(self.base)

    def _store(self, base: int) -> None:
        if self.project_id is None:
            return
        if not self._touched and base == self.base:
            self.state.tell(f"There is nothing to save: the text is that of revision {self.base}.", "info")
            return
        try:
            saved = self.state.call(ops.save_strategy, self.project_id, self.text, base)
        except EditConflict as error:
            theirs = int(error.context.get("number", 0))
            show_conflict(
                self, error, keep_mine=lambda: self._click_keep_mine(theirs), take_theirs=self._click_take_theirs
            )
            return
        self.state.call(ops.discard_draft, "strategy", self.project_id)
        self.revisions = [saved, *self.revisions]
        self.base = saved["number"]
        self.notice.visible = False
        self.close_dialog()
        self.state.tell(f"Saved as revision {saved['number']}. It waits for approval.")
        self._on_saved(saved["number"])

    @action
    def _click_keep_mine(self, theirs: int) -> None:
        self._store(theirs)

    @action
    def _click_take_theirs(self) -> None:
        self._let_go()
        self.close_dialog()
        self._on_saved(self.base)

    @action
    def _click_discard(self, *_: Any) -> None:
        self._let_go()
        self.state.tell("Your draft is gone; the text is the newest revision's.", "info")

    def _let_go(self) -> None:
        if self.project_id is None:
            return
        self.state.call(ops.discard_draft, "strategy", self.project_id)
        self.revisions = self.state.call(ops.get_strategies, self.project_id)
        self._start(self.revisions[0])

    def __panel__(self) -> pn.viewable.Viewable:
        return self.view
