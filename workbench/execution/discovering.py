"""Carrying out searches for people: page by page, each written down before the next is asked for.

A worker that dies leaves a lease; the next one goes on at the page in progress, past those who are done, so nobody is
counted or paid for twice. A credit is counted before the call that may cost it. No transaction is open during a call.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from workbench.db import database_now
from workbench.enums import DiscoveryStatus
from workbench.errors import GatewayFault, InputError
from workbench.execution.background import short_transaction
from workbench.execution.retry import next_try
from workbench.gateways.apollo import PER_PAGE, Match, Page, Person
from workbench.models import Campaign, DiscoveryJob, Project, SafetySettings
from workbench.services import discovery_criteria, discovery_people
from workbench.services.discovery import end, paused
from workbench.services.safety import is_paused
from workbench.settings import Settings

log = logging.getLogger("workbench.worker")

LOOK_SECONDS: Final = 2.0
#: So many failures in a row end a search.
TRIES: Final = 8
#: Apollo says how many requests are left, but not when a window ends: when to look again after the last one.
REST: Final[Mapping[str, timedelta]] = {
    "minute": timedelta(minutes=1),
    "hourly": timedelta(minutes=15),
    "daily": timedelta(hours=1),
}

#: The HTTP status of being asked too often.
LIMITED: Final = 429

RUNNING, QUEUED = DiscoveryStatus.RUNNING, DiscoveryStatus.QUEUED


class Apollo(Protocol):
    """What a search needs of Apollo."""

    def search(self, criteria: Mapping[str, Any], page: int = 1, per_page: int = PER_PAGE) -> Page: ...
    def match(self, apollo_id: str) -> Match: ...


@dataclass(frozen=True)
class Claim:
    """A search this worker holds."""

    job_id: int
    token: int
    criteria: Mapping[str, Any]
    per_page: int


class Gone(Exception):
    """The search is not this worker's to go on with: taken over, cancelled, paused or put off. Nothing to undo."""


def rest(left: Mapping[str, int]) -> timedelta | None:
    """How long to leave Apollo alone when these requests are left; None when it may be asked."""
    return max((REST[window] for window, count in left.items() if count <= 0 and window in REST), default=None)


def retry_at(fault: GatewayFault, tries: int, at: datetime, chance: float = 0.0) -> datetime | None:
    """When to go on after ``fault``, the ``tries``-th in a row; None to give up.

    A limit that is used up is no failure. Another refusal is for good; whatever else may pass.
    """
    status = fault.context.get("status")
    if status == LIMITED:
        return fault.retry_at or at + REST["minute"]
    if status is not None and 300 <= status < 500 and status not in (408, 425):
        return None
    return next_try(tries, TRIES, at, asked=fault.retry_at, chance=chance)


