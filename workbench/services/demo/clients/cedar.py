# ruff: noqa: E501 - prose is easier to read unbroken
from workbench.enums import ProjectState
from workbench.services.demo.client import Client, Topic

CEDAR = Client(
    name="Cedar & Pine Hotels",
    project="Weekday retreats",
    state=ProjectState.DONE,
    timezone="Europe/Vienna",
    goal="Fill the three houses from Monday to Thursday: 1,900 room nights between summer and the first snow.",
    audience="Team leads and assistants who plan off-sites for 8 to 25 people.",
    constraints="No last-minute prices. The houses are never called luxury.",
    budget="31,000 EUR.",
    niche="Companies within three hours by train",
    positioning="Two nights in the woods with one bill and a table that is long enough.",
    messages=(
        ("One bill", "Rooms, meals, room for the meeting and the train from the station: one price a head"),
        ("Reached by train", "All three houses within 15 minutes of a station, and we pick you up"),
        ("A table that is long enough", "Every house seats all guests at one table"),
    ),
    guardrails=("Show people working and eating, not wellness.", "Weather is never promised."),
    topics=(
        Topic(
            "One table",
            "The best hour of an off-site is dinner, if everybody sits at the same table.",
            "So each of our houses has one that is long enough: 26 chairs, one bench, no head of the table.",
            "The agenda we leave to you. Dinner is at seven.",
            "How many of you are there?",
        ),
        Topic(
            "By train, door to door",
            "Fourteen people, fourteen cars, one hour of stories about traffic. Or one train.",
            "All three houses are a quarter of an hour from a station. We stand on the platform with a bus.",
            "Last season two of three groups came by rail, and most of them started the meeting on board.",
            "From where would you come?",
        ),
        Topic(
            "The bill that fits on one line",
            "Planning an off-site means eleven invoices and a spreadsheet.",
            "Ours is one line: people times nights. Rooms, meals, coffee, the room for the meeting and the bus are in it.",
            "Assistants tell us that it saves them a day. We believe them, because they come back.",
            "For which week shall we hold rooms?",
        ),
        Topic(
            "Monday is the new weekend",
            "From Monday to Wednesday the woods are empty.",
            "Nobody at the lake, no queue at the sauna, the whole house to yourselves.",
            "That is why weekday groups get the long table without asking.",
            "Which Monday would suit you?",
        ),
    ),
    campaigns=("Assistants Vienna", "Team leads Graz", "Returning groups"),
    industries=("Software", "Engineering", "Insurance", "Education"),
    job_titles=("Executive Assistant", "Team Lead", "Head of People", "Office Manager"),
    sender="Leni from Cedar & Pine",
    tag="Offsite",
    leads=800,
    mails=6,
    reach=450,
    posts=True,
)
