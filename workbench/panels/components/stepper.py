"""The way of a project, from intake to done."""

from __future__ import annotations

from typing import ClassVar

import param

from workbench.panels.components.base import Component, sheets, source


class Stepper(Component):
    """The states in order, with the one the project is in."""

    steps = param.List(default=[], doc="label and status (done, current, todo) of each step.")

    _esm = source("stepper.js")
    _stylesheets: ClassVar[list[str]] = sheets("stepper.css")
