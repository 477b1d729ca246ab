"""Colours and style sheets.

The tokens of ``components/tokens.css`` follow panel-material-ui's theme variables.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final

COMPONENTS: Final = Path(__file__).parent / "components"


def _parts(bar: str) -> dict[str, Any]:
    """How single parts of the library differ from its defaults.

    ``bar`` is the header's own colour: the primary one of the dark theme is too bright for a whole bar. Who uses the
    keyboard sees where they are by a ring, as in our own components. The page keeps room under its header with an
    empty h5, which is no heading.
    """
    paint = {"backgroundColor": bar, "backgroundImage": "none", "color": "#ffffff", "boxShadow": "none"}
    # A name may be one endless word: it neither makes a dialog wider than the screen nor pushes its buttons out of it.
    title = {
        "overflow": "hidden", "overflowWrap": "anywhere", "flex": "0 1 auto", "minWidth": 0,
        "padding": 0, "margin": "16px 8px 16px 24px",
        "display": "-webkit-box", "WebkitBoxOrient": "vertical", "WebkitLineClamp": "3",
    }  # fmt: skip
    ring = {"&.Mui-focusVisible": {"outline": "2px solid currentColor", "outlineOffset": "2px"}}
    return {
        "MuiAppBar": {"styleOverrides": {"root": paint}},
        "MuiButtonBase": {"styleOverrides": {"root": ring}},
        "MuiDialogTitle": {"styleOverrides": {"root": title}},
        "MuiTypography": {"defaultProps": {"variantMapping": {"h5": "div"}}},
    }


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
        "components": _parts("#5053c8"),
        "shape": {"borderRadius": 8},
        "typography": _TYPOGRAPHY,
    },
    "dark": {
        "palette": {
            "primary": {"main": "#9fa0f7", "contrastText": "#14141f"},
            "secondary": {"main": "#b0b3b8", "contrastText": "#14141f"},
            "success": {"main": "#66bb6a", "dark": "#57a75b"},
            "warning": {"main": "#ffb74d"},
            "error": {"main": "#f4615a"},
            "info": {"main": "#4fc3f7"},
            "background": {"default": "#141519", "paper": "#1b1c21"},
        },
        "components": _parts("#2c2d5a"),
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