class Discoverer:
    """Carries out one search after the other. ``stop`` ends it between two calls."""

    def __init__(self, engine: Engine, settings: Settings, apollo: Apollo, worker_id: str) -> None:
        self._engine, self._apollo, self._worker_id = engine, apollo, worker_id
        self._lease = timedelta(seconds=settings.lease_seconds)
        self.stop = threading.Event()

    def look(self) -> bool:
        """Carry out the search that has waited longest, if there is one. Says whether there was.

        Raises :class:`DatabaseProblem`; the search then goes on when its lease is over.
        """
        with self._transaction(write=False) as session:
            waiting = session.scalar(_due(database_now(session)).with_only_columns(DiscoveryJob.id).limit(1))
        if waiting is None:
            return False
        with self._transaction() as session:
            claim = self._claim(session)
        if claim is None:
            return False
        log.info("discovery begins discovery=%s", claim.job_id)
        try:
            while self._page(claim):
                pass
        except Gone:
            pass
        except GatewayFault as fault:
            self._put_off(claim, fault)
        return True

    def _claim(self, session: Session) -> Claim | None:
        moment = database_now(session)
        job = session.scalar(_due(moment).limit(1).with_for_update(of=DiscoveryJob, skip_locked=True))
        if job is None:
            return None
        # Who died over it may have been killed by it: that counts as a failure.
        job.attempts += job.status == RUNNING
        if job.status == RUNNING and job.attempts >= TRIES:
            end(job, DiscoveryStatus.FAILED, moment, f"It failed {TRIES} times in a row. The workers' logs say how.")
            return None
        try:
            criteria = discovery_criteria.to_apollo(discovery_criteria.read(job.criteria))
        except InputError as error:
            end(job, DiscoveryStatus.FAILED, moment, error.message)
            return None
        job.status, job.worker_id = RUNNING, self._worker_id
        job.claim_token += 1
        job.lease_expires_at = moment + self._lease
        job.next_attempt_at = job.error_message = None
        return Claim(job.id, job.claim_token, criteria, max(1, min(PER_PAGE, job.max_people)))

    def _page(self, claim: Claim) -> bool:
        """One page. Says whether there may be another. Raises :class:`Gone`, :class:`GatewayFault`."""
        with self._transaction() as session:
            number = self._standing(session, claim).pages_done + 1
        page = self._apollo.search(claim.criteria, number, claim.per_page)
        with self._transaction() as session:
            job = self._standing(session, claim)
            job.found = page.total if page.total is not None else job.found
            to_match = self._sort_out(session, job, page)
            if not to_match:
                return self._turn(session, job, page)
        self._rest(claim, page.left)
        for person in to_match:
            self._match(claim, person)
        with self._transaction() as session:
            return self._turn(session, self._standing(session, claim), page)

    def _sort_out(self, session: Session, job: DiscoveryJob, page: Page) -> list[Person]:
        """Take those of the page who need no enrichment; answer the others. Who is done already is passed over."""
        done = set(job.page_ids or [])
        people: dict[str, Person] = {}
        nameless = []
        for person in page.people:
            id_ = discovery_people.apollo_id(person.raw)
            if not id_:
                nameless.append(person)
            elif id_ not in done:
                people.setdefault(id_, person)
        if job.page_ids is None:  # those without an id are counted with the page's first look
            people |= {f"\0{number}": person for number, person in enumerate(nameless)}
        due = dict(list(people.items())[: job.max_people - job.seen])
        assert job.campaign_id is not None
        known = discovery_people.known(session, job.campaign_id, [id_ for id_ in due if not id_.startswith("\0")])
        credits_left = job.max_credits - job.credits_used
        to_match: list[Person] = []
        at_once: list[Person] = []
        for id_, person in due.items():
            has_address = id_ in known and known[id_].email
            may_have = not id_.startswith("\0") and person.raw.get("has_email") is not False
            if may_have and not has_address and not person.email and len(to_match) < credits_left:
                to_match.append(person)
            else:
                at_once.append(person)
        discovery_people.take(session, job, [_entry(person) for person in at_once])
        job.page_ids = [*done, *(person.apollo_id for person in at_once if person.apollo_id)]
        return to_match

    def _match(self, claim: Claim, person: Person) -> None:
        """Enrich one person and take them. The credit is counted, and that committed, before the call."""
        with self._transaction() as session:
            job = self._standing(session, claim)
            paid = job.credits_used < job.max_credits
            job.credits_used += paid
        match = self._apollo.match(person.apollo_id) if paid else Match(None)
        with self._transaction() as session:
            # What was paid for is kept, paused or not.
            job = self._standing(session, claim, even_paused=True)
            discovery_people.take(session, job, [_entry(person, match.person)])
            job.page_ids = [*(job.page_ids or []), person.apollo_id]
            job.attempts = 0
        self._rest(claim, match.left)

    def _turn(self, session: Session, job: DiscoveryJob, page: Page) -> bool:
        """The page is done: on to the next, if there is one."""
        job.pages_done, job.page_ids, job.attempts = page.number, None, 0
        if page.has_more and page.people and job.seen < job.max_people:
            delay = rest(page.left)
            if delay is not None:
                self._give_back(job, until=database_now(session) + delay, reason=_used_up(page.left))
            return delay is None
        end(job, DiscoveryStatus.DONE, database_now(session))
        log.info("discovery done discovery=%s seen=%s added=%s", job.id, job.seen, job.added)
        return False

    def _standing(self, session: Session, claim: Claim, *, even_paused: bool = False) -> DiscoveryJob:
        """The job, held until the transaction ends, its lease renewed. Raises :class:`Gone`."""
        job = session.scalar(
            sa.select(DiscoveryJob)
            .where(
                DiscoveryJob.id == claim.job_id,
                DiscoveryJob.claim_token == claim.token,
                DiscoveryJob.status == RUNNING,
            )
            .with_for_update()
        )
        if job is None:
            log.info("discovery is not ours any more discovery=%s", claim.job_id)
            raise Gone
        job.lease_expires_at = database_now(session) + self._lease
        if not even_paused and (self.stop.is_set() or _held(session, job)):
            self._give_back(job)
            session.commit()
            raise Gone
        return job

    def _rest(self, claim: Claim, left: Mapping[str, int]) -> None:
        """Put the search off when Apollo has no request left. Raises :class:`Gone` then."""
        delay = rest(left)
        if delay is None:
            return
        with self._transaction() as session:
            job = self._standing(session, claim)
            self._give_back(job, until=database_now(session) + delay, reason=_used_up(left))
        raise Gone

    def _put_off(self, claim: Claim, fault: GatewayFault) -> None:
        try:
            with self._transaction() as session:
                job = self._standing(session, claim, even_paused=True)
                job.attempts += fault.context.get("status") != LIMITED
                moment = database_now(session)
                until = retry_at(fault, job.attempts, moment, random.random())  # noqa: S311 - only spreads the tries
                if until is None:
                    end(job, DiscoveryStatus.FAILED, moment, fault.message)
                else:
                    self._give_back(job, until=until, reason=fault.message)
        except Gone:
            return
        log.warning("discovery put off discovery=%s failed=%s", claim.job_id, until is None)

    def _give_back(self, job: DiscoveryJob, *, until: datetime | None = None, reason: str | None = None) -> None:
        job.status, job.next_attempt_at, job.error_message = QUEUED, until, reason
        job.worker_id = job.lease_expires_at = None

    def _transaction(self, *, write: bool = True) -> AbstractContextManager[Session]:
        return short_transaction(self._engine, write=write)


