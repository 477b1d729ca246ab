"""Drafts without a model: whole texts around what the brief says, short enough for their platform.

A template cannot follow an instruction or a constraint; it promises nothing, offers no price and uses no emoji, so
that it seldom breaks one. Each platform has several variants, and regenerating takes the next.
"""

from __future__ import annotations

from workbench import platform_rules
from workbench.enums import Platform
from workbench.generation.brief import Brief, core_message, inline, opening, shorten, within
from workbench.services.creative_text import CreativeText

SOURCE = "template"
VARIANTS = 3

#: What a person is told about a version that a template wrote after an instruction was given.
CANNOT_FOLLOW = (
    "No language model is configured, so a template wrote this version. The instruction is kept with it, "
    "but a template cannot follow one."
)


def creative(platform: Platform, brief: Brief, variant: int = 0) -> CreativeText:
    """A draft for ``platform``; ``variant`` is taken modulo :data:`VARIANTS`."""
    write = {Platform.LINKEDIN: _linkedin, Platform.TWITTER: _x, Platform.EMAIL: _email}[platform]
    return write(brief, variant % VARIANTS)


def another(platform: Platform, brief: Brief, version: int, current: CreativeText) -> CreativeText:
    """The variant that follows ``version`` of a creative, and that differs from what it says now."""
    texts = [creative(platform, brief, version + step) for step in range(VARIANTS)]
    return next((text for text in texts if text != current), texts[0])


def strategy(brief: Brief) -> str:
    """A first strategy in markdown. What the brief does not say is named as missing, not made up."""
    who, whom = brief.sender, _whom(brief, 200)
    goal = inline(brief.goal, 500)
    return f"""# {who}: {opening(goal) if goal else "what we want to reach"}

## Core message

{who} makes work easier for {whom}: one step at a time, with results that can be checked.

## Goal

{_or_missing(brief.goal, "the goal", "What should be different when this project ends, and by when?")}

## Audience

{_or_missing(brief.audience, "the audience", "Who decides, who uses it, and what does their week look like?")}

**Niche:** {_or_missing(brief.target_niche, "the niche", "Which part of the market comes first?")}

## Channels

| Channel | What it is for | Rhythm |
|---|---|---|
| LinkedIn | Be seen by {_cell(whom)}: what we learn, with examples | two posts a week |
| X | One thought at a time, and answers to others | three posts a week |
| Email | A personal question to people who fit the niche | one message, one follow-up |

## The first four weeks

1. Agree on the core message and write the first drafts for each channel.
2. Publish on LinkedIn and X; note which questions come back.
3. Write to the first leads; answer every reply within a working day.
4. Look at the numbers, keep what worked, drop what did not.

## Budget

{_or_missing(brief.budget, "the budget", "What may the first month cost?")}

## Guardrails

{_or_missing(brief.constraints, "limits", "What must we never say, promise or show?")}

## How we will know that it works

- replies and booked conversations, counted each week
- which post or message each of them came from
- what {whom} tell us that we did not expect
"""


def _or_missing(answer: str, what: str, question: str) -> str:
    # Five long answers must not make a draft that is too long to be saved once it was edited.
    return shorten(answer.strip(), 4_000) or f"_The brief does not name {what} yet. {question}_"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _whom(brief: Brief, longest: int) -> str:
    """The people addressed, for the middle of a sentence: "operations managers in logistics"."""
    people = within(inline(brief.audience, longest)) or "teams"
    niche = within(inline(brief.target_niche, longest))
    if niche and niche.lower() not in people.lower():
        return f"{people} in {niche}"
    return people if brief.audience.strip() else f"{people} like yours"


def _aim(brief: Brief, longest: int) -> str:
    return within(inline(brief.goal, longest)) or "less effort for a better result"


def _paragraphs(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)


def _message(brief: Brief) -> str:
    message = core_message(brief.strategy)
    return f"{opening(message)}{'' if message.endswith(('?', '…')) else '.'}" if message else ""


