"""The header: product, project, mode, pause switch, person."""

from __future__ import annotations

from typing import Any, ClassVar

import param

from workbench.panels.components.base import Component, sheets, source


class TopBar(Component):
    """Messages: ``project(id)`` when another one is chosen (0 for all), ``pause()`` when the switch is clicked."""

    projects = param.List(default=[], doc="id, name and client of each project.")
    project_id = param.Integer(default=0, doc="0: no project chosen.")
    mode = param.String(default="simulation")
    person = param.String(default="")
    role = param.String(default="")
    sign_out = param.String(default="", doc="Where the person signs out; empty where nobody signs in.")
    #: running, pausing, paused: how the switch looks; what it says; whether this person may use it.
    pause_state = param.String(default="running")
    pause_label = param.String(default="Running")
    pause_hint = param.String(default="")
    may_switch = param.Boolean(default=False)

    _esm = source("topbar.js")
    _stylesheets: ClassVar[list[str]] = sheets("topbar.css")
    _messages: ClassVar[dict[str, Any]] = {"project": {"id": int}, "pause": {}}
