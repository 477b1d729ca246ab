"""What any text must be before it is stored: text at all, storable, not too long. Kept as it was written."""

from __future__ import annotations

from workbench.errors import InputError


def checked(value: object, what: str, longest: int) -> str:
    """``value`` unchanged. ``what`` starts the error's sentence: "The goal", "The strategy".

    Raises :class:`InputError` for something that is not text, holds what no database stores, or is too long.
    """
    if not isinstance(value, str):
        raise InputError(f"{what} must be text, not {type(value).__name__}.")
    if len(value) > longest:
        raise InputError(
            f"{what} is {len(value):,} characters long; the limit is {longest:,}. Shorten it by "
            f"{len(value) - longest:,}."
        )
    if "\x00" in value:
        raise InputError(f"{what} holds a NUL character. Remove it.")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InputError(f"{what} holds half of a character at position {error.start + 1}. Remove it.") from error
    return value


def stated(value: object, what: str, longest: int) -> str:
    """Like :func:`checked`, and not blank."""
    text = checked(value, what, longest)
    if not text.strip():
        raise InputError(f"{what} is empty. Write something first.")
    return text
