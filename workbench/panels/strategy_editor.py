"""Editing a strategy: live preview, a draft that survives a crash, and what to do when somebody was faster."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import panel as pn
import panel_material_ui as pmu

from workbench import operator_services as ops
from workbench.clock import now
from workbench.enums import Role
from workbench.errors import EditConflict
from workbench.operator_services.types import DraftText, ProjectContext, StrategyRevision
from workbench.panels import safe, times
from workbench.panels.base import StateView, action, quietly
from workbench.panels.components.editor import Editor
from workbench.panels.conflict import show_comparison, show_conflict
from workbench.panels.layout import bar
from workbench.panels.state import WorkbenchState
from workbench.panels.theme import style

LIMIT: Final = 50_000


class StrategyEditor(StateView):
    """The text, kept as the person's private draft while it is typed, and saved as a revision by a click.

    ``on_saved(number)`` is called when a revision was stored, or the newest one is to be shown; ``on_draft()`` when a
    draft came or went.
    """

    def __init__(
        self,
        state: WorkbenchState,
        *,
        on_saved: Callable[[int], None],
        on_draft: Callable[[], None] = lambda: None,
        **params: Any,
    ) -> None:
        super().__init__(state, **params)
        self._on_saved, self._on_draft = on_saved, on_draft
        self.project_id: int | None = None
        self.zone = "UTC"
        self.revisions: list[StrategyRevision] = []
        #: Number of the revision the text was started from; 0 when there was none.
        self.base = 0
        self.text = ""
        self._sheet = ""
        #: What is stored up to this moment is known here: a draft kept later is another window's.
        self._seen = now()
        #: Another text of the same person, of another window or of a broken connection: to be chosen from.
        self._other: DraftText | None = None
        #: sheet of the browser -> project, and what is known of it
        self._sheets: dict[str, tuple[int, int, datetime]] = {}
        self._build()

    def _build(self) -> None:
        self.notice_text = safe.text("", align="center")
        self.compare = self._small("What differs", self._click_compare)
        self.discard = self._small("Discard my draft", self._click_discard)
        self.notice = bar(
            self.notice_text, self.compare, self.discard, stylesheets=[style("notice.css")], visible=False
        )
        self.editor = Editor(
            label="Strategy, in markdown",
            limit=LIMIT,
            on_typed=self._typed,
            on_save=self._save_text,
            on_found=self._found,
        )
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
            bar(self.save, safe.text("Ctrl+S saves too. Until then it is a draft that only you see.", kind="note")),
            sizing_mode="stretch_width",
            margin=(12, 0, 0, 0),
            stylesheets=[":host { gap: 10px; container-type: inline-size; }"],
        )
        self.view = pn.Column(self.denied, self.form, self.overlay, sizing_mode="stretch_width", margin=0)

    def _small(self, label: str, click: Callable[..., Any]) -> pmu.Button:
        return pmu.Button(label=label, size="small", variant="outlined", on_click=click, margin=0)

    # What is shown

    def open(self, context: ProjectContext, revisions: list[StrategyRevision]) -> None:
        """Begin with another project: its newest revision, or the person's draft of it."""
        self.project_id, self.zone = context["project_id"], context["timezone"]
        self.revisions = revisions
        may = self.state.may(Role.OPERATOR)
        self.form.visible, self.denied.visible = may, not may
        if not may:
            return
        self._sheet = f"strategy:{self.project_id}:{context['created_at'].isoformat()}:{self.state.actor.name}"
        self._read_draft()

    def _read_draft(self) -> None:
        """Show the stored draft, or the newest revision when there is none."""
        assert self.project_id is not None
        self._seen, self._other = now(), None
        draft = self.state.call(ops.get_draft, "strategy", self.project_id)
        if draft is None or draft["text"] == self._text_of(draft["base"]):
            self._start()
            return
        self.base, self._seen = draft["base"], draft["updated_at"]
        self._load(draft["text"])
        newest = self.revisions[0]["number"] if self.revisions else 0
        newer = f" Revision {newest} is newer than that." if self.base != newest else ""
        age = times.ago(draft["updated_at"])
        self._tell(
            f"This is your unsaved draft, kept {times.html(draft['updated_at'], self.zone)} ({age}), "
            f"started from revision {self.base}.{newer}"
        )
        self._on_draft()

    def opened(self) -> None:
        """Called when the tab is opened: shows a draft that another window kept since, if none was begun here."""
        if self.project_id is not None and self.state.may(Role.OPERATOR) and not self.touched and not self._other:
            self._read_draft()

    def follow(self, revisions: list[StrategyRevision]) -> None:
        """The revisions as they are now. What is being typed stays; a newer revision is announced."""
        self.revisions = revisions
        newest = revisions[0]
        if newest["number"] == self.base or not self.state.may(Role.OPERATOR):
            return
        if self.touched:
            self._tell(
                f"{safe.escape(newest['author'])} saved revision {newest['number']} while you were writing on revision "
                f"{self.base}. Saving will show you both."
            )
        else:
            self._start()

    @property
    def touched(self) -> bool:
        """Whether the text is another one than that of the revision it was started from."""
        return self.text != self._text_of(self.base)

    def _text_of(self, number: int) -> str:
        return next((one["text"] for one in self.revisions if one["number"] == number), "")

    def _start(self) -> None:
        """From the newest revision, with nothing of one's own."""
        self.base = self.revisions[0]["number"] if self.revisions else 0
        self._other = None
        self._load(self._text_of(self.base))
        self.notice.visible = False
        self._on_draft()

    def _load(self, text: str) -> None:
        self.text = text
        self._remember()
        self.editor.load(text, sheet=self._sheet, base=self.base)
        self.editor.note = ""
        self.preview.object = safe.markdown_html(text)

    def _remember(self) -> None:
        if self.project_id is not None:
            self._sheets[self._sheet] = self.project_id, self.base, self._seen

    def _tell(self, html: str, *, mine: bool = True) -> None:
        """Our own HTML above the text. Without ``mine`` there is no draft that could be thrown away."""
        self.notice_text.object = f'<div class="is-text">{html}</div>'
        self.discard.visible = mine
        self.compare.label = "What differs" if mine else "Compare and choose…"
        self.notice.visible = True

    # What is typed

    @quietly
    def _typed(self, sheet: str, text: str, serial: int) -> None:
        if sheet not in self._sheets:
            return
        with self.state.lock:
            if sheet != self._sheet:
                self._keep_elsewhere(sheet, text)
                return
            self.text = self.editor.text = text
            self.preview.object = safe.markdown_html(text)
            if self._keep():
                self.editor.kept(serial)
        self._on_draft()

    def _keep(self) -> bool:
        """Store the text as a draft; answers whether it is safe."""
        assert self.project_id is not None
        if not self.touched:
            self.state.call(ops.discard_draft, "strategy", self.project_id, unless_newer_than=self._seen)
            self.editor.note = f"The same as revision {self.base}."
            return True
        if self._other is not None:
            return False
        try:
            kept = self.state.call(
                ops.save_draft, "strategy", self.project_id, self.text, self.base, unless_newer_than=self._seen
            )
        except EditConflict as error:
            when = error.context["updated_at"]
            self._other = {"text": error.theirs, "base": error.context["base"], "updated_at": when}
            self.editor.note = "Not kept as a draft: choose between the two first."
            self._tell(
                f"Another window of yours keeps another draft, of {times.html(when, self.zone)}. What you type here "
                "stays in this browser until you choose.",
                mine=False,
            )
            return False
        self._seen = kept["updated_at"]
        self._remember()
        self.editor.note = f"Draft kept at {times.clock(self._seen, self.zone)}. It is yours alone until you save it."
        return True

    def _keep_elsewhere(self, sheet: str, text: str) -> None:
        """The last words typed on a project that was left meanwhile."""
        project_id, base, seen = self._sheets[sheet]
        kept = self.state.call(ops.save_draft, "strategy", project_id, text, base, unless_newer_than=seen)
        self._sheets[sheet] = project_id, base, kept["updated_at"]

    @quietly
    def _found(self, sheet: str, text: str, base: int, at: int) -> None:
        with self.state.lock:
            if sheet != self._sheet or text == self.text or not 0 <= base < 2**31 or not 0 < at < 2**42:
                return
            when = datetime.fromtimestamp(at / 1000, UTC)
            self._other = {"text": text, "base": base, "updated_at": when}
            self._tell(
                f"This browser holds a text of yours of {times.html(when, self.zone)} that never reached the server.",
                mine=False,
            )

    # What is clicked

    @quietly
    def _click_compare(self, *_: Any) -> None:
        other = self._other
        if other is None:
            newest = self.revisions[0]
            self._show_differences(newest["text"], f"Revision {newest['number']}", self.text, "Your draft")
            return
        when = times.words(other["updated_at"], self.zone)
        self._show_differences(
            other["text"],
            f"The other text, {when}",
            self.text,
            "The text in this window",
            pmu.Button(label="Take the other text", variant="outlined", on_click=self._click_take_other),
            pmu.Button(label="Keep this window's", on_click=self._click_keep_this),
        )

    def _show_differences(self, old: str, left: str, new: str, right: str, *buttons: pmu.Button) -> None:
        show_comparison(
            self, "Two texts of yours" if buttons else "What your draft changes", old, new, left, right, buttons
        )

    @action
    def _click_take_other(self, *_: Any) -> None:
        other, project_id = self._other, self.project_id
        if other is None or project_id is None:
            return
        self._other, self.base = None, other["base"]
        kept = self.state.call(ops.save_draft, "strategy", project_id, other["text"], other["base"])
        self._seen = kept["updated_at"]
        self.editor.forget()
        self.close_dialog()
        self._read_draft()

    @action
    def _click_keep_this(self, *_: Any) -> None:
        project_id = self.project_id
        if self._other is None or project_id is None:
            return
        self._other = None
        if self.touched:
            kept = self.state.call(ops.save_draft, "strategy", project_id, self.text, self.base)
            self._seen = kept["updated_at"]
        else:
            self.state.call(ops.discard_draft, "strategy", project_id)
        self.editor.forget()
        self.close_dialog()
        self._read_draft()

    @action
    def _save_text(self, sheet: str, text: str, serial: int) -> None:
        self._typed(sheet, text, serial)
        if sheet == self._sheet:
            self._store(self.base)

    @action
    def _click_save(self, *_: Any) -> None:
        self._store(self.base)

    def _store(self, base: int) -> None:
        if self.project_id is None:
            return
        if not self.touched and base == self.base:
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
        self.state.call(ops.discard_draft, "strategy", self.project_id, unless_newer_than=self._seen)
        self.revisions = [saved, *self.revisions]
        self._start()
        self.close_dialog()
        self.state.tell(f"Saved as revision {saved['number']}. It waits for approval.")
        self._on_saved(saved["number"])

    @action
    def _click_keep_mine(self, theirs: int) -> None:
        self._store(theirs)

    @action
    def _click_take_theirs(self) -> None:
        self._let_go("Your text is gone; theirs is shown.")
        self.close_dialog()
        self._on_saved(self.base)

    @action
    def _click_discard(self, *_: Any) -> None:
        self._let_go("Your draft is gone; the text is the newest revision's.")

    def _let_go(self, words: str) -> None:
        """Back to the newest revision; what was typed can be had again."""
        project_id, text, base = self.project_id, self.text, self.base
        if project_id is None:
            return
        self.state.call(ops.discard_draft, "strategy", project_id, unless_newer_than=self._seen)
        self.revisions = self.state.call(ops.get_strategies, project_id)
        self._start()

        def undo() -> None:
            self.state.call(ops.save_draft, "strategy", project_id, text, base)
            if self.project_id == project_id:
                self._read_draft()

        self.state.tell(words, "info", undo=undo)

    def __panel__(self) -> pn.viewable.Viewable:
        return self.view
