from __future__ import annotations

import ast
import re
from pathlib import Path
from string import Formatter

import pytest

import workbench
from workbench.metrics.audit_words import WORDS, audit_words

_ACTION = re.compile(
    r"(attempt|batch|campaign|creative|demo|discovery|gateway|intake|leads?|mode|project|safety|schedule|strategy|suppression|user)"
    r"\.[a-z_]+"
)


def _actions_in_the_code() -> set[str]:
    found = set()
    for folder in ("services", "operator_services", "execution"):
        for path in (Path(workbench.__file__).parent / folder).glob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and _ACTION.fullmatch(node.value):
                    found.add(node.value)
    return found


def test_every_action_that_is_recorded_has_words() -> None:
    assert _actions_in_the_code() - set(WORDS) == set()


def test_no_words_are_left_for_actions_nobody_records() -> None:
    computed = {f"{what}.{verb}" for what in ("safety", "project", "gateway") for verb in ("pause", "resume")}
    assert set(WORDS) - _actions_in_the_code() - computed == set()


@pytest.mark.parametrize("action", sorted(WORDS))
def test_words_never_fail_for_want_of_a_fact(action: str) -> None:
    words = audit_words(action, action.partition(".")[0], None, {})
    assert words.event
    assert words.tone in ("ok", "info", "warn", "error")


@pytest.mark.parametrize("action", sorted(WORDS))
def test_words_take_no_value_apart(action: str) -> None:
    """A fact is put in whole: no attribute or index of it can be asked for."""
    names = [name for _, name, _, _ in Formatter().parse(WORDS[action][0]) if name]
    assert all(name.isidentifier() for name in names)


def test_an_action_of_tomorrow_is_spelled_out() -> None:
    assert audit_words("intake.lock_down", "intake", 7, {}) == ("Brief 7 lock down", "info")


def test_facts_stand_in_the_words() -> None:
    assert audit_words("strategy.approve", "strategy", 9, {"number": 3}) == ("Strategy 3 approved", "ok")
    assert audit_words("lead.consent", "lead", 12, {"consent_status": "DNC"}).event == "Consent of lead 12 set to DNC"
