"""JupyterLab on the notebooks, with every script served by this machine.

By default Panel's notebook extension loads its scripts from a CDN. Here the Jupyter server itself serves the files
that are installed with panel, panel-material-ui and bokeh (as a server extension: this module), and the kernels are
told to look there.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import bokeh
import panel
import panel_material_ui
from jupyter_server.utils import url_path_join
from tornado.web import StaticFileHandler

#: Under the Jupyter server's base URL.
MOUNT = "workbench-static"


class InstalledFile(StaticFileHandler):
    """A file of an installed package. Scripts are public: Jupyter's own static files are as well."""

    def validate_absolute_path(self, root: str, absolute_path: str) -> str | None:
        # Bokeh's files carry their version in the CDN's names, not on disk.
        return super().validate_absolute_path(root, absolute_path.replace(f"-{bokeh.__version__}", ""))


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "workbench.web.lab"}]


def _load_jupyter_server_extension(server: Any) -> None:
    """Called by Jupyter: adds the routes the kernels' output refers to."""
    base = url_path_join(server.web_app.settings["base_url"], MOUNT)
    roots = {
        rf"/panel/{panel.io.resources.JS_VERSION}/dist/(.*)": Path(panel.__file__).parent / "dist",
        r"/material/[^/]+/(.*)": Path(panel_material_ui.__file__).parent / "dist",
        r"/bokeh/(?:bokeh/release|bokeh/dev)/(.*)": Path(bokeh.__file__).parent / "server" / "static" / "js",
    }
    server.web_app.add_handlers(
        ".*$", [(url_path_join(base, route), InstalledFile, {"path": str(root)}) for route, root in roots.items()]
    )


def environment(base_url: str = "/") -> dict[str, str]:
    """What the kernels must find in their environment, before Panel is imported."""
    root = url_path_join(base_url, MOUNT)
    return {
        "PANEL_CDN_ROOT": f"{root}/panel/",
        "PANEL_MATERIAL_UI_CDN_ROOT": f"{root}/material/v",
        "WORKBENCH_BOKEH_ROOT": f"{root}/bokeh",
    }


def run_lab(arguments: list[str]) -> int:
    """Run JupyterLab in the notebooks folder until it is stopped; its exit code."""
    folder = Path(__file__).parents[2] / "notebooks"
    command = [
        sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder}",
        "--ServerApp.jpserver_extensions={'workbench.web.lab': True}", *arguments,
    ]  # fmt: skip
    return subprocess.call(command, env={**os.environ, **environment()})  # noqa: S603 - our own command
