"""Write the pages under docs/reference that say what the code says: ``python scripts/make_reference.py``.

A test compares them with what this makes, so they cannot fall behind.
"""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic_core import PydanticUndefined

from workbench import accounts, enums, operator_services, settings

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "reference"


def settings_page() -> str:
    """Every setting with its default and meaning."""
    lines = [
        "# Settings",
        "",
        "Every setting is an environment variable. They are read once, when the workbench is opened.",
        "",
        "| variable | default | meaning |",
        "|---|---|---|",
    ]
    for name, field in settings.Settings.model_fields.items():
        default = "" if field.default in (None, PydanticUndefined) else f"`{field.default}`"
        lines.append(f"| `WORKBENCH_{name.upper()}` | {default} | {field.description} |")
    lines += [
        "",
        "## The accounts file",
        "",
        (
            "`WORKBENCH_ACCOUNTS` names a TOML file with one `[[account]]` table for each identity that posts or "
            "sends. It names the environment variables of the secrets, never the secrets."
        ),
        "",
        "| field | default | type |",
        "|---|---|---|",
    ]
    for name, field in accounts.Account.model_fields.items():
        if field.exclude:
            continue
        default = "required" if field.is_required() else ("" if field.default is None else f"`{field.default}`")
        lines.append(f"| `{name}` | {default} | {_type(field.annotation)} |")
    return "\n".join(lines) + "\n"


def states_page() -> str:
    """The transition tables."""
    lines = [
        "# States",
        "",
        (
            "What may become what, and when. Everything else is refused with the state and the reason; repeating a "
            "decision that is already so is harmless."
        ),
    ]
    tables: Mapping[str, enums.Transitions] = {
        "Project": enums.PROJECT_TRANSITIONS,
        "Creative": enums.CREATIVE_TRANSITIONS,
        "Queue row": enums.QUEUE_TRANSITIONS,
        "Search for people": enums.DISCOVERY_TRANSITIONS,
    }
    for title, table in tables.items():
        lines += ["", f"## {title}", "", "| from | to | when |", "|---|---|---|"]
        lines += [f"| {start.value} | {end.value} | {when} |" for (start, end), when in table.items()]
    return "\n".join(lines) + "\n"


def contract_page() -> str:
    """Every operation with its signature, and every shape one returns."""
    lines = [
        "# The operator contract",
        "",
        (
            "`from workbench.operator_services import …`. Every operation takes a SQLAlchemy session first, acts as "
            "the session's person, checks their role, writes the audit log, and is one whole transaction: it commits "
            "what it changes and rolls back when it raises. The errors are those of `workbench.errors`; all times are "
            "aware UTC."
        ),
    ]
    shapes: dict[str, type] = {}
    by_module: dict[str, list[Callable[..., Any]]] = {}
    for name in operator_services.__all__:
        function = getattr(operator_services, name)
        by_module.setdefault(function.__module__.rsplit(".", 1)[-1], []).append(function)
    for module, functions in sorted(by_module.items()):
        lines += ["", f"## {module.replace('_', ' ').capitalize()}"]
        for function in sorted(functions, key=lambda f: f.__name__):
            signature = inspect.signature(function)
            _collect(typing.get_type_hints(function).get("return"), shapes)
            shown = _parameters(signature)
            returns = _type(typing.get_type_hints(function).get("return"))
            lines += ["", f"### {function.__name__}", "", f"`{function.__name__}({shown})` → {returns}", ""]
            lines.append(inspect.cleandoc(function.__doc__ or ""))
    lines += ["", "## Shapes"]
    for name, shape in sorted(shapes.items()):
        lines += ["", f"### {name}", "", "| key | type |", "|---|---|"]
        lines += [f"| `{key}` | {_type(kind)} |" for key, kind in typing.get_type_hints(shape).items()]
    return "\n".join(lines) + "\n"


def _parameters(signature: inspect.Signature) -> str:
    bare = [p.replace(annotation=inspect.Parameter.empty) for p in signature.parameters.values()]
    return str(signature.replace(parameters=bare, return_annotation=inspect.Signature.empty))[1:-1]


def _type(kind: Any) -> str:
    if kind is None or kind is type(None):
        return "None"
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        return " or ".join(_type(part) for part in typing.get_args(kind))
    if typing.get_origin(kind) is typing.Literal:
        return " / ".join(f"`{value}`" for value in typing.get_args(kind))
    if typing.get_origin(kind) is typing.Annotated:
        return _type(typing.get_args(kind)[0])
    if typing.get_origin(kind):
        inner = ", ".join(_type(part) for part in typing.get_args(kind))
        return f"{typing.get_origin(kind).__name__} of {inner}"
    return getattr(kind, "__name__", str(kind))


def _collect(kind: Any, shapes: dict[str, type]) -> None:
    """Every TypedDict that ``kind`` mentions, and those they mention."""
    for part in typing.get_args(kind):
        _collect(part, shapes)
    if typing.is_typeddict(kind) and kind.__name__ not in shapes:
        shapes[kind.__name__] = kind
        for inner in typing.get_type_hints(kind).values():
            _collect(inner, shapes)


PAGES: Mapping[str, Callable[[], str]] = {
    "settings.md": settings_page,
    "states.md": states_page,
    "contract.md": contract_page,
}


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
