# ruff: noqa: E501 - prose is easier to read unbroken
from workbench.enums import ProjectState
from workbench.services.demo.client import Client, Topic

MIRA = Client(
    name="Mira Skincare",
    project="Refill launch",
    state=ProjectState.STRATEGY,
    timezone="Europe/Paris",
    goal="Move 8,000 customers from bottles to refills within six months of the launch, through 150 shops.",
    audience="Owners and buyers of concept stores, pharmacies and perfumeries; customers who bought twice in the last year.",
    constraints="No claims about skin beyond the tested ones. Plastic saved only per refill, never as a share of anything.",
    budget="46,000 EUR, half of it for shop displays.",
    niche="Independent shops in France and Belgium with at least one member of staff on the floor",
    positioning="The cream you know, in a jar you keep.",
    messages=(
        ("Same formula, other jar", "Batch-tested against the bottle; no difference in a panel of 120"),
        ("Refill in one minute", "Done at the counter, 52 seconds on average"),
        ("A reason to come back", "Pilot shops saw refillers 1.7 times more often"),
    ),
    guardrails=("No guilt.", "People over thirty in every picture."),
    topics=(
        Topic(
            "Fifty-two seconds at the counter",
            "A refill has to be quicker than wrapping a gift, or nobody on a busy Saturday will do it.",
            "We timed it in eleven pilot shops: jar on the plate, press, turn, label. 52 seconds.",
            "The queue did not grow. The conversations did.",
            "Would it fit beside your till?",
        ),
        Topic(
            "The jar stays",
            "Most of what a cream costs to make is not the cream.",
            "So we made a jar that is worth keeping: heavy glass, a lid that closes with a click, no print that wears off.",
            "In the pilot four of five jars came back for a refill within ten weeks.",
            "What would your customers keep?",
        ),
        Topic(
            "A reason to come back",
            "Refillers do not only buy refills.",
            "They come in more often, they know somebody by name, and they look around.",
            "In the pilot shops they came 1.7 times as often as those who bought bottles.",
            "What would that mean for your quiet weekdays?",
        ),
        Topic(
            "What we did not change",
            "New jar, new station, new label. The formula is the one from 2011.",
            "We tested each batch against the bottle with a panel of 120 people. They could not tell them apart, and neither could we.",
            "That was the hardest part of the project, and you cannot see it.",
            "Shall we send you both?",
        ),
    ),
    campaigns=("Concept stores Paris", "Pharmacies Lyon", "Belgian perfumeries", "Pilot shops"),
    industries=("Retail", "Pharmacy", "Perfumery", "Concept store"),
    job_titles=("Owner", "Buyer", "Shop Manager", "Head Pharmacist"),
    sender="Camille from Mira",
    tag="Refill",
    leads=350,
    mails=3,
    reach=250,
    posts=True,
)