def _linkedin(brief: Brief, variant: int) -> CreativeText:
    who, whom, aim, message = brief.sender, _whom(brief, 200), _aim(brief, 300), _message(brief)
    if variant == 0:
        return CreativeText(
            "What would you change first?",
            _paragraphs(
                f"{opening(whom)}: what would you change first if you had a free hand?",
                "We ask because the answer is rarely one more tool. Usually it is a step that everybody works "
                "around and nobody owns.",
                message,
                f"This is what we are working on at {who}: {aim}.",
                "What would be first on your list? Tell us in the comments.",
            ),
        )
    if variant == 1:
        return CreativeText(
            "Three things we keep hearing",
            _paragraphs(
                f"Three things we keep hearing from {whom}:",
                "1. There is less time than a year ago.\n"
                "2. A promise needs proof before it gets a meeting.\n"
                "3. Nobody wants one more system to look after.",
                message,
                f"So the aim we set ourselves at {who} is a plain one: {aim}.",
                "Does this match what you see? We would like to hear where it does not.",
            ),
        )
    return CreativeText(
        "Our answer in one line",
        _paragraphs(
            f"A question we asked ourselves at {who} this week: what are we here for?",
            f"Our answer fits into one line: {aim}.",
            f"For {whom} this means fewer promises and more to look at: real examples, clear numbers, and an "
            "honest no where something does not fit.",
            message,
            "If this is on your desk as well, write to us. We answer everybody.",
        ),
    )


def _x(brief: Brief, variant: int) -> CreativeText:
    title = ("Which step costs you most?", "What we are working on", "One aim")[variant]
    text = ""
    # Some letters weigh twice and a name may be taken for a link, so the length is tried, not computed.
    for aim_longest, whom_longest in ((140, 50), (100, 40), (60, 30), (30, 15)):
        aim, whom = _aim(brief, aim_longest), _whom(brief, whom_longest)
        text = (
            f"{opening(whom)}: which step costs you most time each week? We are working on this: {aim}.",
            f"What we are working on for {whom}: {aim}. Tell us what we should not overlook.",
            f"One aim, no detours: {aim}. To {whom}: what would help you most?",
        )[variant]
        if not platform_rules.problems(Platform.TWITTER, title, text, ""):
            break
    return CreativeText(title, text)


def _email(brief: Brief, variant: int) -> CreativeText:
    who, whom, aim, message = brief.sender, _whom(brief, 200), _aim(brief, 300), _message(brief)
    topic = within(inline(brief.target_niche, 40)) or "what comes next"
    close = f"Best regards\n{who}"
    if variant == 0:
        return CreativeText(
            "A question for {{company|your team}}",
            _paragraphs(
                "Hi {{first_name|there}},",
                f"In our work with {whom}, one question comes up nearly every time: where to begin.",
                message,
                f"Our aim is a plain one: {aim}. I would like to hear how {{{{company|your team}}}} goes about it "
                "today, and to show you what has worked for others.",
                "Would fifteen minutes next week suit you? If this is not your topic, a short reply is enough "
                "and I will not write again.",
                close,
            ),
        )
    if variant == 1:
        return CreativeText(
            f"{{{{first_name|Hello}}}}, fifteen minutes on {topic}?",
            _paragraphs(
                "Hi {{first_name|there}},",
                f"A short question: what takes {{{{company|your team}}}} longer than it should? I ask because "
                f"{whom} tell us much the same things.",
                message,
                f"At {who} we have set ourselves one aim: {aim}. I have two examples in mind and would "
                "gladly go through them with you.",
                "Shall I send you two times to choose from?",
                close,
            ),
        )
    return CreativeText(
        "An idea for {{company|your team}}",
        _paragraphs(
            "Hi {{first_name|there}},",
            f"I will be brief. We work for {whom}, and this is what we want to get done with them: {aim}.",
            message,
            "I have an idea how {{company|your team}} could start small, without a new system and without a "
            "long project. It fits on one page.",
            "May I send it to you?",
            close,
        ),
    )
