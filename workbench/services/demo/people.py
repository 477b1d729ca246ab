"""Invented people, each with an address at example.com that nobody else has."""

# ruff: noqa: SIM905 - names are easier to read in lines of text

from __future__ import annotations

import random
import unicodedata
from dataclasses import dataclass
from typing import Final

from workbench.services.demo.client import Client

_FIRST: Final = (
    "Adele Aisha Alba Amir Ana Anton Asta Bela Bram Carla Carmen Chidi Clara Dario Dilan Edda Elif Elin Emil Enzo "
    "Erik Esra Eva Farid Fatou Femke Finn Franka Gino Greta Hanna Hugo Ida Ines Ivan Jana Jasper Joana Jonas Juna "
    "Kai Karim Lara Lea Leo Lina Lotte Luca Maja Malik Mara Marek Mats Mila Nadia Nico Noor Nuno Ole Oskar Paula "
    "Priya Rafael Rosa Ruth Samir Selma Sofia Stefan Tara Tariq Theo Tilda Tomas Vera Viktor Wanda Yara Yusuf Zoe"
).split()
_LAST: Final = (
    "Abel Adeyemi Alvarez Andersen Aydin Bakker Barros Becker Bianchi Blom Bosch Brandt Byrne Castro Conti Costa "
    "Dahl Daly Dubois Duarte Egger Eklund Farkas Ferrari Fischer Fontaine Frank Garcia Gruber Haas Hahn Hansen "
    "Hartmann Holm Horvath Huber Ibrahim Jansen Janssen Jensen Kaya Keller Klein Koch Kovacs Kramer Krol Lang "
    "Larsen Laurent Leone Lindt Lopez Lorenz Maier Marino Martin Mayer Meyer Mercier Moreau Moser Murphy Nagy "
    "Nair Neumann Nilsson Nolan Novak Nowak Okafor Olsen Osei Park Pavlov Pereira Peters Petrov Pichler Quinn "
    "Reiter Ricci Richter Rossi Roux Russo Sahin Santos Sauer Schmid Silva Simon Sorensen Stein Steiner Szabo "
    "Toth Varga Verhoef Visser Vogel Wagner Weber Weiss Wild Winkler Wolf Yilmaz Zeller Ziegler"
).split()
_PLACE: Final = (
    "Alder Amber Anchor Arbor Beacon Birch Bridge Canal Cobalt Copper Corner Delta Ember Falcon Field Garden "
    "Granite Harbour Hazel Juniper Lantern Linden Maple Meadow Mill North Oak Orchard Park Quarry River Saffron "
    "Silver Slate South Stone Summit Tide Union Valley Village Willow Winter Yard"
).split()
_KIND: Final = ("Works Group Partners Collective House Studio Lab & Co-op Industries Company Associates").split()
_COUNTRIES: Final = ("Germany", "Netherlands", "United Kingdom", "United States", "Ireland", "France", "Austria")


@dataclass(frozen=True)
class Person:
    name: str
    first_name: str
    title: str
    company: str
    email: str
    enrichment: dict[str, object]


class People:
    """Draws people; no two share an address, however many are drawn."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._taken: dict[str, int] = {}

    def draw(self, client: Client) -> Person:
        dice = self._dice
        first, last = dice.choice(_FIRST), dice.choice(_LAST)
        kind = dice.choice(_KIND)
        company = f"{dice.choice(_PLACE)} {kind}" if kind != "&" else f"{last} & Sons"
        local = _ascii(f"{first}.{last}").lower()
        count = self._taken[local] = self._taken.get(local, 0) + 1
        return Person(
            name=f"{first} {last}",
            first_name=first,
            title=dice.choice(client.job_titles),
            company=company,
            email=f"{local}{count if count > 1 else ''}@example.com",
            enrichment={
                "Industry": dice.choice(client.industries),
                "# Employees": dice.choice((12, 25, 40, 60, 90, 140, 220, 380)),
                "Country": dice.choice(_COUNTRIES),
            },
        )


def _ascii(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
