"""The pause switches: stopping everything, one project or one gateway with a reason, and starting it again after
seeing what would go out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import panel as pn
import panel_material_ui as pmu

from workbench import operator_services as ops
from workbench.enums import Gateway, Platform, Role
from workbench.operator_services.types import PauseState, ResumePreview
from workbench.panels import safe
from workbench.panels.base import StateView, action
from workbench.panels.components.table import Table
from workbench.panels.state import WorkbenchState

#: What to do with what is overdue -> what the choice says.
CHOICES: Final = {
    "send": "Send now, spread out by the caps",
    "reschedule": "Reschedule, one after the other",
    "skip": "Skip: off the queue, still approved",
}
_SHOWN: Final = 200
_COLUMNS: Final = [
    {"key": "at", "label": "Was due", "kind": "time", "sub": "zone", "zone": "zone"},
    {"key": "title", "label": "What", "sub": "where"},
    {"key": "to", "label": "To"},
    {"key": "then", "label": "If sent now", "kind": "chip"},
]


@dataclass(frozen=True)
class Scope:
    """What one switch stops."""

    #: As the contract names it: system, project or gateway; and which one.
    name: str
    key: int | str | None
    #: In the middle of a sentence.
    label: str
    #: What its dialog says before it stops.
    note: str

    def pause_in(self, pause: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        """The pause of this scope in a PauseState, with reason, by and in_flight; None while it is not paused."""
        if pause is None:
            return None
        if self.name == "system":
            return pause if pause["paused"] else None
        id = "id" if self.name == "project" else "gateway"
        return next((one for one in pause[f"{self.name}s"] if one[id] == self.key), None)


EVERYTHING: Final = Scope("system", None, "everything", "Nothing more is sent, in any project, until somebody resumes.")


def project_scope(project_id: int, name: str) -> Scope:
    """One project's switch."""
    return Scope("project", project_id, name, "Nothing more of this project is sent; other projects go on.")


def gateway_scope(gateway: str) -> Scope:
    """One gateway's switch."""
    label = Gateway(gateway).label
    stops = "No search for people goes on" if gateway == Gateway.APOLLO else f"Nothing more goes out through {label}"
    return Scope("gateway", gateway, label, f"{stops}, in any project.")


def switch_looks(state: WorkbenchState) -> dict[str, Any]:
    """The switch's parameters of the top bar for this state of the pause."""
    pause = state.pause
    if not pause or not pause["paused"]:
        may = state.may(Role.OPERATOR)
        hint = "Stop everything that is being sent." if may else "Pausing needs the role operator."
        return {"pause_state": "running", "pause_label": "Running", "pause_hint": hint, "may_switch": may}
    may = state.may(Role.APPROVER)
    flying = pause["in_flight"]
    hint = "See what would go out, then resume." if may else "Resuming needs the role approver."
    return {
        "pause_state": "pausing" if flying else "paused",
        "pause_label": f"Pausing: {flying} in flight" if flying else "Paused",
        "pause_hint": hint,
        "may_switch": may,
    }


def pause_banner(state: WorkbenchState) -> dict[str, str] | None:
    """What every page says while the system is paused; None while it is not."""
    pause = state.pause
    if not pause or not pause["paused"]:
        return None
    flying = pause["in_flight"]
    who = f"Paused by {pause['by'] or 'somebody'}: {pause['reason'] or 'no reason given'}."
    if flying:
        messages = "1 message was" if flying == 1 else f"{flying} messages were"
        title, text = f"Pausing: {flying} in flight", f"{messages} already handed over; nothing new starts. {who}"
    else:
        title, text = "Paused, confirmed", f"Nothing is being sent and nothing starts. {who}"
        if late := pause["may_still_deliver"]:
            text += f" {late} of unknown outcome may still go out: their worker may be frozen rather than gone."
    button = "Resume…" if state.may(Role.APPROVER) else ""
    return {"key": "resume", "tone": "error", "title": title, "text": text, "button": button}


def summary(preview: ResumePreview) -> str:
    """What lifting the pause would mean, in a sentence or two."""
    if not preview["items"]:
        return "Nothing is overdue: what is queued goes out at its own time."
    late = preview["would_miss"]
    too_old = f" {late} {'is' if late == 1 else 'are'} too old for that and would wait for a person." if late else ""
    return f"{len(preview['items']):,} overdue. Sending now would send {preview['would_send']:,}.{too_old}"


