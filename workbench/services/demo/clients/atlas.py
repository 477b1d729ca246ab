# ruff: noqa: E501 - prose is easier to read unbroken
from workbench.enums import ProjectState
from workbench.services.demo.client import Client, Topic

ATLAS = Client(
    name="Atlas Legal",
    project="Employment law retainers",
    state=ProjectState.CREATIVE,
    timezone="Europe/Dublin",
    goal="Sign 30 companies on a monthly retainer, and be the first name their HR teams think of.",
    audience="HR leads and owners of companies with 50 to 400 people and no lawyer of their own.",
    constraints="No legal advice in public texts. No win rates. Every text is read by a solicitor before it goes out.",
    budget="18,000 EUR for the first quarter.",
    niche="Technology, hospitality and care providers in Ireland",
    positioning="The lawyer you call before the letter, not after it.",
    messages=(
        ("Before, not after", "Most disputes we see were decided in the first three e-mails"),
        ("A fixed price a month", "No clock; 92 % of questions answered on the same day"),
        ("Plain words", "Every answer fits on one page and names the next step"),
    ),
    guardrails=("Never name a case.", "No fear of tribunals."),
    topics=(
        Topic(
            "The first three e-mails",
            "Most disputes at work are decided long before anybody calls a lawyer.",
            "They are decided in the first three e-mails: what was promised, what was left out, who was copied.",
            "A ten-minute call before the first of them costs less than an hour after the third.",
            "Who do your managers ask before they press send?",
        ),
        Topic(
            "One page, one next step",
            "A legal answer of nine pages is an answer to somebody else.",
            "HR needs to know what to do on Monday. So our answers have one page, and the last line says what happens next.",
            "If it needs more, the nine pages are attached.",
            "What was the last question that you did not ask?",
        ),
        Topic(
            "A clock changes the conversation",
            "People who pay by the hour ask late and tell little.",
            "That is sensible, and it is how small questions become files.",
            "With a fixed price a month the calls get shorter and come earlier. That is the point of it.",
            "Would your team call more often if it cost nothing to?",
        ),
        Topic(
            "Handbooks nobody opens",
            "When was your staff handbook last opened by somebody who does not work in HR?",
            "A rule that nobody has read protects nobody.",
            "We rewrite them in questions: May I work from abroad? What happens when I am ill on holiday? Forty of them, in plain words.",
            "Which question do you get most?",
        ),
        Topic(
            "Notes from a return-to-work talk",
            "It is a conversation about a person, and it should read like one.",
            "What was said, what was agreed, by when. No diagnosis, no opinions, three lines at the end that both can sign.",
            "We have a template for it. It is free, and it is one page long.",
            "May we send it to you?",
        ),
    ),
    campaigns=("HR leads Dublin", "Hospitality groups", "Care providers", "Technology Cork", "Template downloads"),
    industries=("Technology", "Hospitality", "Care", "Retail"),
    job_titles=("Head of HR", "HR Manager", "Managing Director", "Operations Director", "Owner"),
    sender="Niamh Byrne, Atlas Legal",
    tag="EmploymentLaw",
    leads=500,
)
