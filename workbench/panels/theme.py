"""Colours and style sheets.

The tokens of ``components/tokens.css`` follow panel-material-ui's theme variables.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final

COMPONENTS: Final = Path(__file__).parent / "components"


def _bar(colour: str) -> dict[str, Any]:
    """The header's own colour: the primary one of the dark theme is too bright for a whole bar."""
    paint = {"backgroundColor": colour, "backgroundImage": "none", "color": "#ffffff", "boxShadow": "none"}
    return {"MuiAppBar": {"styleOverrides": {"root": paint}}}


_TYPOGRAPHY: Final[dict[str, Any]] = {"button": {"textTransform": "none", "fontWeight": 500}}

#: For ``pmu.Page(theme_config=…)``; what stands inside the page inherits it.
THEME: Final[dict[str, Any]] = {
    "light": {
        "palette": {
            "primary": {"main": "#5457cd", "contrastText": "#ffffff"},
            "secondary": {"main": "#5f6368", "contrastText": "#ffffff"},
            "success": {"main": "#2e7d32"},
            "warning": {"main": "#b45309"},
            "error": {"main": "#c62828"},
            "info": {"main": "#0277bd"},
            "background": {"default": "#f7f7fa", "paper": "#ffffff"},
        },
        "components": _bar("#5053c8"),
        "shape": {"borderRadius": 8},
        "typography": _TYPOGRAPHY,
    },
    "dark": {
        "palette": {
            "primary": {"main": "#9fa0f7", "contrastText": "#14141f"},
            "secondary": {"main": "#b0b3b8", "contrastText": "#14141f"},
            "success": {"main": "#66bb6a"},
            "warning": {"main": "#ffb74d"},
            "error": {"main": "#f4615a"},
            "info": {"main": "#4fc3f7"},
            "background": {"default": "#141519", "paper": "#1b1c21"},
        },
        "components": _bar("#2c2d5a"),
        "shape": {"borderRadius": 8},
        "typography": _TYPOGRAPHY,
    },
}


@cache
def style(name: str) -> str:
    """A style sheet of the components folder as text: inline, so that nothing flashes unstyled."""
    return (COMPONENTS / name).read_text(encoding="utf-8")


@cache
def script(*names: str) -> str:
    """JavaScript files of the components folder, one after the other, with the shared ``dom.js`` in front."""
    return "\n".join((COMPONENTS / name).read_text(encoding="utf-8") for name in ("dom.js", *names))
