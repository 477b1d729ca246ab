"""Run notebooks and store their outputs: ``python -m tests.notebooks.execute [NOTEBOOK …]``.

What Panel puts into an output is hundreds of kilobytes that only a running kernel can use. It is cut to a few
characters that :file:`sanitize.cfg` still recognises, so that the files stay small and nbval still sees that a page
was shown.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[2] / "notebooks"
NOBODY = "00000000-0000-0000-0000-000000000000"

#: Beginning of an output → what is stored in its place. The scripts stay valid and do nothing.
_CUTS = (
    (re.compile(r"\s*<div id='[0-9a-f-]{36}'>"), f"<div id='{NOBODY}'>Run this cell to see the page.</div>"),
    (re.compile(r"\s*\(function\(root\)"), "(function(root) {})"),
    (re.compile(r"\s*if \(\(window\.PyViz === undefined\)"), "if ((window.PyViz === undefined)) {}"),
)


def execute(path: Path) -> None:
    """Run ``path`` from top to bottom in a fresh kernel and write it back. Raises when a cell fails."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}
    ).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            output["metadata"] = {} if "metadata" in output else output.get("metadata")
            _cut(output.get("data", {}))
            if output.get("metadata") is None:
                output.pop("metadata", None)
    notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    nbformat.write(notebook, path)


def _cut(data: dict[str, Any]) -> None:
    for kind, text in data.items():
        if isinstance(text, str):
            data[kind] = next((short for beginning, short in _CUTS if beginning.match(text)), text)


def main(paths: Iterable[str]) -> None:
    for path in [Path(path) for path in paths] or sorted(FOLDER.glob("*.ipynb")):
        execute(path)


if __name__ == "__main__":
    main(sys.argv[1:])
