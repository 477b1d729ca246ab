"""Nothing is sent to a suppressed address, plain or known by its hash alone."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from workbench.enums import Role, SuppressionReason
from workbench.errors import InputError, PermissionDenied
from workbench.models import AuditEvent
from workbench.operator_services.suppressions import (
    count_suppressions,
    import_suppressions,
    lift_suppression,
    list_suppressions,
    suppress_address,
)
from workbench.services import suppressions
from workbench.services.audit import Actor


def test_an_address_is_suppressed_in_every_spelling(db: Session) -> None:
    row = suppress_address(db, " Ada@Example.COM ", "Wrote an angry letter")
    assert (row["address"], row["reason"], row["source"]) == ("ada@example.com", "operator", "Ada")
    assert suppressions.is_suppressed(db, "ada@example.com")
    assert not suppressions.is_suppressed(db, "bob@example.com")


@pytest.mark.parametrize("reason", list(SuppressionReason))
def test_a_kind_of_reason_is_stored_as_such(db: Session, reason: SuppressionReason) -> None:
    assert suppress_address(db, "ada@example.com", reason)["reason"] == reason


def test_a_hash_suppresses_like_the_address(db: Session) -> None:
    suppressions.forget_address(db, "ada@example.com", "erased")
    suppressions.suppress(db, "bob@example.com", SuppressionReason.BOUNCE, "test")
    people = ["ada@example.com", "bob@example.com", "eve@example.com"]
    assert suppressions.suppressed_among(db, people) == {"ada@example.com", "bob@example.com"}
    assert suppressions.erased_among(db, people) == {"ada@example.com"}
    assert suppressions.suppressed_among(db, []) == set()


def test_many_addresses_are_looked_up_in_pieces(db: Session) -> None:
    for number in (0, 7_000, 11_999):
        suppressions.suppress(db, f"a{number}@example.com", SuppressionReason.BOUNCE, "test")
    found = suppressions.suppressed_among(db, (f"a{number}@example.com" for number in range(12_000)))
    assert found == {"a0@example.com", "a7000@example.com", "a11999@example.com"}


def test_repeating_it_keeps_what_was_stored_first(db: Session) -> None:
    first = suppress_address(db, "ada@example.com", "bounce")
    assert suppress_address(db, "ADA@example.com", "complaint") == first
    assert db.scalar(sa.select(sa.func.count()).select_from(AuditEvent)) == 1


def test_lifting_removes_address_and_hash(db: Session) -> None:
    suppress_address(db, "ada@example.com", "bounce")
    db.add(suppressions.Suppression(address_norm=suppressions.address_hash("ada@example.com"), reason="operator"))
    db.commit()
    assert lift_suppression(db, "Ada@example.com", "The mailbox works again") is True
    assert not suppressions.is_suppressed(db, "ada@example.com")
    assert lift_suppression(db, "ada@example.com", "Again") is False


def test_the_list_is_newest_first_and_shows_nobody_who_was_erased(db: Session) -> None:
    suppress_address(db, "ada@example.com", "bounce")
    suppress_address(db, "bob@example.com", "complaint")
    suppressions.forget_address(db, "ada@example.com", "erased")
    db.commit()
    assert [(row["address"], row["reason"]) for row in list_suppressions(db)] == [
        ("bob@example.com", "complaint"),
        (None, "bounce"),
    ]


def test_the_audit_log_holds_no_address(db: Session) -> None:
    suppress_address(db, "ada@example.com", "Wrote a letter")
    lift_suppression(db, "ada@example.com", "Wrote another")
    events = db.scalars(sa.select(AuditEvent).order_by(AuditEvent.id)).all()
    assert [(event.action, event.reason) for event in events] == [
        ("suppression.add", "Wrote a letter"),
        ("suppression.lift", "Wrote another"),
    ]
    assert not any("ada@" in str((event.before, event.after)) for event in events)


@pytest.mark.parametrize(
    ("address", "reason"),
    [("nobody", "bounce"), ("ada@example.com\r\nBcc: x@example.com", "bounce"), ("ada@example.com", " ")],
)
def test_what_makes_no_sense_is_refused(sqlite_db: Session, address: str, reason: str) -> None:
    with pytest.raises(InputError):
        suppress_address(sqlite_db, address, reason)
    assert list_suppressions(sqlite_db) == []


def test_a_reason_that_names_the_address_is_refused(sqlite_db: Session) -> None:
    with pytest.raises(InputError, match="must not name the address"):
        suppress_address(sqlite_db, "ada@example.com", "Ada@Example.com wrote")
    with pytest.raises(InputError, match="must not name the address"):
        lift_suppression(sqlite_db, "ada@example.com", "ada@example.com wrote")


def test_operators_suppress_and_approvers_lift(sessions: sessionmaker[Session]) -> None:
    with sessions(info={"actor": Actor("Vic", Role.VIEWER)}) as viewer:
        with pytest.raises(PermissionDenied):
            suppress_address(viewer, "ada@example.com", "bounce")
        assert list_suppressions(viewer) == []
    with sessions(info={"actor": Actor("Olu", Role.OPERATOR)}) as operator:
        suppress_address(operator, "ada@example.com", "bounce")
        with pytest.raises(PermissionDenied, match="approver"):
            lift_suppression(operator, "ada@example.com", "It works again")
    with sessions(info={"actor": Actor("Ana", Role.APPROVER)}) as approver:
        assert lift_suppression(approver, "ada@example.com", "It works again") is True


LIST = "Name,Email,Why\nAda,Ada@Example.com,left\nBob,bob@example.com,\nCy,nonsense,\nBob again,BOB@example.com,\n"


@pytest.mark.parametrize(
    "data", [LIST, LIST.encode("utf-16"), "ada@example.com\n\nbob@example.com;\nnonsense\nbob@example.com\n"]
)
def test_a_list_is_suppressed_as_a_whole_and_every_row_is_answered_for(db: Session, data: str | bytes) -> None:
    suppress_address(db, "ada@example.com", "complaint")
    result = import_suppressions(db, data, "unsubscribe")
    assert (result["added"], result["already"], result["rejected_count"]) == (1, 2, 1)
    assert [one["row"] for one in result["rejected"]] == [4]
    assert {row["address"]: row["reason"] for row in list_suppressions(db)} == {
        "ada@example.com": "complaint",
        "bob@example.com": "unsubscribe",
    }
    event = db.scalars(sa.select(AuditEvent).order_by(AuditEvent.id.desc())).first()
    assert event is not None
    assert (event.action, event.reason, event.after) == (
        "suppression.import",
        "unsubscribe",
        {"added": 1, "already": 2, "rejected": 1},
    )
    assert import_suppressions(db, data, "unsubscribe")["added"] == 0


@pytest.mark.parametrize(
    ("data", "reason", "says"),
    [("name,company\nAda,X\n", "bounce", "e-mail"), ("ada@example.com", "", "why"), ("a@b.de", "ask a@b.de", "name")],
)
def test_a_list_that_is_none_changes_nothing(db: Session, data: str, reason: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        import_suppressions(db, data, reason)
    assert list_suppressions(db) == []


def test_suppressions_are_found_by_address_and_reason_a_page_at_a_time(db: Session) -> None:
    import_suppressions(db, "".join(f"p{number}@example.com\n" for number in range(5)), "bounce")
    suppress_address(db, "eve@example.com", "complaint")
    suppressions.forget_address(db, "gone@example.com", "erased")
    db.commit()
    assert [row["address"] for row in list_suppressions(db, search="P3@")] == ["p3@example.com"]
    assert list_suppressions(db, search="sha256") == []
    assert count_suppressions(db) == 7
    assert count_suppressions(db, reason="bounce") == 5
    pages = [list_suppressions(db, reason="bounce", page=page, page_size=2) for page in (1, 2, 3)]
    assert [row["address"] for page in pages for row in page] == [
        f"p{number}@example.com" for number in (4, 3, 2, 1, 0)
    ]
    for wrong in ({"page_size": 0}, {"reason": "boredom"}, {"page": True, "page_size": 5}):
        with pytest.raises(InputError):
            list_suppressions(db, **wrong)  # type: ignore[arg-type]
