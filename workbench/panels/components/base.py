"""The base of our own components: a JavaScript module and a style sheet beside the Python class."""

from __future__ import annotations

from typing import Any, ClassVar

import panel as pn

from workbench.panels.clicks import clicks
from workbench.panels.theme import script, style


class Component(pn.custom.JSComponent):
    """A component that talks in messages ``{"type": …, …}``; ``on_<type>`` methods or functions answer them.

    Subclasses set ``_esm = source("board.js")`` and ``_stylesheets = sheets("board.css")``, hold JSON values
    in their parameters, and name what they accept in ``_messages``. A message of another type, or with the
    wrong shape, comes from a manipulated page: it is refused.
    """

    __abstract = True

    #: type -> names and Python types of the fields a message must have.
    _messages: ClassVar[dict[str, dict[str, type | tuple[type, ...]]]] = {}

    def __init__(self, **params: Any) -> None:
        self._handlers: dict[str, Any] = {}
        for name in self._messages:
            handler = params.pop(f"on_{name}", None)
            if handler is not None:
                self._handlers[name] = handler
        super().__init__(**{"sizing_mode": "stretch_width", "margin": 0} | params)

    def _handle_msg(self, data: Any) -> None:
        if not isinstance(data, dict) or data.get("type") not in self._messages:
            raise ValueError(f"{type(self).__name__} does not know this message: {data!r:.200}")
        fields = self._messages[data["type"]]
        values = {name: data.get(name) for name in fields}
        for name, kind in fields.items():
            wrong = isinstance(values[name], bool) and kind is int
            if wrong or not isinstance(values[name], kind):
                raise ValueError(f"{type(self).__name__}: {data['type']}.{name} is {values[name]!r:.100}")
        handler = self._handlers.get(data["type"])
        if handler is not None:
            with clicks.answering():
                handler(**values)

    def put(self, **values: Any) -> None:
        """Set those of these parameters that are not as they should be.

        To compare takes microseconds, to tell a browser milliseconds, and most of what is read again is as it was.
        """
        changed = {name: value for name, value in values.items() if getattr(self, name) != value}
        if changed:
            self.param.update(**changed)


def source(*names: str) -> str:
    """The ESM of a component: ``dom.js`` and the named files."""
    return script(*names)


def sheets(*names: str) -> list[str]:
    """The style sheets of a component: the shared tokens and the named files."""
    return [style("tokens.css"), *(style(name) for name in names)]
