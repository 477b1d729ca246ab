"""The command line: every command answers in words a person can act on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from workbench import open_workbench
from workbench.cli import main
from workbench.operator_services import get_mode, get_projects_pipeline, list_leads, list_users

Run = Callable[..., Result]

LEADS = "name,email,company\nLena Vogt,lena@example.com,Northwind\nOmar,omar@example.com,Helio\nKim,nonsense,Atlas\n"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setenv("WORKBENCH_DATA_DIR", str(tmp_path / "data"))

    def run(*arguments: str, typed: str | None = None) -> Result:
        return CliRunner().invoke(main, arguments, input=typed)

    return run


def test_import_makes_project_and_campaign_once_and_twice_changes_nothing(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "leads.csv"
    file.write_text(LEADS)
    arguments = ("import", str(file), "--project", "Launch", "--client", "Northwind", "--campaign", "Carriers")
    first, second = run(*arguments), run(*arguments)
    assert "2 imported, 0 merged, 0 unchanged, 1 rejected" in first.output
    assert "0 imported, 0 merged, 2 unchanged, 1 rejected" in second.output
    with open_workbench().session() as db:
        assert len(get_projects_pipeline(db)) == 1
        assert len(list_leads(db)) == 2


def test_a_file_that_is_no_list_of_leads_leaves_no_project_behind(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "leads.csv"
    file.write_bytes(b"PK\x03\x04 a spreadsheet")
    result = run("import", str(file), "--project", "Launch", "--campaign", "Carriers")
    assert result.exit_code == 1
    assert "Error: " in result.output
    assert "Traceback" not in result.output
    with open_workbench().session() as db:
        assert get_projects_pipeline(db) == []


def test_mode_asks_before_it_goes_live_and_a_demo_refuses(run: Run) -> None:
    assert run("mode").output.strip() == "simulation"
    assert run("mode", "live", typed="n\n").exit_code == 1
    assert run("demo", "--as-of", "2026-11-19T10:00:00Z").exit_code == 0
    refused = run("mode", "live", typed="y\n")
    assert refused.exit_code == 1
    assert "demo" in refused.output
    with open_workbench().session() as db:
        assert get_mode(db) == "simulation"


def test_the_demo_refuses_a_database_that_is_in_use(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "leads.csv"
    file.write_text(LEADS)
    run("import", str(file), "--project", "Launch", "--campaign", "Carriers")
    refused = run("demo")
    assert refused.exit_code == 1
    assert "has projects already" in refused.output


def test_users_are_added_by_name_and_then_somebody_must_say_who_they_are(run: Run) -> None:
    password = "correct horse battery"
    added = run("users", "add", "Maya", "--role", "admin", typed=f"{password}\n{password}\n")
    assert added.exit_code == 0, added.output
    assert password not in added.output
    assert run("users", "list").exit_code == 1
    assert "Maya" in run("users", "list", "--as", "maya").output
    assert (
        run("users", "add", "Omar", "--role", "viewer", "--as", "Maya", typed=f"{password}\n{password}\n").exit_code
        == 0
    )
    assert "last administrator" in run("users", "disable", "Maya", "--as", "Maya").output
    assert run("users", "role", "Omar", "operator", "--as", "Maya").exit_code == 0
    assert run("users", "disable", "Omar", "--as", "Maya").exit_code == 0
    with open_workbench(actor="Maya").session() as db:
        assert [(user["name"], user["role"], user["disabled"]) for user in list_users(db)] == [
            ("Maya", "admin", False),
            ("Omar", "operator", True),
        ]


def test_doctor_says_what_is_unconfigured_and_what_to_do(run: Run) -> None:
    before = run("doctor")
    assert "does not exist yet" in before.output
    assert run("migrate").exit_code == 0
    after = run("doctor")
    assert after.exit_code == 0, after.output
    for words in ("is at head", "append-only", "Simulation", "None is alive", "Unconfigured", "WORKBENCH_PUBLIC_URL"):
        assert words in after.output


def test_doctor_ends_with_1_when_something_is_wrong(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("migrate")
    monkeypatch.setenv("WORKBENCH_SMTP_URL", "smtp://127.0.0.1:1")
    monkeypatch.setenv("WORKBENCH_EMAIL_FROM", "hello@example.com")
    assert "WORKBENCH_PUBLIC_URL" in run("doctor").output, "an account that cannot send says what it needs"
    monkeypatch.setenv("WORKBENCH_PUBLIC_URL", "https://mail.example.com")
    result = run("doctor")
    assert result.exit_code == 1
    assert "wrong" in result.output


def test_a_wrong_setting_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_LEASE_SECONDS", "soon")
    result = run("migrate")
    assert result.exit_code == 1
    assert "WORKBENCH_LEASE_SECONDS" in result.output


def test_a_file_without_an_address_column_leaves_no_project_behind(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "leads.csv"
    file.write_text("name,company\nLena,Northwind\n")
    result = run("import", str(file), "--project", "Launch", "--campaign", "Carriers")
    assert result.exit_code == 1
    assert "e-mail address" in result.output
    with open_workbench().session() as db:
        assert get_projects_pipeline(db) == []
