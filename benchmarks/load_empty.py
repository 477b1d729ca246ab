"""The page that the workbench's first load is compared with: panel-material-ui's own, with nothing on it."""

from __future__ import annotations

import sys

import panel as pn
import panel_material_ui as pmu

SIGN = "An empty page"


def empty_page() -> pmu.Page:
    pn.extension()
    return pmu.Page(title=SIGN)


if __name__ == "__main__":
    pn.serve(empty_page, address="127.0.0.1", port=int(sys.argv[1]), show=False, title=SIGN)
