"""Drafts by a language model. Called outside any transaction: an answer may take a minute."""

from __future__ import annotations

from typing import Protocol

from workbench.enums import Platform
from workbench.errors import ContentInvalid
from workbench.generation import prompts
from workbench.generation.brief import Brief
from workbench.services.creative_text import CreativeText, problems


class Model(Protocol):
    """What is needed of a language model."""

    @property
    def model(self) -> str | None:
        """Its name, with which the text is labelled."""
        ...

    def complete(self, system: str, user: str) -> str:
        """Its answer. Raises a :class:`workbench.errors.WorkbenchError` when there is none."""
        ...


def source(model: Model) -> str:
    """The label of what ``model`` writes."""
    return f"model:{model.model or 'unnamed'}"[:200]


def creative(
    model: Model, platform: Platform, brief: Brief, current: CreativeText, instruction: str | None
) -> CreativeText:
    """A new text by ``model`` that its platform takes; a faulty answer is sent back once with its faults named.

    Raises :class:`ContentInvalid` when the second answer is faulty too, and what the model's client raises.
    """
    system = prompts.system(platform)
    faults: list[str] = []
    for _ in range(2):
        answer = model.complete(system, prompts.user(brief, current, instruction, faults))
        text = prompts.read(platform, answer, current)
        faults = problems(platform, text)
        if not faults:
            return text
    raise ContentInvalid(
        ["The model's text could not be used, twice.", *faults, "Nothing was changed; try another instruction."],
        platform=platform.value,
    )
