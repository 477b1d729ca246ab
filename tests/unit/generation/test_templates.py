"""Template drafts are whole texts that their platform takes, whatever the brief says."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.enums import Platform
from workbench.generation import templates
from workbench.generation.brief import Brief
from workbench.services.creative_text import problems
from workbench.services.strategies import LONGEST

BRIEF = Brief(
    "Spring launch", client="Acme", goal="Cut planning time in half", constraints="No discounts",
    audience="Operations managers", budget="10,000 EUR", target_niche="Logistics",
)  # fmt: skip
EVERY = list(itertools.product(Platform, range(templates.VARIANTS)))
anything = st.text(max_size=400) | st.text(alphabet=st.sampled_from("漢{}.co#@ m"), max_size=3_000)


@pytest.mark.parametrize(("platform", "variant"), EVERY)
def test_a_draft_is_made_of_goal_audience_and_niche(platform: Platform, variant: int) -> None:
    text = templates.creative(platform, BRIEF, variant)
    assert problems(platform, text) == []
    assert "ut planning time in half" in text.body_text
    assert "perations managers in logistics" in text.body_text
    assert text.title


@pytest.mark.parametrize("platform", list(Platform))
def test_the_variants_differ_and_come_round_again(platform: Platform) -> None:
    drafts = [templates.creative(platform, BRIEF, number) for number in range(templates.VARIANTS + 1)]
    assert len(set(drafts)) == templates.VARIANTS
    assert drafts[0] == drafts[-1]


@pytest.mark.parametrize("variant", range(templates.VARIANTS))
def test_an_email_speaks_to_its_reader_with_fallbacks(variant: int) -> None:
    text = templates.creative(Platform.EMAIL, BRIEF, variant)
    assert "Hi {{first_name|there}}," in text.body_text
    assert "{{company|your team}}" in text.title + text.body_text
    assert text.body_text.endswith("Acme")


@given(anything, anything, anything, anything)
def test_no_brief_makes_a_draft_its_platform_refuses(goal: str, audience: str, niche: str, strategy: str) -> None:
    brief = Brief("P", goal=goal, audience=audience, target_niche=niche, strategy=f"## Message\n\n{strategy}")
    for platform, variant in EVERY:
        assert problems(platform, templates.creative(platform, brief, variant)) == []


def test_an_empty_brief_still_gives_readable_drafts() -> None:
    text = templates.creative(Platform.LINKEDIN, Brief("Launch"))
    assert "teams like yours" in text.body_text.lower()
    assert "  " not in text.body_text


@pytest.mark.parametrize("platform", list(Platform))
def test_another_is_never_what_the_creative_says_already(platform: Platform) -> None:
    for version in range(1, 7):
        for variant in range(templates.VARIANTS):
            current = templates.creative(platform, BRIEF, variant)
            assert templates.another(platform, BRIEF, version, current) != current


def test_a_strategy_repeats_the_brief_and_names_what_it_lacks() -> None:
    text = templates.strategy(BRIEF)
    for said in (BRIEF.goal, BRIEF.audience, BRIEF.budget, BRIEF.constraints, BRIEF.target_niche):
        assert said in text
    assert "does not name" not in text
    assert templates.strategy(Brief("Launch")).count("does not name") == 5


def test_a_strategy_from_the_longest_brief_can_be_saved_again() -> None:
    longest = "word " * 2_000
    text = templates.strategy(Brief("P", goal=longest, audience=longest, budget=longest, constraints=longest))
    assert len(text) < LONGEST


def test_a_table_in_the_strategy_survives_a_brief_with_bars() -> None:
    assert "a \\| b" in templates.strategy(Brief("P", audience="a | b"))
