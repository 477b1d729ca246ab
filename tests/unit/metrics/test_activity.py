from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from workbench.errors import InputError
from workbench.metrics.activity import Key, decode, describe, encode
from workbench.metrics.views import ACTIVITY

AT = datetime(2026, 11, 19, 10, 0, 0, 123456, tzinfo=UTC)


def _row(**values: Any) -> dict[str, Any]:
    return dict.fromkeys(ACTIVITY.columns) | {"at": AT, "id": 1} | values


@pytest.mark.parametrize("key", [Key(AT, 1, 1), Key(AT.replace(microsecond=0), 5, 2**31 - 1)])
def test_a_cursor_says_where_a_row_stands(key: Key) -> None:
    assert decode(encode(key)) == key


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "nonsense",
        "ÿ",
        5,
        encode(Key(AT, 9, 1)),
        encode(Key(AT, 1, -1)),
        encode(Key(AT.replace(tzinfo=None), 1, 1)),
        encode(Key(AT, 1, 2**40)),
    ],
)
def test_what_is_no_cursor_is_refused_with_what_to_do(cursor: object) -> None:
    with pytest.raises(InputError, match="Leave before= out"):
        decode(cursor)


@pytest.mark.parametrize(
    ("row", "event", "detail", "tone"),
    [
        (
            _row(branch=1, what="SENT", platform="email", mode="live", title="Hi", lead="Lea Park", campaign="Spring"),
            "E-mail sent",
            "“Hi” to Lea Park · Spring",
            "ok",
        ),
        (
            _row(branch=1, what="SENT", platform="linkedin", mode="simulation", title="Hi", project="Launch"),
            "Posted on LinkedIn (simulated)",
            "“Hi” · Launch",
            "ok",
        ),
        (
            _row(branch=1, what="FAILED", platform="twitter", mode="live", words="duplicate text", project="Launch"),
            "X refused a post: duplicate text",
            "Launch",
            "error",
        ),
        (
            _row(branch=1, what="FAILED", platform="email", mode="live", words=None, title="Hi"),
            "E-mail not delivered",
            "“Hi” to somebody whose data was erased",
            "error",
        ),
        (
            _row(branch=1, what="UNKNOWN", platform="twitter", mode="live", words="timed out"),
            "Nobody knows whether a post reached X: timed out",
            "",
            "warn",
        ),
        (
            _row(branch=1, what="SENT", platform="fax", mode="live"),
            "Posted on fax",
            "",
            "ok",
        ),
        (
            _row(
                branch=2,
                what="strategy.reject",
                entity="strategy",
                entity_id=9,
                actor="Ada",
                facts='{"number": 3}',
                words="too broad",
                project="Launch",
            ),
            "Strategy 3 rejected",
            "Launch · by Ada · too broad",
            "warn",
        ),
        (
            _row(branch=2, what="user.password", entity="user", entity_id=1, actor="Ada", facts="null"),
            "A password was changed",
            "by Ada",
            "info",
        ),
        (
            _row(branch=3, what="INBOUND", platform="email", words="reply", lead="Lea Park", campaign="Spring"),
            "Lea Park wrote to us",
            "reply · by email · Spring",
            "ok",
        ),
        (
            _row(branch=3, what="OUTBOUND", platform="call", words="follow_up", lead=None, campaign="Spring"),
            "A lead was contacted",
            "follow up · by call · Spring",
            "info",
        ),
        (_row(branch=4, what="RUNNING", entity="COOs"), "Search for leads started", "COOs", "info"),
        (_row(branch=5, what="DONE", entity="COOs"), "Search for leads finished", "COOs", "ok"),
        (
            _row(branch=5, what="FAILED", entity="COOs", words="no credits"),
            "Search for leads failed: no credits",
            "COOs",
            "error",
        ),
    ],
)
def test_each_kind_of_event_in_words(row: dict[str, Any], event: str, detail: str, tone: str) -> None:
    assert describe(row) == (event, detail, tone)
