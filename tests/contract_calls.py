"""One valid call of every operation of the contract, on a small world of two projects.

Read from top to bottom they can be made one after the other: what a call needs, those above it have left standing.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from tests import factories as make
from workbench.enums import AttemptStatus, CreativeStatus, QueueStatus, Role, StrategyStatus

CSV = b"name,email,company\nAnn Example,ann@example.com,Example Ltd\n"


@dataclass(frozen=True)
class World:
    """Ids of a project with a strategy in force, and of what belongs to another project."""

    project: int
    campaign: int
    lead: int
    draft: int
    approved: int
    deleted: int
    queued: int
    waiting: int
    failed: int
    attempt: int
    other_project: int
    others_lead: int
    others_creative: int
    search: int


def build(session: Session) -> World:
    """The world, committed."""
    mine, other = make.project(session), make.project(session)
    for project in (mine, other):
        make.strategy(session, project, status=StrategyStatus.APPROVED)
    campaign = make.campaign(session, mine)
    lead = make.lead(session, campaign)
    later = datetime.now(UTC) + timedelta(days=1)
    unknown = make.queued(session, make.creative(session, mine), status=QueueStatus.UNKNOWN)
    attempt = make.attempt(
        session,
        campaign,
        queue_id=unknown.id,
        content_item_id=unknown.content_item_id,
        lead_id=lead.id,
        address_norm=lead.email_norm,
        status=AttemptStatus.UNKNOWN,
    )
    failed_item = make.creative(session, mine, "linkedin", body_text="Hello")
    failed = make.queued(session, failed_item, status=QueueStatus.FAILED, expanded=True)
    failed_item.status = CreativeStatus.FAILED
    make.attempt(
        session, queue_id=failed.id, content_item_id=failed_item.id, channel="linkedin", status=AttemptStatus.FAILED
    )
    world = World(
        project=mine.id,
        campaign=campaign.id,
        lead=lead.id,
        draft=make.creative(session, mine).id,
        approved=make.creative(session, mine, "linkedin", body_text="Hello", status=CreativeStatus.APPROVED).id,
        deleted=make.creative(session, mine, "twitter", deleted_at=datetime.now(UTC)).id,
        queued=make.queued(session, make.creative(session, mine, "twitter"), later).id,
        waiting=make.queued(session, make.creative(session, mine, "linkedin"), later).id,
        failed=failed.id,
        attempt=attempt.id,
        other_project=other.id,
        others_lead=make.lead(session, make.campaign(session, other)).id,
        others_creative=make.creative(session, other).id,
        search=make.search(session, campaign).id,
    )
    session.commit()
    return world


def calls(of: World) -> dict[str, tuple[Role | None, dict[str, Any]]]:
    """Operation → the least role that may call it (None: anybody), and arguments, all of them given."""
    project = {"project_id": of.project}
    card = project | {"creative_id": of.draft}
    found = {
        "platform": None,
        "status": None,
        "search": None,
        "stale": None,
        "include_deleted": False,
        "only_deleted": False,
    }
    narrowing = ("campaign_id", "status", "consent", "source", "tag", "suppressed", "search")
    people = {**dict.fromkeys(narrowing), "high_intent": False}
    changing = {"status": "QUALIFIED", "add_tags": ["vip"], "remove_tags": (), "campaign_id": None, "reason": None}
    file = {"data": CSV, "encoding": None}
    wanted = {"campaign_id": of.campaign, "criteria": {"titles": ["COO"]}}
    pausing = {"flag": True, "reason": None, "overdue": None}
    span = {"platform": None, "since": None, "until": None}
    open_attempts = project | span | {"limit": 100, "page": 1}
    queued = project | span | {"status": None, "overdue": False}
    audit = project | {"entity": None, "action": None, "actor": None, "since": None, "until": None, "search": None}
    draft = {"entity": "strategy", "entity_id": of.project}
    viewer, operator, approver, admin = Role
    return {
        "have_users": (None, {}),
        "find_actor": (None, {"name": None}),
        "sign_in": (None, {"name": "Nobody", "password": "not the password"}),
        "unsubscribe": (None, {"token": "made up"}),
        "list_projects": (viewer, {}),
        "load_demo": (admin, {}),
        "search": (viewer, {"text": "Ann", "limit": 5}),
        "get_projects_pipeline": (viewer, {}),
        "get_project_context": (viewer, project),
        "get_intakes": (viewer, project),
        "get_project_strategy_doc": (viewer, project),
        "get_strategies": (viewer, project),
        "list_waiting_strategies": (viewer, {}),
        "preview_approval": (viewer, project | {"number": 1}),
        "get_creatives_for_project": (viewer, project | found | {"sort": "updated", "page": 1, "page_size": 50}),
        "count_creatives": (viewer, project | found),
        "find_creative_ids": (
            viewer,
            project | {key: found[key] for key in found if key != "include_deleted"} | {"sort": "updated"},
        ),
        "get_creative": (viewer, card),
        "get_creative_versions": (viewer, card),
        "preview_message": (viewer, card | {"lead_id": of.lead}),
        "preview_creative_decision": (
            viewer,
            project | {"decision": "approve", "ids": [of.draft], "versions": None},
        ),
        "find_repeats": (
            viewer,
            project | {"platform": "linkedin", "body_text": "Hello", "caption": "", "creative_id": of.draft},
        ),
        "preview_schedule": (viewer, project | {"ids": [of.approved], "schedule_params": None}),
        "preview_resume": (viewer, {"scope": "system", "key": None}),
        "preview_leads": (viewer, file),
        "get_queue": (viewer, queued | {"limit": 100, "page": 1, "next_first": False}),
        "count_queue": (viewer, queued),
        "get_queue_item": (viewer, {"queue_id": of.queued}),
        "get_calendar": (
            viewer,
            project | {"first": "2026-11-01", "days": 42, "platform": None, "timezone": None, "per_day": 50},
        ),
        "list_unknown_attempts": (viewer, open_attempts),
        "count_open_attempts": (viewer, project | span | {"status": "FAILED"}),
        "preview_attempts": (viewer, {"attempt_ids": [of.attempt], "decision": "sent"}),
        "list_failed_attempts": (viewer, open_attempts),
        "get_attention_metrics": (viewer, project | {"as_of": None}),
        "get_activity_feed": (
            viewer,
            project | {"limit": 25, "before": None, "sources": None, "kind": None, "as_of": None},
        ),
        "get_execution_timeline": (
            viewer,
            project | {"limit": 50, "status": None, "platform": None, "since": None, "until": None},
        ),
        "get_audit_log": (viewer, audit | {"limit": 100, "before": None}),
        "export_audit_log": (viewer, audit | {"to": io.StringIO()}),
        "get_gateway_status": (viewer, {}),
        "get_workers": (viewer, {}),
        "get_changes_token": (viewer, {}),
        "get_mode": (viewer, {}),
        "get_pause_state": (viewer, {}),
        "get_system_pause": (viewer, {}),
        "list_campaigns": (viewer, project),
        "list_leads": (
            viewer,
            project | people | {"sort": "id", "descending": False, "page": 1, "page_size": 50},
        ),
        "count_leads": (viewer, project | people),
        "find_lead_ids": (viewer, project | people | {"most": 100}),
        "get_lead": (viewer, {"lead_id": of.lead}),
        "list_replies": (viewer, project | {"search": None, "page": 1, "page_size": 50}),
        "list_suppressions": (viewer, {"search": None, "reason": None, "page": 1, "page_size": None}),
        "count_suppressions": (viewer, {"search": None, "reason": None}),
        "export_leads": (operator, project | {"lead_ids": None, "to": io.StringIO()}),
        "preview_lead_changes": (operator, changing | {"lead_ids": [of.lead], "consent": None}),
        "preview_erasure": (approver, {"lead_id": of.lead}),
        "list_discoveries": (viewer, project | {"limit": 50}),
        "preview_discovery": (operator, wanted),
        "start_discovery": (operator, wanted | {"max_people": 10, "max_credits": 0}),
        "cancel_discovery": (operator, {"discovery_id": of.search, "reason": "Not now"}),
        "list_users": (admin, {}),
        "probe_gateways": (operator, {"gateway": "apollo"}),
        "create_project": (
            operator,
            {
                "name": "Second project",
                "client": "Acme",
                "goal": "More demos",
                "constraints": "",
                "audience": "Founders",
                "budget": "",
                "target_niche": "",
                "timezone": None,
            },
        ),
        "save_intake": (operator, project | {"changes": {"goal": "Fewer, better demos"}, "base_number": None}),
        "bind_account": (admin, project | {"platform": "email", "account": None}),
        "save_draft": (operator, draft | {"text": "# Half a thought", "base": 1, "unless_newer_than": None}),
        "get_draft": (operator, draft),
        "discard_draft": (operator, draft | {"unless_newer_than": None}),
        "retry_failed": (approver, {"queue_id": of.failed, "reason": "It may work now"}),
        "save_strategy": (operator, project | {"text": "# Another way", "base_number": 1}),
        "reject_strategy": (approver, project | {"reason": "Too vague", "number": 2}),
        "approve_strategy": (approver, project | {"reason": None, "number": 2}),
        "confirm_creatives": (approver, project | {"ids": [of.approved]}),
        "create_creative": (
            operator,
            project | {"platform": "email", "title": "News", "body_text": "Hello", "caption": ""},
        ),
        "update_creative": (operator, card | {"changes": {"title": "Hello again"}}),
        "regenerate_creative": (operator, card | {"instruction": None}),
        "propose_creative": (operator, card | {"instruction": None}),
        "keep_proposal": (
            operator,
            card
            | {
                "proposal": {
                    "creative_id": of.draft,
                    "base": 3,
                    "title": "Hello",
                    "body_text": "Hello again",
                    "caption": "",
                    "source": "template",
                    "instruction": None,
                    "note": None,
                }
            },
        ),
        "restore_creative_version": (operator, card | {"number": 1}),
        "bulk_delete_creatives": (operator, project | {"ids": [of.draft]}),
        "bulk_restore_creatives": (operator, project | {"ids": [of.draft]}),
        "delete_creative": (operator, card),
        "restore_creative": (operator, card),
        "bulk_approve_creatives": (approver, project | {"ids": [of.draft], "versions": None}),
        "send_test": (operator, card | {"to": "me@example.com", "lead_id": None}),
        "bulk_schedule_creatives": (approver, project | {"ids": [of.approved], "schedule_params": None}),
        "undo_batch": (operator, {"batch_id": "filled in by the test"}),
        "preview_reschedule": (
            approver,
            {"queue_id": of.queued, "local_time": "2099-06-01T09:00", "timezone": None},
        ),
        "reschedule": (
            approver,
            {"queue_id": of.queued, "local_time": "2099-06-01T09:00", "timezone": None, "reason": None},
        ),
        "cancel_scheduled": (approver, {"queue_ids": [of.queued], "reason": "Not now"}),
        "settle_attempts": (
            approver,
            {"attempt_ids": [of.attempt], "decision": "sent", "reason": "It is in the inbox"},
        ),
        "reconcile_unknown": (
            approver,
            {"attempt_id": of.attempt, "outcome": "sent", "reason": "It is in the inbox", "external_id": None},
        ),
        "move_project": (operator, project | {"state": "EXECUTION", "reason": None}),
        "set_project_pause": (operator, project | pausing),
        "set_gateway_pause": (operator, {"gateway": "x"} | pausing),
        "set_system_pause": (operator, pausing),
        "set_mode": (admin, {"mode": "simulation", "reason": None}),
        "create_campaign": (
            operator,
            project | {"name": "Spring", "description": None, "target_niche": None, "max_emails_per_day": None},
        ),
        "set_campaign_active": (operator, {"campaign_id": of.campaign, "active": False, "reason": None}),
        "import_leads": (operator, file | {"campaign_id": of.campaign, "columns": None, "filename": ""}),
        "change_leads": (operator, changing | {"lead_ids": [of.lead]}),
        "set_consent": (operator, {"lead_ids": [of.lead], "consent": "CONSENTED", "reason": None}),
        "record_contact_event": (
            operator,
            {
                "lead_id": of.lead,
                "channel": "email",
                "direction": "INBOUND",
                "event_type": "reply",
                "summary": None,
                "event_at": None,
            },
        ),
        "suppress_address": (operator, {"address": "gone@example.com", "reason": "bounce"}),
        "import_suppressions": (operator, {"data": "someone@example.com", "reason": "bounce"}),
        "lift_suppression": (approver, {"address": "gone@example.com", "reason": "It works again"}),
        "erase_lead": (approver, {"lead_id": of.lead, "reason": "They asked for it"}),
        "add_user": (admin, {"name": "Ada", "role": "admin", "password": "correct horse battery"}),
        "set_user_role": (admin, {"name": "Ada", "role": "admin"}),
        "set_user_password": (admin, {"name": "Ada", "password": "another horse battery"}),
        "disable_user": (admin, {"name": "Ada", "disabled": False}),
    }
