"""The state of every gateway, said as it is: unconfigured is unconfigured, an old probe is an old probe."""

from __future__ import annotations

from typing import Any, ClassVar

import param

from workbench.panels.components.base import Component, sheets, source


class Gateways(Component):
    """One entry a gateway: key, label, status, detail, checked_at (ISO or None), latency_ms, facts, paused, pausable.

    Messages: ``probe(key)`` (an empty key: all of them), ``switch(key)``.
    """

    gateways = param.List(default=[])
    may_act = param.Boolean(default=True)
    probing = param.Boolean(default=False)
    zone = param.String(default="UTC")

    _esm = source("gateways.js")
    _stylesheets: ClassVar[list[str]] = sheets("gateways.css")
    _messages: ClassVar[dict[str, Any]] = {"probe": {"key": str}, "switch": {"key": str}}
