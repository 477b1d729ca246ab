"""A row becomes a lead, or says why not; a second row about the same person only fills in what is missing."""

from __future__ import annotations

from typing import Any

import pytest

from workbench.enums import Consent
from workbench.services.lead_columns import choose
from workbench.services.lead_rows import Lead, RowReader, RowRejected, first_name_of, gained, web_address

HEADER = ["Name", "First Name", "Last Name", "Title", "Company", "Email", "LinkedIn", "Consent", "Unsubscribed", "City"]


def read(**cells: str) -> Lead:
    row = {"Email": "ada@example.com"} | {name.replace("_", " "): value for name, value in cells.items()}
    return RowReader(HEADER, choose(HEADER, None)).read([row.get(column, "") for column in HEADER])


def test_every_cell_has_its_place() -> None:
    lead = read(
        First_Name="Ada", Last_Name="Lovelace", Title=" COO ", Company="Example", Email=" Ada@Example.COM ",
        LinkedIn="linkedin.com/in/ada", City="London",
    )  # fmt: skip
    assert lead == {
        "email": "Ada@Example.COM",
        "email_norm": "ada@example.com",
        "name": "Ada Lovelace",
        "first_name": "Ada",
        "title": "COO",
        "company": "Example",
        "linkedin_url": "https://linkedin.com/in/ada",
        "consent_status": Consent.UNKNOWN,
        "enrichment_data": {"City": "London"},
    }


def test_what_is_missing_is_none_and_empty_enrichment_is_not_stored() -> None:
    assert {value for field, value in read().items() if not field.startswith(("email", "consent"))} == {None}


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ({"Email": ""}, "missing"),
        ({"Email": "ada at example.com"}, "not valid"),
        ({"Email": "ada@example.com; bob@example.com"}, "not valid"),
        ({"Email": "ada@example.com\r\nBcc: eve@example.com"}, "line break"),
        ({"Email": "a\x1bda@example.com"}, "control character"),
        ({"Name": "x" * 301}, "name has 301 characters; the limit is 300"),
        ({"First_Name": "x" * 151}, "first name has 151"),
        ({"Title": "x" * 301}, "title has 301"),
        ({"Company": "x" * 301}, "company has 301"),
        ({"LinkedIn": "https://example.com/" + "x" * 500}, "linkedin url has 520"),
        ({"Consent": "perhaps"}, "Write UNKNOWN, CONSENTED or DNC"),
        ({"Unsubscribed": "perhaps"}, "Write yes or no"),
    ],
)
def test_a_row_that_cannot_be_used_says_why(cells: dict[str, str], says: str) -> None:
    with pytest.raises(RowRejected, match=says):
        read(**cells)


@pytest.mark.parametrize("cells", [["Ada", "ada@example.com"], ["Ada", "ada@example.com", "X", "Y"]])
def test_a_row_of_another_width_is_refused(cells: list[str]) -> None:
    header = ["name", "email", "company"]
    with pytest.raises(RowRejected, match=f"{len(cells)} cells where the header has 3"):
        RowReader(header, choose(header, None)).read(cells)


def test_empty_cells_too_many_do_no_harm() -> None:
    header = ["name", "email"]
    assert RowReader(header, choose(header, None)).read(["Ada", "ada@example.com", "", ""])["name"] == "Ada"


@pytest.mark.parametrize("formula", ["=1+1", "+49 40", "-2", "@SUM(A1)", '=HYPERLINK("http://x")'])
def test_a_formula_is_kept_as_the_text_it_is(formula: str) -> None:
    assert read(Name=formula)["name"] == formula


def test_a_line_break_in_a_name_never_reaches_a_subject() -> None:
    assert read(Name="Ada\r\nBcc: eve@example.com", Company="A\tB\x07")["name"] == "Ada Bcc: eve@example.com"
    assert read(Company="A\tB\x07")["company"] == "A B"


