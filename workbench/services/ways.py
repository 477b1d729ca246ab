"""Through whom, and under which rules, messages leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workbench.accounts import Account
from workbench.enums import Mode, Platform
from workbench.errors import NotConfigured, ScheduleInvalid
from workbench.models import Project
from workbench.services.projects import choose_account


@dataclass(frozen=True)
class Ways:
    """What the settings say of it."""

    accounts: Sequence[Account]
    mode: Mode
    public_url: str | None


class ChosenAccounts:
    """The account for each platform, decided once; or why there is none."""

    def __init__(self, project: Project, bound: Mapping[str, str], ways: Ways) -> None:
        self._project, self._bound, self._ways = project, bound, ways
        self._known: dict[Platform, tuple[str | None, str | None]] = {}

    def of(self, platform: Platform) -> tuple[str | None, str | None]:
        """The account, or the reason why there is none."""
        if platform not in self._known:
            self._known[platform] = self._decide(platform)
        return self._known[platform]

    def _decide(self, platform: Platform) -> tuple[str | None, str | None]:
        ways = self._ways
        try:
            account = choose_account(
                self._project.name, platform, self._bound.get(platform.value), ways.accounts, ways.mode
            )
        except (NotConfigured, ScheduleInvalid) as error:
            return None, error.message
        refused = live_email_problem(platform, ways.mode, ways.public_url)
        return (None, refused) if refused else (account, None)


def live_email_problem(platform: Platform, mode: Mode, public_url: str | None) -> str | None:
    """Why e-mail cannot go live: recipients must be able to unsubscribe. None when it can."""
    if platform is not Platform.EMAIL or mode is not Mode.LIVE or public_url:
        return None
    return (
        "E-mail goes live only with an unsubscribe link that works: set WORKBENCH_PUBLIC_URL to the https address "
        "under which recipients reach this workbench."
    )
