"""What people to look for: as a person says it, as it is kept, and in Apollo's own words. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from workbench.errors import InputError
from workbench.services import texts

#: What may be asked for, with the words a person chooses it by.
FIELDS: Final[Mapping[str, str]] = {
    "titles": "Job titles",
    "seniorities": "Seniorities",
    "locations": "Where they live",
    "company_locations": "Where their company is",
    "company_sizes": "Employees of their company",
    "keywords": "Industry or other keywords",
}
SENIORITIES: Final[Mapping[str, str]] = {
    "owner": "Owner",
    "founder": "Founder",
    "c_suite": "C-suite",
    "partner": "Partner",
    "vp": "Vice president",
    "head": "Head",
    "director": "Director",
    "manager": "Manager",
    "senior": "Senior",
    "entry": "Entry",
    "intern": "Intern",
}
#: Sizes a person may choose among; any other ``from-to`` is understood as well.
SIZES: Final = ("1-10", "11-50", "51-200", "201-500", "501-1000", "1001-5000", "5001-10000", "10001-1000000")

#: Values of one field, and characters of one value.
MOST_VALUES: Final = 50
LONGEST: Final = 200

_APOLLO: Final = {
    "titles": "person_titles",
    "seniorities": "person_seniorities",
    "locations": "person_locations",
    "company_locations": "organization_locations",
}
_SIZE: Final = re.compile(r"(\d{1,7})\s*[-–,]\s*(\d{1,7})")

Criteria = dict[str, Any]


def read(given: object) -> Criteria:
    """``given`` as it is kept: ``keywords`` a text, every other field of :data:`FIELDS` a list, blanks left out.

    Raises :class:`InputError`, naming what cannot be used, also when nothing at all narrows the search.
    """
    if not isinstance(given, Mapping):
        raise InputError("The criteria must be a dict such as {'titles': ['COO'], 'locations': ['Germany']}.")
    for name in given:
        if name not in FIELDS:
            raise InputError(f"People cannot be searched by {name!r}. Choose among {', '.join(FIELDS)}.")
    found: Criteria = {}
    for name in FIELDS:
        if name == "keywords":
            if words := _text(given.get(name), "keywords"):
                found[name] = words
        elif values := _values(given.get(name), name):
            found[name] = values
    if not found:
        raise InputError("Say what people to look for: a job title, a place or a keyword at least.")
    return found


def to_apollo(criteria: Criteria) -> dict[str, Any]:
    """``criteria``, as :func:`read` answers them, in the names that Apollo's search takes."""
    asked: dict[str, Any] = {_APOLLO[name]: list(criteria[name]) for name in _APOLLO if name in criteria}
    if "company_sizes" in criteria:
        asked["organization_num_employees_ranges"] = [size.replace("-", ",") for size in criteria["company_sizes"]]
    if "keywords" in criteria:
        asked["q_keywords"] = criteria["keywords"]
    return asked


def name_of(criteria: Criteria) -> str:
    """What the search is called in lists: ``COO, Head of Operations · Germany``; at most 200 characters."""
    told = []
    for name in FIELDS:
        if name in criteria:
            values = [criteria[name]] if name == "keywords" else criteria[name]
            shown = [SENIORITIES[one] if name == "seniorities" else one for one in values]
            told.append(", ".join(shown) + (" employees" if name == "company_sizes" else ""))
    whole = " · ".join(told)
    return whole if len(whole) <= LONGEST else whole[: LONGEST - 1] + "…"


def _values(given: object, name: str) -> list[str]:
    if given is None:
        return []
    if isinstance(given, str | bytes | Mapping) or not isinstance(given, Iterable):
        raise InputError(f"{FIELDS[name]} must be a list of texts, such as ['one', 'two'].")
    found = list(dict.fromkeys(value for one in given if (value := _text(one, name))))
    if len(found) > MOST_VALUES:
        raise InputError(f"{FIELDS[name]}: {len(found)} are too many. Give at most {MOST_VALUES}.")
    if name == "seniorities":
        found = [one.lower() for one in found]
        for one in found:
            if one not in SENIORITIES:
                raise InputError(f"There is no seniority {one!r}. Choose among {', '.join(SENIORITIES)}.")
    return [_size(one) for one in found] if name == "company_sizes" else found


def _size(value: str) -> str:
    whole = _SIZE.fullmatch(value)
    low, high = (int(whole[1]), int(whole[2])) if whole else (1, 0)
    if low > high:
        raise InputError(f"{value!r} is not a number of employees. Write from-to, such as 11-50.")
    return f"{low}-{high}"


def _text(value: object, name: str) -> str:
    if value is None:
        return ""
    return " ".join(texts.checked(value, FIELDS[name], LONGEST).split())
