"""Through whom a project speaks: client A never through B's account."""

from __future__ import annotations

import pytest

from workbench.accounts import Account
from workbench.enums import Mode, Platform
from workbench.errors import NotConfigured, ScheduleInvalid, WorkbenchError
from workbench.services.projects import SIMULATED, choose_account

ONE = (Account(name="acme", platform=Platform.LINKEDIN, identity="urn:li:person:1"),)
TWO = (*ONE, Account(name="globex", platform=Platform.LINKEDIN, identity="urn:li:person:2"))
OTHER = (Account(name="mail", platform=Platform.EMAIL, identity="a@example.com"),)
LIVE, SIMULATION = Mode.LIVE, Mode.SIMULATION


@pytest.mark.parametrize(
    ("accounts", "bound", "mode", "expected"),
    [
        ((), None, SIMULATION, SIMULATED),
        ((), "acme", SIMULATION, SIMULATED),
        (OTHER, None, SIMULATION, SIMULATED),
        (ONE, None, SIMULATION, "acme"),
        (ONE, None, LIVE, "acme"),
        (ONE, "acme", LIVE, "acme"),
        (TWO, "globex", LIVE, "globex"),
        (TWO, "globex", SIMULATION, "globex"),
        ((), None, LIVE, NotConfigured),
        ((), "acme", LIVE, NotConfigured),
        (OTHER, None, LIVE, NotConfigured),
        (ONE, "gone", LIVE, NotConfigured),
        (ONE, "gone", SIMULATION, NotConfigured),
        (TWO, None, LIVE, ScheduleInvalid),
        (TWO, None, SIMULATION, ScheduleInvalid),
    ],
)
def test_the_account_a_project_speaks_through(
    accounts: tuple[Account, ...], bound: str | None, mode: Mode, expected: str | type[WorkbenchError]
) -> None:
    if isinstance(expected, str):
        assert choose_account("Launch", Platform.LINKEDIN, bound, accounts, mode) == expected
    else:
        with pytest.raises(expected):
            choose_account("Launch", Platform.LINKEDIN, bound, accounts, mode)


def test_the_refusal_names_the_accounts_to_choose_from() -> None:
    with pytest.raises(ScheduleInvalid, match=r"acme, globex.*Launch.*Bind it"):
        choose_account("Launch", Platform.LINKEDIN, None, TWO, LIVE)
