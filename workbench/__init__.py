"""Command Center: a workbench for the people who run AI-assisted marketing campaigns for clients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.bootstrap import Workbench, open_workbench

__all__ = ["Workbench", "__version__", "open_workbench"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    # Imported when asked for, so that `import workbench.errors` costs nothing and imports run one way.
    if name in ("Workbench", "open_workbench"):
        from workbench import bootstrap

        return getattr(bootstrap, name)
    raise AttributeError(f"module 'workbench' has no attribute {name!r}")
