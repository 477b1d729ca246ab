"""The texts of the demo: a client's strategy, and posts and e-mails about its topics. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from workbench.enums import Platform
from workbench.services.creative_text import CreativeText
from workbench.services.demo.client import Client, Topic

#: How many different texts a topic gives for a platform.
FRAMES: Final = 3


def brief(client: Client) -> dict[str, str]:
    """The five answers of the brief."""
    return {
        "goal": client.goal,
        "constraints": client.constraints,
        "audience": client.audience,
        "budget": client.budget,
        "target_niche": client.niche,
    }


def strategy(client: Client, revision: int) -> str:
    """The strategy in markdown. Later revisions say more: channels from the second on, numbers from the third."""
    niche = client.niche[0].lower() + client.niche[1:]
    parts = [
        f"# {client.name}: {client.project}",
        f"## Positioning\n\n**{client.positioning}**",
        f"## Audience\n\n{client.audience}\n\nWe start with a narrow niche: {niche}.",
        _table("## Messages", ("Message", "Proof"), client.messages),
    ]
    if revision >= 2:
        parts.append(
            _table(
                "## Channels",
                ("Channel", "What it is for", "Rhythm"),
                (
                    ("LinkedIn", "Be seen by those who decide; one idea a post, from practice", "Tuesdays, 9:00"),
                    ("X", "One line that makes people answer", "Thursdays, 12:30"),
                    ("Email", "A personal question to people who fit the niche", "One in ten days, never two a week"),
                ),
            )
        )
        parts.append("## Topics\n\n" + "\n".join(f"{n}. {topic.title}" for n, topic in enumerate(client.topics, 1)))
    if revision >= 3:
        parts.append(
            _table(
                "## How we will know",
                ("Measure", "Week 4", "Week 8", "Week 12"),
                (
                    ("Reply rate, e-mail", "1.5 %", "2.0 %", "2.5 %"),
                    ("Qualified conversations", "12", "30", "55"),
                    ("Unsubscribes", "under 0.5 %", "under 0.5 %", "under 0.4 %"),
                ),
            )
        )
    if revision >= 4:
        parts.append(
            "## What we changed\n\n"
            f"- Fewer words about us, more about {client.industries[0].lower()}.\n"
            f"- “{client.topics[0].title}” leads; it got the most replies.\n"
            "- One question at the end of every text, and only one."
        )
    parts.append("## Guardrails\n\n" + "\n".join(f"- {rule}" for rule in (*client.guardrails, client.constraints)))
    return "\n\n".join(parts) + "\n"


def _table(title: str, head: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> str:
    lines = [title, "", f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    return "\n".join(lines + [f"| {' | '.join(row)} |" for row in rows])


def creative(client: Client, platform: Platform, number: int) -> CreativeText:
    """The ``number``-th text of ``client`` for ``platform``; they repeat after topics × :data:`FRAMES`."""
    topic = client.topics[number % len(client.topics)]
    frame = number // len(client.topics) % FRAMES
    write: dict[Platform, Callable[[Client, Topic, int], CreativeText]] = {
        Platform.LINKEDIN: _linkedin,
        Platform.TWITTER: _x,
        Platform.EMAIL: _email,
    }
    return write[platform](client, topic, frame)


def _linkedin(client: Client, topic: Topic, frame: int) -> CreativeText:
    orders = (
        (topic.hook, topic.point, topic.proof, topic.ask),
        (topic.proof, topic.hook, topic.ask),
        (topic.ask, topic.point, topic.proof),
    )
    return CreativeText(topic.title, "\n\n".join(orders[frame]), f"#{client.tag}")


def _x(client: Client, topic: Topic, frame: int) -> CreativeText:
    texts = (f"{topic.hook} {topic.ask}", topic.proof, f"{topic.title}. {topic.hook}")
    return CreativeText(topic.title, texts[frame], f"#{client.tag}")


def _email(client: Client, topic: Topic, frame: int) -> CreativeText:
    subject = (topic.title, topic.ask, f"{topic.title}: a short note for {{{{company|your team}}}}")[frame]
    middle = ((topic.hook, topic.point, topic.proof), (topic.point, topic.proof), (topic.hook, topic.proof))[frame]
    greeting = ("Hi", "Hello", "Good morning")[frame]
    body = "\n\n".join((f"{greeting} {{{{first_name|there}}}},", *middle, topic.ask, f"Best wishes\n{client.sender}"))
    return CreativeText(subject, body, "")


REPLIES: Final = (
    "Thank you, this comes at the right moment. Could you call next week?",
    "Not now, but please write again in spring.",
    "I have passed this on to my colleague, who looks after it.",
    "Can you send the numbers that you mention?",
    "Interesting. What would it cost for a place of our size?",
    "We did something like this last year and would like to hear what is different.",
    "Yes, please. Tuesday or Wednesday morning would suit me.",
    "We are tied to a contract until next summer.",
)
CALLS: Final = (
    "Talked for ten minutes; wants a proposal for one site.",
    "Left a message.",
    "Agreed to a visit; the date follows by e-mail.",
    "Wants to talk to the board first, call again in two weeks.",
)
