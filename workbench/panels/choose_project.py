"""What a page of one project shows while none is chosen."""

from __future__ import annotations

from typing import Any

import panel as pn

from workbench.panels import safe
from workbench.panels.base import StateView
from workbench.panels.components.link_list import LinkList
from workbench.panels.layout import Later, card
from workbench.panels.state import WorkbenchState


class ChooseProject(StateView):
    """A list of the projects; clicking one chooses it and stays on the page."""

    def __init__(self, state: WorkbenchState, **params: Any) -> None:
        super().__init__(state, **params)
        self.title = safe.text("", kind="title")
        self.links = LinkList(on_follow=self._choose)
        self.view = Later(lambda: card(self.title, self.links, max_width=720, align="center"))

    def offer(self, wanted: bool) -> None:
        """Show the list, or hide it."""
        projects = self.state.projects
        words = "Choose a project" if projects else "There are no projects yet. Make one on the Command page."
        self.title.object = safe.text_html(words, "title")
        self.links.links = [
            {
                "text": row["name"],
                "detail": " · ".join(part for part in (row["client"], row["state"].capitalize()) if part),
                "page": self.state.page,
                "project": row["id"],
            }
            for row in projects
        ]
        self.view.reveal(wanted)

    def _choose(self, page: str, project: int) -> None:
        self.state.go(page, project_id=project, **self.state.filters)

    def __panel__(self) -> pn.viewable.Viewable:
        return self.view
