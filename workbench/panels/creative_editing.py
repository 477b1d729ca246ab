"""Editing a creative in the place of its card: counted while it is typed, kept as a draft, saved as a version."""

from __future__ import annotations

import json
from typing import Final

from workbench import operator_services as ops
from workbench.enums import Platform
from workbench.errors import EditConflict
from workbench.operator_services.types import Creative, DraftText
from workbench.panels.base import StateView, action, quietly
from workbench.panels.calendar_layout import told
from workbench.panels.components.creative_grid import CreativeGrid
from workbench.panels.conflict import show_conflict
from workbench.panels.gallery_items import look, repeat_words
from workbench.platform_rules import counts, problems_as_written

#: Names of the three texts in the contract.
TEXTS: Final = ("title", "body_text", "caption")
#: What saving does to one that is not a draft any more.
AGAIN: Final = {
    "APPROVED": "Saving makes it a draft: it has to be approved again.",
    "SCHEDULED": "Saving takes it off the queue: it has to be approved and scheduled again.",
    "FAILED": "Saving makes it a draft: it has to be approved and scheduled again.",
}
HINT: Final = "{{first_name|there}} is filled in for each person; what stands behind the bar is for those without one."


class CreativeEditing:
    """What happens between a click on Edit and a stored version; ``grid`` shows it."""

    def __init__(self, page: StateView, grid: CreativeGrid) -> None:
        self.page = page
        self.state = page.state
        self.grid = grid
        self.creative: Creative | None = None
        self.texts: dict[str, str] = {}
        self._serial = 0
        self._turn = 0
        self._note = ""
        self._drafted = False
        self._repeat = ""

    def open(self, project_id: int, creative: Creative) -> None:
        """Start with the person's own draft, if there is one that says something else than ``creative``."""
        draft = self.state.call(ops.get_draft, "creative", creative["id"] or 0)
        stored = {name: str(creative[name]) for name in TEXTS}
        texts = _read(draft) if draft else None
        with self.state.lock:
            self.creative = creative
            self.project_id = project_id
            self.texts = texts or stored
            self._drafted = texts is not None and texts != stored
            self._note = self._draft_words(draft) if draft and self._drafted else ""
            self._turn = 0
            self._serial += 1
            self._look_for_repeats()
            self._show()

    def _draft_words(self, draft: DraftText) -> str:
        assert self.creative is not None
        older = draft["base"] != self.creative["version"]
        newer = f" Version {self.creative['version']} is newer than that: saving will show you both." if older else ""
        when = told(draft["updated_at"], self.grid.zone)
        return f"This is your unsaved draft of {when}, started from version {draft['base']}.{newer}"

    def leave(self) -> None:
        """Put the card back. The draft stays as it is."""
        self.creative = None
        self.grid.editing = {}

    @quietly
    def typed(self, id: int, turn: int, title: str, body: str, caption: str, still: bool) -> None:
        """Count what was typed; once nothing more is typed, keep it as the person's draft."""
        with self.state.lock:
            if not self._take(id, turn, title, body, caption):
                return
            if still:
                self._keep_draft()
                self._look_for_repeats()
            self._show()

    @action
    def save(self, id: int, turn: int, title: str, body: str, caption: str) -> None:
        """Store the text as the next version; somebody else's newer version is shown beside it."""
        with self.state.lock:
            if self._take(id, turn, title, body, caption):
                self._store(self._base())

    @quietly
    def close(self, id: int, turn: int, title: str, body: str, caption: str) -> None:
        """Back to the card. What was typed and not saved is kept as a draft."""
        with self.state.lock:
            if not self._take(id, turn, title, body, caption):
                return
            self._keep_draft()
            kept = self._drafted
            self.leave()
        if kept:
            self.state.tell("Not saved. It is kept as your draft, and is there when you edit this again.", "info")

    @action
    def discard(self, id: int, turn: int, title: str, body: str, caption: str) -> None:
        """Throw the draft away and start again from what is stored."""
        self.state.call(ops.discard_draft, "creative", id)
        if self.creative is not None:
            self.open(self.project_id, self.state.call(ops.get_creative, self.project_id, id))

    def _take(self, id: int, turn: int, title: str, body: str, caption: str) -> bool:
        """Whether this is about the creative that is edited, and newer than what is known: messages may overtake."""
        if self.creative is None or id != self.creative["id"] or turn < self._turn:
            return False
        self._turn = turn
        self.texts = {"title": title, "body_text": body, "caption": caption}
        return True

    def _base(self) -> int:
        """The version the text was started from."""
        assert self.creative is not None
        draft = self.state.call(ops.get_draft, "creative", self.creative["id"] or 0) if self._drafted else None
        return draft["base"] if draft else self.creative["version"]

    def _keep_draft(self) -> None:
        assert self.creative is not None
        own = self.creative["id"] or 0
        if self.texts == {name: self.creative[name] for name in TEXTS}:
            if self._drafted:
                self.state.call(ops.discard_draft, "creative", own)
            self._drafted, self._note = False, ""
            return
        self.state.call(ops.save_draft, "creative", own, json.dumps(self.texts), self._base())
        self._drafted = True
        self._note = "Kept as your draft. It is yours alone until you save it."

    def _look_for_repeats(self) -> None:
        assert self.creative is not None
        found = self.state.call(
            ops.find_repeats,
            self.project_id,
            self.creative["platform"],
            self.texts["body_text"],
            self.texts["caption"],
            creative_id=self.creative["id"],
        )
        self._repeat = repeat_words(found[0] if found else None, self.grid.zone)

    def _store(self, base: int) -> None:
        assert self.creative is not None
        own, before = self.creative["id"] or 0, self.creative["status"]
        try:
            saved = self.state.call(ops.update_creative, self.project_id, own, {**self.texts, "version": base})
        except EditConflict as conflict:
            newest = int(conflict.context["version"])
            show_conflict(
                self.page,
                conflict,
                keep_mine=lambda: self._click_keep_mine(newest),
                take_theirs=self._click_take_theirs,
            )
            return
        self.state.call(ops.discard_draft, "creative", own)
        self.leave()
        again = " It has to be approved again." if before != "DRAFT" and saved["status"] == "DRAFT" else ""
        self.state.tell(f"Saved as version {saved['version']}.{again}")

    @action
    def _click_keep_mine(self, newest: int) -> None:
        if self.creative is not None:
            self.page.close_dialog()
            self._store(newest)

    @action
    def _click_take_theirs(self) -> None:
        if self.creative is not None:
            own = self.creative["id"] or 0
            self.page.close_dialog()
            self.state.call(ops.discard_draft, "creative", own)
            self.open(self.project_id, self.state.call(ops.get_creative, self.project_id, own))

    def _show(self) -> None:
        assert self.creative is not None
        platform, words = Platform(self.creative["platform"]), [self.texts[name] for name in TEXTS]
        used, email = counts(platform, *words), platform is Platform.EMAIL
        project = next((row for row in self.state.projects if row["id"] == self.project_id), None)
        author = (project["client"] or project["name"]) if project else ""
        self.grid.editing = {
            "id": self.creative["id"],
            "serial": self._serial,
            "platform": platform.value,
            "title_label": "Subject" if email else "Title (for you; it is not posted)",
            "hint": " ".join(part for part in (AGAIN.get(self.creative["status"]), HINT if email else None) if part),
            "title": self.texts["title"],
            "body": self.texts["body_text"],
            "caption": self.texts["caption"],
            **used,
            "problems": problems_as_written(platform, *words),
            "repeat": self._repeat,
            "note": self._note,
            "draft": self._drafted,
            "look": look(platform, author, *words),
        }


def _read(draft: DraftText) -> dict[str, str] | None:
    """The texts of a draft; None for one that another kind of editor kept."""
    try:
        found = json.loads(draft["text"])
    except ValueError:
        return None
    if not isinstance(found, dict) or not all(isinstance(found.get(name), str) for name in TEXTS):
        return None
    return {name: found[name] for name in TEXTS}
