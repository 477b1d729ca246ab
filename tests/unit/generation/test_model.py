"""A model gets one second chance, and only a text its platform takes comes out."""

from __future__ import annotations

import pytest

from workbench.enums import Platform
from workbench.errors import ContentInvalid
from workbench.generation import model
from workbench.generation.brief import Brief
from workbench.services.creative_text import CreativeText

BRIEF = Brief("Launch", goal="More demos")
CURRENT = CreativeText("", "Old")


class Scripted:
    """Answers what it is given, and keeps what it was asked."""

    def __init__(self, *answers: str, name: str = "small") -> None:
        self.model = name
        self.answers = list(answers)
        self.asked: list[str] = []

    def complete(self, system: str, user: str) -> str:
        self.asked.append(user)
        return self.answers.pop(0)


def test_a_good_answer_is_taken_at_once() -> None:
    writer = Scripted("A new post")
    assert model.creative(writer, Platform.TWITTER, BRIEF, CURRENT, None).body_text == "A new post"
    assert len(writer.asked) == 1


def test_a_text_over_its_limit_is_sent_back_once_with_the_limit_named() -> None:
    writer = Scripted("x" * 300, "Short enough")
    assert model.creative(writer, Platform.TWITTER, BRIEF, CURRENT, None).body_text == "Short enough"
    assert "280" in writer.asked[1]


@pytest.mark.parametrize("answer", ["x" * 300, "Hi {{first_name|there}}"])
def test_a_second_faulty_answer_is_an_error_that_names_the_fault(answer: str) -> None:
    writer = Scripted(answer, answer, "never asked for")
    with pytest.raises(ContentInvalid, match="twice") as caught:
        model.creative(writer, Platform.TWITTER, BRIEF, CURRENT, None)
    assert len(caught.value.problems) == 3
    assert writer.answers == ["never asked for"]


def test_the_label_names_the_model_and_fits_its_column() -> None:
    assert model.source(Scripted(name="llama")) == "model:llama"
    assert len(model.source(Scripted(name="m" * 500))) == 200
