from __future__ import annotations

import pytest

from workbench.errors import InputError
from workbench.panels.tools import number, number_input


@pytest.mark.parametrize(("text", "value"), [("", None), ("  ", None), ("0", 0), (" 60 ", 60), ("007", 7)])
def test_a_number_is_read_as_it_was_typed(text: str, value: int | None) -> None:
    widget = number_input("Minutes between two", 15)
    widget.value_input = text
    assert number(widget) == value


@pytest.mark.parametrize("text", ["soon", "1.5", "-3", "1e3", "½", "١٢"])
def test_what_is_no_whole_number_is_refused_by_the_name_of_the_input(text: str) -> None:
    widget = number_input("Minutes between two")
    widget.value_input = text
    with pytest.raises(InputError, match="Minutes between two"):
        number(widget)


def test_an_untouched_input_holds_what_it_was_given() -> None:
    assert number(number_input("Minutes between two", 15)) == 15
    assert number(number_input("At most a day")) is None
