"""The tree drawn in the docstring is the tree."""

from __future__ import annotations

import inspect

import pytest

from workbench import errors


def _classes() -> list[type[errors.WorkbenchError]]:
    return [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.WorkbenchError)]


def test_every_error_stands_in_the_drawing_under_its_parent() -> None:
    drawn: dict[str, int] = {}
    for line in (errors.__doc__ or "").splitlines():
        words = line.replace("│", " ").replace("├──", "   ").replace("└──", "   ")
        name = words.split()[0] if words.split() else ""
        if isinstance(getattr(errors, name, None), type):
            drawn[name] = len(words) - len(words.lstrip())
    assert set(drawn) == {kind.__name__ for kind in _classes()}
    for kind in _classes():
        if kind is not errors.WorkbenchError:
            assert drawn[kind.__name__] > drawn[kind.__bases__[0].__name__]


@pytest.mark.parametrize("kind", _classes(), ids=lambda kind: kind.__name__)
def test_the_docstring_is_the_default_message(kind: type[errors.WorkbenchError]) -> None:
    if kind is errors.EditConflict:
        made: errors.WorkbenchError = errors.EditConflict(theirs="a", yours="b")
    elif kind is errors.ContentInvalid:
        made = errors.ContentInvalid(["Too long."])
        assert made.message == "Too long."
        return
    else:
        made = kind()
    assert made.message
    assert (kind.__doc__ or "").strip().startswith(made.message.split(".")[0])


def test_a_conflict_carries_both_texts() -> None:
    conflict = errors.EditConflict(theirs="their words", yours="my words")
    assert (conflict.theirs, conflict.yours) == ("their words", "my words")