def preview_table(preview: ResumePreview) -> Table:
    """What would go out, each row's time in the zone of its project."""
    rows = [
        {
            "id": item["queue_id"],
            "at": item["scheduled_time"].isoformat(),
            "zone": item["timezone"],
            "title": item["title"] or "Untitled",
            "where": f"{Platform(item['platform']).label} · {item['project']}",
            "to": "followers" if item["recipients"] is None else f"{item['recipients']:,}",
            "then": {"text": "too old: waits for a person", "tone": "warn"}
            if item["too_old"]
            else {"text": "goes out", "tone": "ok"},
        }
        for item in preview["items"][:_SHOWN]
    ]
    return Table(
        label="What is overdue", columns=_COLUMNS, rows=rows, total=len(preview["items"]), page_size=_SHOWN, actions=[]
    )


class PauseSwitch(StateView):
    """The dialogs behind the switches. It shows nothing by itself but them."""

    def __init__(self, state: WorkbenchState, **params: Any) -> None:
        super().__init__(state, **params)
        self.scope = EVERYTHING
        self.reason = pmu.TextInput(label="Reason", placeholder="What happened?", sizing_mode="stretch_width")
        self.choice = pmu.RadioBoxGroup(label="What is overdue", options={})
        self.spacing = pmu.IntInput(label="Minutes between two", value=15, start=1, end=1440)

    def open(self, scope: Scope = EVERYTHING) -> None:
        """Open the dialog that fits: pause, or resume."""
        self.scope = scope
        if scope.pause_in(self.state.pause) is not None:
            self._click_open_resume()
        else:
            self._open_pause()

    def _open_pause(self) -> None:
        self.reason = pmu.TextInput(label="Reason", placeholder="What happened?", sizing_mode="stretch_width")
        self.reason.param.watch(self._click_pause, "enter_pressed")
        self.open_dialog(
            f"Pause {self.scope.label}",
            safe.text(
                f"{self.scope.note} What has already been handed to a gateway cannot be called back; you will see "
                "how many."
            ),
            self.reason,
            self.buttons(pmu.Button(label="Pause now", color="error", on_click=self._click_pause)),
        )

    @action
    def _click_pause(self, *_: Any) -> None:
        reason = self.reason.value_input or self.reason.value
        if not reason.strip():
            self.reason.param.update(error_state=True, label="Reason (say why, so that others know)")
            return
        pause = self.scope.pause_in(self._set(True, reason=reason)) or {"in_flight": 0}
        self.close_dialog()
        flying, of = pause["in_flight"], "" if self.scope is EVERYTHING else f"{self.scope.label}: "
        told = f"{of}pausing, {flying} in flight." if flying else f"{of}paused, confirmed: nothing starts."
        self.state.tell(told[0].upper() + told[1:], "warn")

    @action
    def _click_open_resume(self, *_: Any) -> None:
        preview = self.state.call(ops.preview_resume, self.scope.name, self.scope.key)
        self.choice = pmu.RadioBoxGroup(
            label="What is overdue", options={text: key for key, text in CHOICES.items()}, value="send"
        )
        self.spacing = pmu.IntInput(label="Minutes between two", value=15, start=1, end=1440, visible=False, width=220)
        self.choice.param.watch(lambda event: self.spacing.param.update(visible=event.new == "reschedule"), "value")
        reason = (self.scope.pause_in(self.state.pause) or {}).get("reason") or "no reason given"
        self.open_dialog(
            "Resume sending" if self.scope is EVERYTHING else f"Resume {self.scope.label}",
            safe.text(f"It was paused because: {reason}"),
            safe.text(summary(preview)),
            *([self._scrolled(preview), self.choice, self.spacing] if preview["items"] else []),
            self.buttons(pmu.Button(label="Resume", color="success", on_click=self._click_resume)),
            width="md",
        )

    def _scrolled(self, preview: ResumePreview) -> pn.Column:
        table = preview_table(preview)
        return pn.Column(table, sizing_mode="stretch_width", max_height=320, scroll="y-auto", margin=0)

    @action
    def _click_resume(self, *_: Any) -> None:
        overdue: dict[str, Any] = {"action": self.choice.value or "send"}
        if overdue["action"] == "reschedule":
            overdue["spacing_minutes"] = self.spacing.value
        self._set(False, overdue=overdue)
        self.close_dialog()
        of = "" if self.scope is EVERYTHING else " Other pauses stay."
        self.state.tell(f"Resumed: what is due goes out again.{of}")

    def _set(self, flag: bool, **given: Any) -> PauseState:
        call, key = self.state.call, self.scope.key
        if isinstance(key, int):
            return call(ops.set_project_pause, key, flag, **given)
        if isinstance(key, str):
            return call(ops.set_gateway_pause, key, flag, **given)
        return call(ops.set_system_pause, flag, **given)

    def __panel__(self) -> pn.viewable.Viewable:
        return self.overlay