@pytest.mark.parametrize(
    ("consent", "unsubscribed", "read_as"),
    [
        ("", "", Consent.UNKNOWN),
        ("UNKNOWN", "no", Consent.UNKNOWN),
        ("n/a", "false", Consent.UNKNOWN),
        ("Consented", "", Consent.CONSENTED),
        ("yes", "false", Consent.CONSENTED),
        ("opt-in", "", Consent.CONSENTED),
        ("DNC", "", Consent.DNC),
        ("no", "", Consent.DNC),
        ("", "true", Consent.DNC),
        ("", "Opted out", Consent.DNC),
        ("yes", "yes", Consent.DNC),
    ],
)
def test_consent_is_read_from_the_words_people_write(consent: str, unsubscribed: str, read_as: Consent) -> None:
    assert read(Consent=consent, Unsubscribed=unsubscribed)["consent_status"] is read_as


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("Ada Lovelace", "Ada"),
        ("Jean-Luc O'Neill", "Jean-Luc"),
        ("Zoë Müller", "Zoë"),
        ("Ada", None),
        ("Lovelace, Ada", None),
        ("Dr Lovelace", None),
        ("A. Lovelace", None),
        ("A Lovelace", None),
        ("Ada King Lovelace", None),
        ("Depot 4", None),
        ("", None),
    ],
)
def test_a_first_name_is_taken_only_where_it_is_no_guess(name: str, first: str | None) -> None:
    assert first_name_of(name) == first


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("https://www.linkedin.com/in/ada", "https://www.linkedin.com/in/ada"),
        ("HTTP://linkedin.com/in/ada", "HTTP://linkedin.com/in/ada"),
        ("www.linkedin.com/in/ada", "https://www.linkedin.com/in/ada"),
        ("linkedin.com", "https://linkedin.com"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("https://", None),
        ("https://a b.com", None),
        ("n/a", None),
        ("-", None),
        ("/in/ada", None),
    ],
)
def test_only_a_web_address_becomes_something_to_click_on(value: str, address: str | None) -> None:
    assert web_address(value) == address
    lead = read(LinkedIn=value)
    assert lead["linkedin_url"] == address
    assert (lead["enrichment_data"] or {}).get("LinkedIn") == (None if address else value)


def lead(**values: Any) -> Lead:
    empty = dict.fromkeys(["name", "first_name", "title", "company", "linkedin_url", "enrichment_data"])
    return {**empty, "consent_status": Consent.UNKNOWN, **values}


@pytest.mark.parametrize(
    ("have", "row", "changes"),
    [
        (lead(), lead(), {}),
        (lead(), lead(name="Ada", company="X"), {"name": "Ada", "company": "X"}),
        (lead(name=""), lead(name="Ada"), {"name": "Ada"}),
        (lead(name="Ada"), lead(name="Augusta", title="COO"), {"title": "COO"}),
        (lead(name="Ada"), lead(), {}),
        (lead(), lead(enrichment_data={"City": "B"}), {"enrichment_data": {"City": "B"}}),
        (
            lead(enrichment_data={"City": "A"}),
            lead(enrichment_data={"City": "B", "State": "C"}),
            {"enrichment_data": {"City": "A", "State": "C"}},
        ),
        (lead(enrichment_data={"City": "A"}), lead(enrichment_data={"City": "B"}), {}),
        (lead(enrichment_data={"City": "A"}), lead(), {}),
    ],
)
def test_only_what_is_missing_is_filled_in(have: Lead, row: Lead, changes: Lead) -> None:
    assert gained(have, row) == changes
    assert gained({**have, **changes}, row) == {}, "the same row again must change nothing"


@pytest.mark.parametrize(
    ("was", "row", "becomes"),
    [
        ("UNKNOWN", "UNKNOWN", "UNKNOWN"),
        ("UNKNOWN", "CONSENTED", "CONSENTED"),
        ("UNKNOWN", "DNC", "DNC"),
        ("CONSENTED", "UNKNOWN", "CONSENTED"),
        ("CONSENTED", "CONSENTED", "CONSENTED"),
        ("CONSENTED", "DNC", "DNC"),
        ("DNC", "UNKNOWN", "DNC"),
        ("DNC", "CONSENTED", "DNC"),
        ("DNC", "DNC", "DNC"),
    ],
)
def test_consent_is_never_weakened_by_a_file(was: str, row: str, becomes: str) -> None:
    changes = gained(lead(consent_status=was), lead(consent_status=Consent(row)))
    assert changes.get("consent_status", was) == becomes
