"""Rejected rows go into a file that no spreadsheet runs, that is its owner's only, and that can be mended."""

from __future__ import annotations

import csv
import os
import stat
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from workbench.errors import NotConfigured
from workbench.services.lead_file import open_lead_file
from workbench.services.rejected_rows import (
    RejectedRows,
    file_name,
    forget,
)


def written(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_the_file_appears_only_when_the_import_holds(tmp_path: Path) -> None:
    rejects = RejectedRows(tmp_path / "rejected", "a.csv", ["name", "=email"])
    rejects.add(7, ["=1+1", "nobody"], "bad")
    rejects.finish()
    assert not list((tmp_path / "rejected").glob("*.csv"))
    path = rejects.keep()
    assert path == tmp_path / "rejected" / "a.csv"
    assert written(path) == [["rejected_row", "rejected_reason", "name", "'=email"], ["7", "bad", "'=1+1", "nobody"]]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_an_import_that_does_not_hold_leaves_nothing_behind(tmp_path: Path) -> None:
    rejects = RejectedRows(tmp_path, "a.csv", ["email"])
    rejects.add(2, ["x"], "bad")
    rejects.discard()
    assert not list(tmp_path.iterdir())


def test_without_a_rejected_row_there_is_no_file(tmp_path: Path) -> None:
    rejects = RejectedRows(tmp_path / "rejected", "a.csv", ["email"])
    rejects.finish()
    assert rejects.keep() is None
    rejects.discard()
    assert not list(tmp_path.iterdir())


def test_two_imports_of_the_same_second_have_a_file_each(tmp_path: Path) -> None:
    first, second, third = (RejectedRows(tmp_path, "a.csv", ["email"]) for _ in range(3))
    first.add(2, ["1"], "bad")
    second.add(2, ["2"], "bad")
    first.finish()
    first.keep()
    third.add(2, ["3"], "bad")
    for rejects in (second, third):
        rejects.finish()
        rejects.keep()
    assert {path.name: written(path)[1][2] for path in tmp_path.iterdir()} == {
        "a.csv": "1",
        "a-2.csv": "2",
        "a-3.csv": "3",
    }


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "rejected").write_text("a file where the folder should be")
    with pytest.raises(NotConfigured, match=r"cannot be written.*Nothing was imported.*WORKBENCH_DATA_DIR"):
        RejectedRows(tmp_path / "rejected", "a.csv", ["email"]).add(2, ["x"], "bad")


def test_a_mended_file_is_read_as_the_original_was(tmp_path: Path) -> None:
    header = ["name", "email", "=note"]
    rows = [["=1+1", "a@example.com", "'quoted"], ['Zoë; "Z"\nMüller', "b@", "-5"], ["too", "few"]]
    rejects = RejectedRows(tmp_path, "a.csv", header)
    for number, row in enumerate(rows, 2):
        rejects.add(number, row, "why, so")
    rejects.finish()
    path = rejects.keep()
    assert path is not None
    file = open_lead_file(path)
    assert file.header == tuple(header)
    assert [cells for _, cells in file.rows()] == rows


@pytest.mark.parametrize(
    ("original", "name"),
    [
        ("My leads (1).csv", "20261119T100000Z-campaign-3-My-leads-1.csv"),
        ("../../etc/passwd", "20261119T100000Z-campaign-3-passwd.csv"),
        ("", "20261119T100000Z-campaign-3-leads.csv"),
        ("Käufer.xlsx.csv", "20261119T100000Z-campaign-3-K-ufer.xlsx.csv"),
        ("x" * 200, f"20261119T100000Z-campaign-3-{'x' * 60}.csv"),
    ],
)
def test_the_name_tells_when_where_and_from_what(original: str, name: str) -> None:
    assert file_name(datetime(2026, 11, 19, 10, tzinfo=UTC), 3, original) == name


def test_an_erased_person_is_taken_out_of_every_file(tmp_path: Path) -> None:
    for name, emails in {"a": ["ada@example.com", "bob@example.com"], "b": ["ADA@example.com "], "c": ["x"]}.items():
        rejects = RejectedRows(tmp_path, f"{name}.csv", ["email"])
        for row, email in enumerate(emails, 2):
            rejects.add(row, [email], "bad")
        rejects.finish()
        rejects.keep()
    untouched = (tmp_path / "c.csv").read_bytes()
    assert forget(tmp_path, {"ada@example.com"}) == 2
    assert [row[2] for row in written(tmp_path / "a.csv")] == ["email", "bob@example.com"]
    assert stat.S_IMODE((tmp_path / "a.csv").stat().st_mode) == 0o600
    assert not (tmp_path / "b.csv").exists()
    assert (tmp_path / "c.csv").read_bytes() == untouched
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "c.csv"]


def test_a_file_saved_in_another_encoding_is_searched_too(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("name,email\nZoë,zoe@example.com\nJosé,jose@example.com\n".encode("cp1252"))
    assert forget(tmp_path, {"zoe@example.com"}) == 1
    assert (tmp_path / "a.csv").read_bytes().splitlines() == [b"name,email", "José,jose@example.com".encode("cp1252")]


def test_what_a_crashed_import_left_goes_after_a_day(tmp_path: Path) -> None:
    old, running = tmp_path / "old.part", tmp_path / "running.part"
    for path in (old, running):
        path.write_text("ada@example.com")
    two_days_ago = time.time() - 2 * 24 * 3600
    os.utime(old, (two_days_ago, two_days_ago))
    forget(tmp_path, {"ada@example.com"})
    assert [path.name for path in tmp_path.iterdir()] == ["running.part"]


def test_without_a_folder_there_is_nothing_to_forget(tmp_path: Path) -> None:
    assert forget(tmp_path / "rejected", {"ada@example.com"}) == 0


def test_a_file_that_cannot_be_rewritten_stops_the_erasure(tmp_path: Path) -> None:
    (tmp_path / "a.csv").mkdir()
    with pytest.raises(NotConfigured, match=r"Nothing was erased"):
        forget(tmp_path, {"ada@example.com"})
