from workbench.enums import ProjectState
from workbench.services.demo.client import Client

FJORD = Client(
    name="Fjord Outdoor",
    project="Hut-to-hut winter",
    state=ProjectState.INTAKE,
    timezone="Europe/Oslo",
    goal="Sell 400 places on guided winter tours before the season starts.",
    audience="",
    constraints="",
    budget="Still to be agreed; the client thinks of about 150,000 NOK.",
    niche="",
    positioning="",
    messages=(),
    guardrails=(),
    topics=(),
    campaigns=("Guests of last winter", "Mountain clubs"),
    industries=("Outdoor", "Travel"),
    job_titles=("Club Secretary", "Travel Editor", "Guest"),
    sender="Ingrid from Fjord Outdoor",
    tag="Winter",
    leads=100,
)
