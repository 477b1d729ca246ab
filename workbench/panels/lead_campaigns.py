"""The dialog of a project's campaigns: which there are, stopping and starting them, a new one."""

from __future__ import annotations

from typing import Any

import panel_material_ui as pmu

from workbench import operator_services as ops
from workbench.errors import InputError
from workbench.panels.base import StateView, action
from workbench.panels.components.table import Table
from workbench.panels.new_project import typed
from workbench.panels.tools import number, number_input


class LeadCampaigns:
    """A dialog over the Leads page."""

    def __init__(self, page: StateView) -> None:
        self.page = page
        self.state = page.state

    def open(self) -> None:
        """Show the chosen project's campaigns. Raises :class:`InputError` without one."""
        if self.state.project_id is None:
            raise InputError("Choose a project in the header first: campaigns belong to a project.")
        self.name = pmu.TextInput(label="Name of a new campaign", max_length=200, sizing_mode="stretch_width")
        self.daily = number_input("Most e-mails a day (empty: no limit)")
        self.table = Table(
            label="Campaigns",
            columns=[
                {"key": "name", "label": "Campaign"},
                {"key": "leads", "label": "Leads", "kind": "number"},
                {"key": "state", "label": "State", "kind": "chip"},
            ],
            actions=[{"key": "stop", "label": "Stop", "tone": "error"}, {"key": "start", "label": "Let go out"}],
            on_act=self._click_switch,
            empty="No campaign yet.",
        )
        self._show()
        add = self.page.buttons(pmu.Button(label="Add campaign", on_click=self._click_add))
        self.page.open_dialog("Campaigns", self.table, self.name, self.daily, add, width="md")

    def _show(self) -> None:
        rows = self.state.call(ops.list_campaigns, self.state.project_id)
        lines = [
            {
                "id": row["id"],
                "name": row["name"],
                "leads": row["lead_count"],
                "state": {"text": "Active", "tone": "ok"} if row["active"] else {"text": "Stopped", "tone": "warn"},
                "actions": ["stop"] if row["active"] else ["start"],
            }
            for row in rows
        ]
        self.table.param.update(rows=lines, total=len(rows))

    @action
    def _click_switch(self, key: str, id: int) -> None:
        self.state.call(ops.set_campaign_active, id, key == "start", "switched on the Leads page")
        self._show()

    @action
    def _click_add(self, *_: Any) -> None:
        if self.state.project_id is None:
            return
        daily = number(self.daily)
        made = self.state.call(ops.create_campaign, self.state.project_id, typed(self.name), max_emails_per_day=daily)
        self.name.value = ""
        self._show()
        self.state.tell(f"The campaign {made['name']} was made.")
