"""The workbench for ``panel serve panel_app.py --address 127.0.0.1``. It starts no worker, and says so."""

import panel as pn

from workbench import open_workbench
from workbench.web import session_page

session_page(pn.state.as_cached("workbench", open_workbench, keep_mirror=True)).servable()
