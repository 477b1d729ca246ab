"""Other texts for a creative: proposed, compared, kept; and whether a text repeats one that goes out near it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy.orm import Session

from workbench.enums import Platform, Role
from workbench.errors import InputError
from workbench.generation import gather, model, templates
from workbench.operator_services import _gallery
from workbench.operator_services._edge import as_id, operation, optional_text, runtime_of
from workbench.operator_services.queue import ways_of
from workbench.operator_services.types import Creative, Proposal, Repeat
from workbench.services import creative_text, creatives, gallery, near_texts, projects, texts
from workbench.services.creative_text import CreativeText

LONGEST_INSTRUCTION = 2_000


def propose_creative(db: Session, project_id: int, creative_id: int, instruction: str | None = None) -> Proposal:
    """Another text by the language model, or by the next template when none is configured. For operators.

    Nothing is stored: :func:`keep_proposal` does that. ``source`` says who wrote it; a template cannot follow
    ``instruction``, and ``note`` says so. The model is called outside any transaction. Raises
    :class:`ContentInvalid` when the model's text does not fit twice, :class:`InvalidTransition` once the creative is
    being sent, and the model's own errors.
    """
    asked = texts.checked(instruction or "", "The instruction", LONGEST_INSTRUCTION).strip() or None
    with operation(db, Role.OPERATOR, write=False):
        project = projects.get_project(db, as_id(project_id, "project"))
        item = creatives.get_item(db, project.id, as_id(creative_id, "creative"))
        creatives.check_editable(item)
        brief = gather.brief_of(db, project)
        own, platform, current, version = item.id, Platform(item.platform), CreativeText.of(item), item.version
    # No transaction is open here: the answer may take a minute.
    writer = runtime_of(db).gateways.model
    if writer is None:
        text, source = templates.another(platform, brief, version, current), templates.SOURCE
    else:
        text, source = model.creative(writer, platform, brief, current, asked), model.source(writer)
    return {
        "creative_id": own,
        "base": version,
        "title": text.title,
        "body_text": text.body_text,
        "caption": text.caption,
        "source": source,
        "instruction": asked,
        "note": templates.CANNOT_FOLLOW if source == templates.SOURCE and asked else None,
    }


def keep_proposal(db: Session, project_id: int, creative_id: int, proposal: Mapping[str, Any]) -> Creative:
    """Store what :func:`propose_creative` answered as the next version, in DRAFT. For operators.

    The old version stays restorable; a queued creative is taken off the queue. Raises :class:`EditConflict`, which
    carries the text, when the creative was changed since; :class:`InvalidTransition`, :class:`ContentInvalid`, and
    :class:`InputError` for what is no proposal for this creative.
    """
    with operation(db, Role.OPERATOR, write=True) as actor:
        project = projects.get_project(db, as_id(project_id, "project"))
        item = creatives.get_item(db, project.id, as_id(creative_id, "creative"))
        text, base, source, asked = _read(db, item.id, proposal)
        item = creatives.open_for_edit(db, actor, project.id, item.id)
        if item.version != base:
            raise creatives.conflict(item, text)
        creatives.write_version(
            db, actor, project, item, text, action="creative.regenerate", source=source, instruction=asked
        )
        return _gallery.shape_item(db, item, project)


def regenerate_creative(db: Session, project_id: int, creative_id: int, instruction: str | None = None) -> Creative:
    """:func:`propose_creative` and :func:`keep_proposal` in one step, unseen. For operators.

    The old version stays restorable. When somebody changed the creative while the model wrote, its text is not
    stored and :class:`EditConflict` carries it.
    """
    return keep_proposal(
        db, project_id, creative_id, cast(Mapping[str, Any], propose_creative(db, project_id, creative_id, instruction))
    )


def find_repeats(
    db: Session,
    project_id: int,
    platform: str,
    body_text: str,
    caption: str = "",
    *,
    creative_id: int | None = None,
) -> list[Repeat]:
    """What is queued, or went out in the last week, that says (nearly) the same on the same platform. For viewers.

    X refuses such a post; on LinkedIn and by e-mail the same people read it twice. The nearest one in time, or
    nothing; of one account all projects are looked at. Raises :class:`NotFoundError`, :class:`InputError`.
    """
    text = creative_text.check_storable("", body_text, caption)
    where = gallery.platform_of(platform)
    with operation(db, Role.VIEWER, write=False):
        project = projects.get_project(db, as_id(project_id, "project"))
        own = None
        if creative_id is not None:
            own = creatives.get_item(db, project.id, as_id(creative_id, "creative"), deleted=True).id
        found = near_texts.of_text(db, project, where, text, ways_of(db), own)
        return [cast(Repeat, found)] if found else []


def _read(db: Session, creative_id: int, proposal: object) -> tuple[CreativeText, int, str, str | None]:
    given = proposal if isinstance(proposal, Mapping) else {}
    writer = runtime_of(db).gateways.model
    base, source = given.get("base"), given.get("source")
    written_here = source == templates.SOURCE or (writer is not None and source == model.source(writer))
    mine = given.get("creative_id") == creative_id and isinstance(base, int) and not isinstance(base, bool)
    if not (written_here and mine):
        raise InputError("That is not a proposal for this creative. Give what propose_creative answered.")
    text = creative_text.check_storable(*(given.get(name, "") for name in creative_text.LONGEST))
    asked = optional_text(given.get("instruction"), "The instruction", longest=LONGEST_INSTRUCTION)
    return text, cast(int, base), str(source), asked
