"""The key that signs unsubscribe links and sign-in cookies: from the settings, or made once and kept."""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

from workbench.errors import NotConfigured
from workbench.settings import Settings

#: Shorter keys could be guessed.
SHORTEST: Final = 16
FILE: Final = "secret.key"


def secret_key(settings: Settings) -> str:
    """The installation's signing key.

    Without ``WORKBENCH_SECRET_KEY`` it stands in ``secret.key`` in the data folder, made at the first call,
    readable by its owner only. Programs that start at the same moment all get the same key. Hosts that do not
    share a data folder must be given the setting, or links signed by one are refused by another.

    Raises :class:`NotConfigured` when the key is too short or the file cannot be read or made.
    """
    if settings.secret_key is not None:
        return _long_enough(settings.secret_key.get_secret_value(), "WORKBENCH_SECRET_KEY")
    path = settings.data_dir / FILE
    try:
        with suppress(FileExistsError):
            if not path.exists():
                _make(path)
        return _long_enough(path.read_text(encoding="ascii").strip(), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise NotConfigured(
            f"The signing key {path} cannot be read or made: {error}. Set WORKBENCH_SECRET_KEY, or let the "
            "workbench write in its data folder."
        ) from error


def _long_enough(key: str, where: str) -> str:
    if len(key) < SHORTEST:
        raise NotConfigured(
            f"{where} is too short: {len(key)} characters, and it takes at least {SHORTEST}. Make one with: "
            'python -c "import secrets; print(secrets.token_urlsafe(32))"'
        )
    return key


def _make(path: Path) -> None:
    """Write a new key whole, then give it its name: nobody reads half a key, and the first one made stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".secret-")  # mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        # Unlike a rename, a hard link does not replace what another program put there meanwhile.
        os.link(name, path)
    finally:
        os.unlink(name)
