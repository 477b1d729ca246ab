"""What a person writes over a revision of a strategy, kept as a private draft: all of editing but the widgets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import param

from workbench import operator_services as ops
from workbench.clock import now
from workbench.enums import Role
from workbench.errors import EditConflict
from workbench.operator_services.types import DraftText, ProjectContext, StrategyRevision
from workbench.panels import times
from workbench.panels.safe import escape
from workbench.panels.state import WorkbenchState


@dataclass(frozen=True)
class Notice:
    """Our own HTML above the text. Without ``mine`` there is no draft that could be thrown away."""

    html: str
    mine: bool = True


class StrategyDraft(param.Parameterized):
    """Begins with a revision, follows what is typed, and knows what of it is stored. Whoever shows it watches it."""

    text = param.String(default="", doc="As it was typed, or loaded.")
    loads = param.Integer(default=0, doc="Goes up when another text was put in place of the one being typed.")
    notice = param.ClassSelector(default=None, class_=Notice, allow_None=True, doc="What to say about the text.")
    note = param.String(default="", doc="What became of the text: kept as a draft, when.")

    def __init__(self, state: WorkbenchState) -> None:
        super().__init__()
        self.state = state
        self.project_id: int | None = None
        self.zone = "UTC"
        self.revisions: list[StrategyRevision] = []
        #: Number of the revision the text was started from; 0 when there was none.
        self.base = 0
        #: What the text belongs to, the same in every session of the same person.
        self.sheet = ""
        #: Another text of the same person, of another window or of a broken connection: to be chosen from.
        self.other: DraftText | None = None
        #: What is stored up to this moment is known here: a draft kept later is another window's.
        self._seen = now()
        #: sheet of the browser -> project, and what is known of it
        self._sheets: dict[str, tuple[int, int, datetime]] = {}

    @property
    def may(self) -> bool:
        """Whether the person may edit at all."""
        return self.state.may(Role.OPERATOR)

    @property
    def newest(self) -> int:
        """Number of the newest revision; 0 when there is none."""
        return self.revisions[0]["number"] if self.revisions else 0

    @property
    def touched(self) -> bool:
        """Whether the text is another one than that of the revision it was started from."""
        return self.text != self._text_of(self.base)

    def _text_of(self, number: int) -> str:
        return next((one["text"] for one in self.revisions if one["number"] == number), "")

    # Which text

    def open(self, context: ProjectContext, revisions: list[StrategyRevision]) -> None:
        """Begin with another project: its newest revision, or the person's draft of it."""
        self.project_id, self.zone = context["project_id"], context["timezone"]
        self.revisions = revisions
        if self.may:
            self.sheet = f"strategy:{self.project_id}:{context['created_at'].isoformat()}:{self.state.actor.name}"
            self.read()

    def read(self) -> None:
        """Take up the stored draft, or the newest revision when there is none."""
        if self.project_id is None:
            return
        self._seen, self.other = now(), None
        draft = self.state.call(ops.get_draft, "strategy", self.project_id)
        if draft is None or draft["text"] == self._text_of(draft["base"]):
            self.start()
            return
        self.base, self._seen = draft["base"], draft["updated_at"]
        newer = f" Revision {self.newest} is newer than that." if self.base != self.newest else ""
        kept = f"{times.html(draft['updated_at'], self.zone)} ({times.ago(draft['updated_at'])})"
        words = f"This is your unsaved draft, kept {kept}, started from revision {self.base}.{newer}"
        self._load(draft["text"], Notice(words))

    def look_again(self) -> None:
        """Take up a draft that another window kept since, if none was begun here."""
        if self.project_id is not None and self.may and not self.touched and not self.other:
            self.read()

    def follow(self, revisions: list[StrategyRevision]) -> None:
        """The revisions as they are now. What is being typed stays; a newer revision is announced."""
        self.revisions = revisions
        newest = revisions[0]
        if newest["number"] == self.base or not self.may:
            return
        if self.touched:
            self.notice = Notice(
                f"{escape(newest['author'])} saved revision {newest['number']} while you were writing on revision "
                f"{self.base}. Saving will show you both."
            )
        else:
            self.start()

    def start(self) -> None:
        """From the newest revision, with nothing of one's own."""
        self.base, self.other = self.newest, None
        self._load(self._text_of(self.base), None)

    def _load(self, text: str, notice: Notice | None) -> None:
        self._remember()
        self.param.update(text=text, notice=notice, note="", loads=self.loads + 1)

    def _remember(self) -> None:
        if self.project_id is not None:
            self._sheets[self.sheet] = self.project_id, self.base, self._seen

    # What is typed

    def type(self, sheet: str, text: str) -> bool:
        """Take what stands in the browser, store it as a draft, and answer whether it is safe.

        The last words typed on a project that was left meanwhile become its draft. Raises what storing raises.
        """
        if sheet not in self._sheets:
            return False
        if sheet != self.sheet:
            project_id, base, seen = self._sheets[sheet]
            kept = self.state.call(ops.save_draft, "strategy", project_id, text, base, unless_newer_than=seen)
            self._sheets[sheet] = project_id, base, kept["updated_at"]
            return False
        self.text = text
        return self._keep()

    def _keep(self) -> bool:
        assert self.project_id is not None
        if not self.touched:
            self.state.call(ops.discard_draft, "strategy", self.project_id, unless_newer_than=self._seen)
            self.note = f"The same as revision {self.base}."
            return True
        if self.other is not None:
            return False
        try:
            kept = self.state.call(
                ops.save_draft, "strategy", self.project_id, self.text, self.base, unless_newer_than=self._seen
            )
        except EditConflict as error:
            when = error.context["updated_at"]
            self.other = {"text": error.theirs, "base": error.context["base"], "updated_at": when}
            words = (
                f"Another window of yours keeps another draft, of {times.html(when, self.zone)}. What you type here "
                "stays in this browser until you choose."
            )
            note = "Not kept as a draft: choose between the two first."
            self.param.update(notice=Notice(words, mine=False), note=note)
            return False
        self._seen = kept["updated_at"]
        self._remember()
        self.note = f"Draft kept at {times.clock(self._seen, self.zone)}. It is yours alone until you save it."
        return True

    def find(self, sheet: str, text: str, base: int, at: int) -> None:
        """A text that the browser kept because it never reached us, ``at`` milliseconds since 1970 (UTC)."""
        if sheet != self.sheet or text == self.text or not 0 <= base < 2**31 or not 0 < at < 2**42:
            return
        when = datetime.fromtimestamp(at / 1000, UTC)
        self.other = {"text": text, "base": base, "updated_at": when}
        words = f"This browser holds a text of yours of {times.html(when, self.zone)} that never reached the server."
        self.notice = Notice(words, mine=False)

    # What is decided

    def take_other(self) -> None:
        """Store the other text in place of this one; :meth:`read` takes it up."""
        if self.other is None or self.project_id is None:
            return
        other, self.other = self.other, None
        self.base = other["base"]
        self._store(other["text"])

    def keep_this(self) -> None:
        """Store this text in place of the other one; :meth:`read` goes on with it."""
        if self.other is None or self.project_id is None:
            return
        self.other = None
        if self.touched:
            self._store(self.text)
        else:
            self.state.call(ops.discard_draft, "strategy", self.project_id)

    def _store(self, text: str) -> None:
        assert self.project_id is not None
        kept = self.state.call(ops.save_draft, "strategy", self.project_id, text, self.base)
        self._seen = kept["updated_at"]

    def save(self, base: int) -> StrategyRevision | None:
        """Make the text a revision on top of ``base``; None when there is nothing to save.

        Raises :class:`EditConflict` when there is a newer one than ``base``, :class:`InputError` for a text that
        cannot be a strategy.
        """
        if self.project_id is None or (not self.touched and base == self.base):
            return None
        saved = self.state.call(ops.save_strategy, self.project_id, self.text, base)
        self.state.call(ops.discard_draft, "strategy", self.project_id, unless_newer_than=self._seen)
        self.revisions = [saved, *self.revisions]
        self.start()
        return saved

    def let_go(self) -> Callable[[], None]:
        """Back to the newest revision; the answer brings what was typed back."""
        project_id, text, base = self.project_id, self.text, self.base
        if project_id is not None:
            self.state.call(ops.discard_draft, "strategy", project_id, unless_newer_than=self._seen)
            self.revisions = self.state.call(ops.get_strategies, project_id)
            self.start()

        def undo() -> None:
            if project_id is None:
                return
            self.state.call(ops.save_draft, "strategy", project_id, text, base)
            if self.project_id == project_id:
                self.read()

        return undo
