"""Columns are recognised by the headers that programs really write, and a person may choose otherwise."""

from __future__ import annotations

import pytest

from workbench.errors import LeadFileInvalid
from workbench.services.lead_columns import FIELDS, choose, origin, recognise

APOLLO = [
    *("First Name", "Last Name", "Title", "Company", "Company Name for Emails", "Email", "Email Status"),
    *("Seniority", "Departments", "# Employees", "Industry", "Person Linkedin Url", "Website"),
    *("Company Linkedin Url", "City", "State", "Country", "Annual Revenue", "Technologies"),
]
LINKEDIN = ["First Name", "Last Name", "URL", "Email Address", "Company", "Position", "Connected On"]
HUBSPOT = [
    *("Record ID", "First Name", "Last Name", "Email", "Contact owner", "Lead Status", "Job Title"),
    *("Company Name", "Unsubscribed from all email"),
]


@pytest.mark.parametrize(
    ("header", "fields", "source"),
    [
        (
            APOLLO,
            {
                "First Name": "first_name",
                "Last Name": "last_name",
                "Title": "title",
                "Company": "company",
                "Email": "email",
                "Person Linkedin Url": "linkedin_url",
            },
            "apollo",
        ),
        (
            LINKEDIN,
            {
                "First Name": "first_name",
                "Last Name": "last_name",
                "URL": "linkedin_url",
                "Email Address": "email",
                "Company": "company",
                "Position": "title",
            },
            "linkedin",
        ),
        (
            HUBSPOT,
            {
                "First Name": "first_name",
                "Last Name": "last_name",
                "Email": "email",
                "Job Title": "title",
                "Company Name": "company",
                "Unsubscribed from all email": "do_not_contact",
            },
            "hubspot",
        ),
        (["name", "email", "company"], {"name": "name", "email": "email", "company": "company"}, "plain"),
        (
            ["E-Mail", "FULL_NAME", "Job  Title "],
            {"E-Mail": "email", "FULL_NAME": "name", "Job  Title ": "title"},
            "plain",
        ),
    ],
)
def test_each_source_is_recognised_and_the_rest_is_enrichment(
    header: list[str], fields: dict[str, str], source: str
) -> None:
    assert recognise(header) == dict.fromkeys(header) | fields
    assert origin(header) == source


@pytest.mark.parametrize(
    ("header", "column"),
    [
        (["Work Email", "Email"], "Email"),
        (["Email", "Work Email"], "Email"),
        (["Company Name for Emails", "Email", "Company Name"], "Email"),
    ],
)
def test_of_several_candidates_the_plainest_is_taken_and_no_field_twice(header: list[str], column: str) -> None:
    found = recognise(header)
    assert [name for name, field in found.items() if field == "email"] == [column]
    given = [field for field in found.values() if field]
    assert len(given) == len(set(given))


def test_a_plain_url_is_a_profile_only_in_linkedins_own_export() -> None:
    assert recognise(["Email", "URL"])["URL"] is None


def test_a_choice_takes_a_field_from_the_column_it_was_recognised_in() -> None:
    header = ["Email", "Old address", "Company"]
    assert choose(header, {"Old address": "email", "Company": None}) == {
        "Email": None,
        "Old address": "email",
        "Company": None,
    }


@pytest.mark.parametrize(
    ("header", "columns", "says"),
    [
        (["name", "company"], None, "No column holds e-mail addresses.*name, company"),
        (["Email"], {"Email": None}, "No column holds e-mail addresses"),
        (["Email"], {"Mail": "email"}, "no column 'Mail'"),
        (["Email", "x"], {"x": "salary"}, "cannot be read as 'salary'"),
        (["Email", "a", "b"], {"a": "company", "b": "company"}, "Two columns are chosen as company"),
        ([f"column {number}" for number in range(40)], None, "and 28 more"),
    ],
)
def test_a_choice_that_makes_no_sense_says_what_to_choose(
    header: list[str], columns: dict[str, str | None] | None, says: str
) -> None:
    with pytest.raises(LeadFileInvalid, match=says):
        choose(header, columns)


def test_every_field_has_words_a_person_chooses_it_by() -> None:
    assert all(label and label[0].isupper() for label in FIELDS.values())
