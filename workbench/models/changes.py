"""What changed, for the copies that follow the database: written by triggers, read by the mirror and by open pages."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from workbench.models.base import Base

_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


class ChangeLog(Base):
    """A row of a captured table was made, changed or deleted. Written by :mod:`workbench.triggers` alone.

    On PostgreSQL the table has one more column, ``xid`` (``xid8``, the writing transaction): ids are drawn before
    they are committed, so only the transaction tells what a reader has seen. SQLite has one writer and needs none,
    which is why it is no part of this model.
    """

    __tablename__ = "change_log"
    # An id is never used again, not even after the newest rows were pruned.
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - SQLAlchemy's own protocol

    id: Mapped[int] = mapped_column(_BIG, primary_key=True)
    #: The value of :data:`workbench.triggers.CAPTURED`.
    table_number: Mapped[int] = mapped_column(sa.SmallInteger)
    #: None: the whole table (it was truncated).
    row_id: Mapped[int | None]
    #: SQLite only, random: after a restore another change may be given the same id, but not the same mark.
    mark: Mapped[int | None] = mapped_column(sa.BigInteger)


class MirrorState(Base):
    """What every copy of this database compares itself with. One row, id 1."""

    __tablename__ = "mirror_state"
    __table_args__ = (sa.CheckConstraint("id = 1", name="singleton"),)

    #: Drawn anew whenever the triggers are installed: changes may have been missed, so copies reload in full.
    generation: Mapped[str] = mapped_column(String(32))
    #: Changes up to here were pruned (SQLite: ``change_log.id``; PostgreSQL: ``change_log.xid``).
    floor: Mapped[int] = mapped_column(_BIG, default=0, server_default="0")
