"""JupyterLab on the notebooks, with every script served by this machine.

By default Panel's notebook extension loads its scripts from a CDN. Here the Jupyter server itself serves the files
that are installed with panel, panel-material-ui and bokeh (this module is a Jupyter server extension), and kernels,
which inherit its environment, are told to look there. Nothing is copied, and a notebook holds links, not scripts.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urljoin

import bokeh
import panel
import panel_material_ui
from jupyter_server.utils import url_path_join
from sqlalchemy import make_url
from tornado.web import StaticFileHandler

from workbench.panels.server import LAB_SCRIPTS
from workbench.settings import Settings, load

#: By default JupyterLab asks its makers' servers for news, updates and extensions…
_QUIET = [
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
]


#: … with the help of this plugin, which would also ask people whether it may.
_ANNOUNCEMENTS = "@jupyterlab/apputils-extension:announcements"


class InstalledFile(StaticFileHandler):
    """A file of an installed package: public, like Jupyter's own scripts."""

    def parse_url_path(self, url_path: str) -> str:
        # The names of Bokeh's files carry its version in links, not on disk.
        return super().parse_url_path(url_path.replace(f"-{bokeh.__version__}", ""))

    def set_extra_headers(self, path: str) -> None:
        # The links name one host (Panel takes only whole URLs); the person may have come by another of its names.
        self.set_header("Access-Control-Allow-Origin", "*")


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "workbench.web.lab"}]


def _load_jupyter_server_extension(server: Any) -> None:
    """Called by Jupyter before it listens: serve the scripts."""
    root = _mount(server)
    folders = {
        rf"{root}/panel/[^/]+/dist/(.*)": Path(panel.__file__).parent / "dist",
        rf"{root}/panel-material-ui/[^/]+/(.*)": Path(panel_material_ui.__file__).parent / "dist",
        rf"{root}/bokeh/bokeh/[^/]+/(.*)": Path(bokeh.__file__).parent / "server" / "static" / "js",
    }
    server.web_app.add_handlers(
        ".*$", [(route, InstalledFile, {"path": str(folder)}) for route, folder in folders.items()]
    )
    server.web_app.settings["page_config_hook"] = _without_announcements


async def _start_jupyter_server_extension(server: Any) -> None:
    """Called by Jupyter once its port is known: tell the kernels, which read this as they import Panel."""
    root = urljoin(server.public_url, _mount(server))
    os.environ["PANEL_CDN_ROOT"] = f"{root}/panel/"
    os.environ["PANEL_MATERIAL_UI_CDN_ROOT"] = f"{root}/panel-material-ui/v"


def _mount(server: Any) -> str:
    return str(url_path_join(server.base_url, LAB_SCRIPTS))


def _without_announcements(_: Any, page_config: dict[str, Any]) -> dict[str, Any]:
    return page_config | {"disabledExtensions": [*page_config["disabledExtensions"], _ANNOUNCEMENTS]}


def run_lab(arguments: list[str]) -> NoReturn:
    """Become JupyterLab in the notebooks folder; ``arguments`` are its own.

    Notebooks work on the data that ``workbench serve`` would, started from the same folder with the same settings.
    """
    environment = {**os.environ, **absolute_paths(load())}
    folder = Path(__file__).parents[2] / "notebooks"
    if folder.is_dir():
        os.chdir(folder)
    extension = "--ServerApp.jpserver_extensions={'workbench.web.lab': True}"
    command = [sys.executable, "-m", "jupyterlab", extension, *_QUIET, *arguments]
    os.execve(sys.executable, command, environment)  # noqa: S606 - in its place, so that signals reach it


def absolute_paths(settings: Settings) -> dict[str, str]:
    """The environment in which the paths of ``settings`` hold wherever a kernel runs: in its notebook's folder."""
    environment = {"WORKBENCH_DATA_DIR": str(settings.data_dir.resolve())}
    if settings.accounts is not None:
        environment["WORKBENCH_ACCOUNTS"] = str(settings.accounts.resolve())
    if settings.embedded and settings.database_url:
        url = make_url(settings.database_url)
        if url.database and not url.database.startswith((":", "file:")):
            whole = url.set(database=str(Path(url.database).resolve()))
            environment["WORKBENCH_DATABASE_URL"] = whole.render_as_string(hide_password=False)
    return environment
