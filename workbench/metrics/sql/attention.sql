-- What needs somebody's attention: one row.
--
-- Attempts and queue rows count in the mode the installation is in; attempts of the other mode are counted apart.
-- A window is open at its start and closed at its end: "the last 7 days" is after as_of - 7 days, up to as_of.
-- With a project_id only that project's rows count; gateways belong to no project and always count.
--
-- leads: people in all campaigns.
-- high_intent: leads whose status is REPLIED or QUALIFIED, or who wrote to us (an INBOUND contact event, no unsubscribe) in the last 14 days.
-- approvals_pending: projects whose newest strategy is a DRAFT, plus creatives in DRAFT that are not deleted.
-- execution_success: SENT / (SENT + FAILED + UNKNOWN) of the attempts of the last 7 days, 0 to 1; null when there were none.
-- failed_last_24h: attempts of the last 24 hours that FAILED.
-- unknown_outcomes: attempts nobody knows the outcome of, however old.
-- overdue: QUEUED rows that were due more than 5 minutes before as_of; a deferred row is due when it was deferred to.
-- missed: rows that were overdue too long and wait for a person.
-- gateways_down: gateways with an account whose last two probes failed, the last one recent enough to count.
-- stale_creatives: creatives still to be published that were not made from the strategy in force.
-- other_mode_attempts: SENT, FAILED or UNKNOWN attempts of the last 7 days in the mode the installation is not in.
WITH present AS (
  SELECT coalesce((SELECT mode FROM cam_safety_settings WHERE id = 1), 'simulation') AS mode
),
scope AS (
  SELECT id AS campaign_id FROM cam_campaigns
  WHERE CAST(:project_id AS INTEGER) IS NULL OR project_id = :project_id
),
tried AS (
  SELECT
    count(*) FILTER (WHERE a.mode = present.mode AND a.status = 'SENT') AS sent,
    count(*) FILTER (WHERE a.mode = present.mode) AS ended,
    count(*) FILTER (
      WHERE a.mode = present.mode AND a.status = 'FAILED' AND a.attempted_at > :since_24h
    ) AS failed_last_24h,
    count(*) FILTER (WHERE a.mode <> present.mode) AS other_mode_attempts
  FROM cam_outreach_attempts a CROSS JOIN present
  WHERE a.attempted_at > :since_7d AND a.attempted_at <= :as_of
    AND a.status IN ('SENT', 'FAILED', 'UNKNOWN')
    AND (
      CAST(:project_id AS INTEGER) IS NULL
      OR a.campaign_id IN (SELECT campaign_id FROM scope)
      OR (
        a.campaign_id IS NULL
        AND a.content_item_id IN (SELECT id FROM content_items WHERE project_id = :project_id)
      )
    )
),
waiting AS (
  SELECT
    count(*) FILTER (
      WHERE q.status = 'QUEUED' AND coalesce(q.next_attempt_at, q.scheduled_time) < :overdue_before
    ) AS overdue,
    count(*) FILTER (WHERE q.status = 'MISSED') AS missed
  FROM execution_queue q CROSS JOIN present
  WHERE q.mode = present.mode AND q.status IN ('QUEUED', 'MISSED')
    AND (
      CAST(:project_id AS INTEGER) IS NULL
      OR q.content_item_id IN (SELECT id FROM content_items WHERE project_id = :project_id)
    )
),
creatives AS (
  SELECT
    count(*) FILTER (WHERE i.status = 'DRAFT') AS drafts,
    count(*) FILTER (
      WHERE i.status IN ('DRAFT', 'APPROVED', 'SCHEDULED', 'FAILED')
        AND coalesce(i.strategy_id, 0) <> coalesce(p.approved_strategy_id, 0)
    ) AS stale
  FROM content_items i JOIN projects p ON p.id = i.project_id
  WHERE i.deleted_at IS NULL
    AND (CAST(:project_id AS INTEGER) IS NULL OR i.project_id = :project_id)
),
probes AS (
  SELECT
    gateway, state, fresh_until,
    row_number() OVER (PARTITION BY gateway, account ORDER BY "at" DESC, id DESC) AS nth,
    lead(state) OVER (PARTITION BY gateway, account ORDER BY "at" DESC, id DESC) AS before
  FROM gateway_checks
  WHERE "at" <= :as_of
)
SELECT
  (SELECT count(*) FROM cam_leads WHERE campaign_id IN (SELECT campaign_id FROM scope)) AS leads,
  (
    SELECT count(*) FROM cam_leads l
    WHERE l.campaign_id IN (SELECT campaign_id FROM scope)
      AND (
        l.status IN ('REPLIED', 'QUALIFIED')
        OR l.id IN (
          SELECT e.lead_id FROM cam_contact_events e
          WHERE e.direction = 'INBOUND' AND e.event_type <> 'unsubscribe'
            AND e.event_at > :since_14d AND e.event_at <= :as_of
        )
      )
  ) AS high_intent,
  creatives.drafts + (
    SELECT count(*) FROM projects p JOIN strategies s ON s.id = p.strategy_id
    WHERE s.status = 'DRAFT' AND (CAST(:project_id AS INTEGER) IS NULL OR p.id = :project_id)
  ) AS approvals_pending,
  CASE WHEN tried.ended > 0 THEN CAST(tried.sent AS DOUBLE PRECISION) / tried.ended END AS execution_success,
  tried.failed_last_24h,
  (
    SELECT count(*) FROM cam_outreach_attempts a
    WHERE a.status IN ('SENDING', 'FAILED', 'UNKNOWN') AND a.status = 'UNKNOWN' AND a.mode = present.mode
      AND (
        CAST(:project_id AS INTEGER) IS NULL
        OR a.campaign_id IN (SELECT campaign_id FROM scope)
        OR (
          a.campaign_id IS NULL
          AND a.content_item_id IN (SELECT id FROM content_items WHERE project_id = :project_id)
        )
      )
  ) AS unknown_outcomes,
  waiting.overdue,
  waiting.missed,
  (
    SELECT count(DISTINCT gateway) FROM probes
    WHERE nth = 1 AND fresh_until >= :as_of AND state = 'down' AND before = 'down'
  ) AS gateways_down,
  creatives.stale AS stale_creatives,
  tried.other_mode_attempts,
  present.mode AS mode
FROM present CROSS JOIN tried CROSS JOIN waiting CROSS JOIN creatives
