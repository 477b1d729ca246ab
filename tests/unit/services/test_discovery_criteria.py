from __future__ import annotations

from typing import Any

import pytest

from workbench.errors import InputError
from workbench.services.discovery_criteria import FIELDS, SENIORITIES, SIZES, name_of, read, to_apollo


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"titles": [" COO ", "", "COO", "Head\nof Operations"]}, {"titles": ["COO", "Head of Operations"]}),
        ({"keywords": "  cold   chain "}, {"keywords": "cold chain"}),
        ({"seniorities": ["VP"], "titles": None}, {"seniorities": ["vp"]}),
        ({"company_sizes": ["11 – 50", "51,200", "7-7"]}, {"company_sizes": ["11-50", "51-200", "7-7"]}),
        ({"locations": ("Berlin, Germany",), "keywords": ""}, {"locations": ["Berlin, Germany"]}),
    ],
)
def test_what_is_kept_is_tidy(given: dict[str, Any], kept: dict[str, Any]) -> None:
    assert read(given) == kept
    assert read(kept) == kept


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "Say what people"),
        ({"titles": [" "], "keywords": " "}, "Say what people"),
        (None, "must be a dict"),
        ("COO", "must be a dict"),
        ({"industry": "logistics"}, "cannot be searched by 'industry'"),
        ({"titles": "COO"}, "must be a list"),
        ({"titles": [7]}, "must be text"),
        ({"titles": ["x" * 201]}, "limit is 200"),
        ({"titles": [str(number) for number in range(51)]}, "51 are too many"),
        ({"seniorities": ["boss"]}, "no seniority 'boss'"),
        ({"company_sizes": ["50-11"]}, "from-to"),
        ({"company_sizes": ["many"]}, "from-to"),
        ({"keywords": "\x00"}, "NUL"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(given: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read(given)


def test_apollo_is_asked_in_its_own_words() -> None:
    everything = read(
        {
            "titles": ["COO"], "seniorities": ["vp"], "locations": ["Kiel"], "company_locations": ["Germany"],
            "company_sizes": ["11-50"], "keywords": "freight",
        }
    )  # fmt: skip
    assert set(everything) == set(FIELDS)
    assert to_apollo(everything) == {
        "person_titles": ["COO"],
        "person_seniorities": ["vp"],
        "person_locations": ["Kiel"],
        "organization_locations": ["Germany"],
        "organization_num_employees_ranges": ["11,50"],
        "q_keywords": "freight",
    }
    assert name_of(everything) == "COO · Vice president · Kiel · Germany · 11-50 employees · freight"


def test_everything_that_is_offered_can_be_asked_for_and_a_name_is_never_too_long() -> None:
    offered = read({"seniorities": list(SENIORITIES), "company_sizes": SIZES, "keywords": "x" * 200})
    assert len(offered["company_sizes"]) == len(SIZES)
    assert len(name_of(offered)) == 200
