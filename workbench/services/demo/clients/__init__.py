"""The eight clients of the demo agency. All of them, their people and their numbers are invented."""

from typing import Final

from workbench.services.demo.client import Client
from workbench.services.demo.clients.atlas import ATLAS
from workbench.services.demo.clients.brightside import BRIGHTSIDE
from workbench.services.demo.clients.cedar import CEDAR
from workbench.services.demo.clients.fjord import FJORD
from workbench.services.demo.clients.helio import HELIO
from workbench.services.demo.clients.kite import KITE
from workbench.services.demo.clients.mira import MIRA
from workbench.services.demo.clients.northwind import NORTHWIND

CLIENTS: Final[tuple[Client, ...]] = (NORTHWIND, HELIO, BRIGHTSIDE, KITE, ATLAS, MIRA, FJORD, CEDAR)
