"""Two operators act on the same items at random, on what they saw a while ago, while a worker sends them.

``CHAOS_OPERATORS`` says how many stories there are on each database; a short run tells the same ones each time.
"""

from __future__ import annotations

import os
import random
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from tests.chaos.operators_actions import CREATIVES, DECISIONS, QUEUED, REVOCABLE, Action, possible
from tests.chaos.operators_office import OPERATORS, PASSES, Office
from workbench.services.audit import Actor

LONG = int(os.environ.get("CHAOS_OPERATORS", "0"))

NewDatabase = Callable[[], str]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NewDatabase]:
    """Makes a fresh database at head, each time it is called."""
    if request.param == "sqlite":
        template = request.getfixturevalue("_sqlite_template")
        yield lambda: f"sqlite:///{shutil.copy(template, tmp_path / f'{uuid.uuid4().hex}.db')}"
        return
    template, url = request.getfixturevalue("_postgres_template"), request.getfixturevalue("postgres_url")
    admin, made = sa.create_engine(url, isolation_level="AUTOCOMMIT"), []

    def make() -> str:
        made.append(f"s_{uuid.uuid4().hex[:12]}")
        with admin.connect() as connection:
            for name in made[-2:-1]:
                connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            connection.exec_driver_sql(f"CREATE DATABASE {made[-1]} TEMPLATE {template}")
        return sa.make_url(url).set(database=made[-1]).render_as_string(hide_password=False)

    yield make
    with admin.connect() as connection:
        for name in made[-1:]:
            connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    admin.dispose()


class Story(RuleBasedStateMachine):
    """What may happen next. Every step is checked by the office."""

    def __init__(self, url: str, folder: Path) -> None:
        super().__init__()
        self.office = Office.open(url, folder)

    def teardown(self) -> None:
        self.office.close()

    @rule(data=st.data(), who=st.sampled_from(OPERATORS), action=st.sampled_from(CREATIVES))
    def change_creatives(self, data: st.DataObject, who: Actor, action: Action) -> None:
        self._act(data, who, action)

    @rule(data=st.data(), who=st.sampled_from(OPERATORS), action=st.sampled_from(QUEUED))
    def change_queue(self, data: st.DataObject, who: Actor, action: Action) -> None:
        self._act(data, who, action)

    @rule(data=st.data(), who=st.sampled_from(OPERATORS), action=st.sampled_from(DECISIONS))
    def decide(self, data: st.DataObject, who: Actor, action: Action) -> None:
        self._act(data, who, action)

    @rule(data=st.data(), who=st.sampled_from(OPERATORS), action=st.sampled_from(REVOCABLE))
    def decide_and_take_back(self, data: st.DataObject, who: Actor, action: Action) -> None:
        self.look(who)
        if possible(action, self.office.desks[who.name]):
            self.office.act_and_undo(who, action, _pick(data))

    def look(self, who: Actor) -> None:
        self.office.desks[who.name].look(self.office.state)

    @rule(passed=st.sampled_from(PASSES))
    def time_passes(self, passed: Any) -> None:
        self.office.set_clock(self.office.now + passed)

    @precondition(lambda self: self.office.state["execution_queue"])
    @rule(data=st.data())
    def work(self, data: st.DataObject) -> None:
        self.office.wait_until_due()
        self.office.work(_pick(data), lambda: self._meanwhile(data))

    def _meanwhile(self, data: st.DataObject) -> None:
        action = data.draw(st.sampled_from([None, None, *CREATIVES, *QUEUED, *DECISIONS]))
        if action is not None:
            self._act(data, data.draw(st.sampled_from(OPERATORS)), action)

    def _act(self, data: st.DataObject, who: Actor, action: Action) -> None:
        if data.draw(st.sampled_from(("looks", "looks", "acts on what was there"))) == "looks":
            self.look(who)
        if possible(action, self.office.desks[who.name]):
            self.office.act(who, action, _pick(data))


def _pick(data: st.DataObject) -> Callable[[Any], Any]:
    return lambda options: data.draw(st.sampled_from(options))


def test_whatever_two_operators_and_a_worker_do_the_rules_of_the_states_hold(
    new_database: NewDatabase, tmp_path: Path
) -> None:
    run_state_machine_as_test(
        lambda: Story(new_database(), tmp_path),
        settings=settings(
            max_examples=LONG or 12,
            stateful_step_count=60 if LONG else 40,
            deadline=None,
            derandomize=not LONG,
            suppress_health_check=list(HealthCheck),
            phases=(
                Phase.reuse,
                Phase.generate,
            ),  # a story takes too long to be told again and again, shorter each time
        ),
    )


def test_two_operators_and_a_worker_at_the_same_moment_leave_the_rules_holding(
    new_database: NewDatabase, tmp_path: Path, chance: random.Random
) -> None:
    office = Office.open(new_database(), tmp_path)
    try:
        for _ in range(LONG or 8):
            office.rush(chance, turns=6)
    finally:
        office.close()
