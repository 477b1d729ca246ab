"""Editing a strategy: the text beside its preview, and the choices when somebody was faster."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import panel as pn
import panel_material_ui as pmu

from workbench.errors import EditConflict
from workbench.panels import safe, times
from workbench.panels.base import StateView, action, quietly
from workbench.panels.components.editor import Editor
from workbench.panels.conflict import show_comparison, show_conflict
from workbench.panels.layout import Later, bar
from workbench.panels.strategy_draft import StrategyDraft
from workbench.panels.theme import style

LIMIT: Final = 50_000


class StrategyEditor(StateView):
    """Shows a draft. ``on_saved(number)`` is called when a revision was stored, or the newest one is to be shown."""

    def __init__(self, draft: StrategyDraft, *, on_saved: Callable[[int], None], **params: Any) -> None:
        super().__init__(draft.state, **params)
        self.draft = draft
        self._on_saved = on_saved
        self.notice_text = safe.text("", align="center")
        self.compare = self._small("What differs", self._click_compare)
        self.discard = self._small("Discard my draft", self._click_discard)
        self.notice = Later(
            lambda: bar(self.notice_text, self.compare, self.discard, stylesheets=[style("notice.css")])
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
        denied = safe.text("Editing needs the role operator. You can read and compare.", kind="note")
        self.view: pn.viewable.Viewable = self.form if draft.may else denied
        draft.param.watch(self._show_loaded, "loads")
        draft.param.watch(self._show_notice, "notice")
        draft.param.watch(self._show_note, "note")
        self._show_loaded()
        self._show_notice()
        self._show_note()

    def _small(self, label: str, click: Callable[..., Any]) -> pmu.Button:
        return pmu.Button(label=label, size="small", variant="outlined", on_click=click, margin=0)

    # What is shown

    def _show_loaded(self, *_: Any) -> None:
        draft = self.draft
        self.editor.load(draft.text, sheet=draft.sheet, base=draft.base)
        self.preview.object = safe.markdown_html(draft.text, below=2)

    def _show_notice(self, *_: Any) -> None:
        notice = self.draft.notice
        if notice is not None:
            self.notice_text.object = f'<div class="is-text">{notice.html}</div>'
            self.discard.visible = notice.mine
            self.compare.label = "What differs" if notice.mine else "Compare and choose…"
        self.notice.reveal(notice is not None)

    def _show_note(self, *_: Any) -> None:
        self.editor.note = self.draft.note

    # What is typed

    @quietly
    def _typed(self, sheet: str, text: str, serial: int) -> None:
        with self.state.lock:
            mine = sheet == self.draft.sheet
            if mine:
                self.editor.text = text
                self.preview.object = safe.markdown_html(text, below=2)
            if self.draft.type(sheet, text):
                self.editor.kept(serial)

    @quietly
    def _found(self, sheet: str, text: str, base: int, at: int) -> None:
        with self.state.lock:
            self.draft.find(sheet, text, base, at)

    # What is clicked

    @quietly
    def _click_compare(self, *_: Any) -> None:
        draft, other = self.draft, self.draft.other
        if other is None:
            newest = draft.revisions[0]
            self._show_differences(newest["text"], f"Revision {newest['number']}", draft.text, "Your draft")
            return
        when = times.words(other["updated_at"], draft.zone)
        self._show_differences(
            other["text"],
            f"The other text, {when}",
            draft.text,
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
        self._choose(self.draft.take_other)

    @action
    def _click_keep_this(self, *_: Any) -> None:
        self._choose(self.draft.keep_this)

    def _choose(self, decide: Callable[[], None]) -> None:
        if self.draft.other is not None:
            decide()
            self.editor.forget()
            self.close_dialog()
            self.draft.read()

    @action
    def _save_text(self, sheet: str, text: str, serial: int) -> None:
        self._typed(sheet, text, serial)
        if sheet == self.draft.sheet:
            self._store(self.draft.base)

    @action
    def _click_save(self, *_: Any) -> None:
        self._store(self.draft.base)

    def _store(self, base: int) -> None:
        try:
            saved = self.draft.save(base)
        except EditConflict as error:
            theirs = int(error.context.get("number", 0))
            show_conflict(
                self, error, keep_mine=lambda: self._click_keep_mine(theirs), take_theirs=self._click_take_theirs
            )
            return
        if saved is None:
            self.state.tell(f"There is nothing to save: the text is that of revision {self.draft.base}.", "info")
            return
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
        self._on_saved(self.draft.base)

    @action
    def _click_discard(self, *_: Any) -> None:
        self._let_go("Your draft is gone; the text is the newest revision's.")

    def _let_go(self, words: str) -> None:
        self.state.tell(words, "info", undo=self.draft.let_go())

    def __panel__(self) -> pn.viewable.Viewable:
        return self.view