def _due(moment: datetime) -> sa.Select[DiscoveryJob]:
    waits = sa.and_(
        DiscoveryJob.status == QUEUED,
        sa.or_(DiscoveryJob.next_attempt_at.is_(None), DiscoveryJob.next_attempt_at <= moment),
    )
    orphaned = sa.and_(DiscoveryJob.status == RUNNING, DiscoveryJob.lease_expires_at <= moment)
    stopped = sa.exists(sa.select(SafetySettings.id).where(SafetySettings.system_paused))
    return (
        sa.select(DiscoveryJob)
        .join(Campaign, Campaign.id == DiscoveryJob.campaign_id)
        .join(Project, Project.id == Campaign.project_id)
        .where(sa.or_(waits, orphaned), sa.not_(paused()), sa.not_(stopped))
        .order_by(DiscoveryJob.id)
    )


def _held(session: Session, job: DiscoveryJob) -> bool:
    """Whether the system, the project or Apollo is paused."""
    query = (
        sa.select(paused())
        .select_from(Campaign)
        .join(Project, Project.id == Campaign.project_id)
        .where(Campaign.id == job.campaign_id)
    )
    return is_paused(session) or bool(session.scalar(query))


def _entry(person: Person, matched: Person | None = None) -> dict[str, Any]:
    """Somebody as Apollo describes them, with their address when it was given."""
    whole = {**person.raw, **(matched.raw if matched else {})}
    # An enrichment may answer with another record of the same person; the search is what finds them again.
    return {**whole, "id": person.apollo_id, "email": (matched or person).email}


def _used_up(left: Mapping[str, int]) -> str:
    windows = [window for window in REST if left.get(window, 1) <= 0]
    return f"Apollo's limit of {windows[-1]} requests is used up."
