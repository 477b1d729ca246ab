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
--
-- Each count stands in a row of its own, so that no engine plans a join of them; the last step puts them side by side.
-- Attempts are counted by status rather than chosen by it: to a column store a list of words costs more than a group.
WITH present AS (
  SELECT coalesce(max(mode), 'simulation') AS mode FROM cam_safety_settings WHERE id = 1
),
counted AS (
  SELECT
    CASE a.status WHEN 'SENT' THEN 'sent' WHEN 'FAILED' THEN 'failed' WHEN 'UNKNOWN' THEN 'unknown' END AS what,
    a.mode, count(*) AS n, count(*) FILTER (WHERE a.attempted_at > :since_24h) AS also
  FROM cam_outreach_attempts a
  WHERE a.attempted_at > :since_7d AND a.attempted_at <= :as_of
    [[AND (
      a.campaign_id IN (SELECT id FROM cam_campaigns WHERE project_id = :project_id)
      OR (
        a.campaign_id IS NULL
        AND a.content_item_id IN (SELECT id FROM content_items WHERE project_id = :project_id)
      )
    )]]
  GROUP BY a.status, a.mode
  UNION ALL
  SELECT 'unclear', a.mode, count(*), 0
  FROM cam_outreach_attempts a
  WHERE a.status IN ('SENDING', 'FAILED', 'UNKNOWN') AND a.status = 'UNKNOWN'
    [[AND (
      a.campaign_id IN (SELECT id FROM cam_campaigns WHERE project_id = :project_id)
      OR (
        a.campaign_id IS NULL
        AND a.content_item_id IN (SELECT id FROM content_items WHERE project_id = :project_id)
      )
    )]]
  GROUP BY a.mode
  UNION ALL
  SELECT
    'waiting', q.mode,
    count(*) FILTER (
      WHERE q.status = 'QUEUED' AND coalesce(q.next_attempt_at, q.scheduled_time) < :overdue_before
    ),
    count(*) FILTER (WHERE q.status = 'MISSED')
  FROM execution_queue q
  WHERE q.status IN ('QUEUED', 'MISSED')
    [[AND q.content_item_id IN (SELECT id FROM content_items WHERE project_id = :project_id)]]
  GROUP BY q.mode
  UNION ALL
  SELECT
    'creatives', NULL,
    count(*) FILTER (WHERE i.status = 'DRAFT'),
    count(*) FILTER (
      WHERE i.status IN ('DRAFT', 'APPROVED', 'SCHEDULED', 'FAILED')
        AND coalesce(i.strategy_id, 0) <> coalesce(p.approved_strategy_id, 0)
    )
  FROM content_items i JOIN projects p ON p.id = i.project_id
  WHERE i.deleted_at IS NULL
    [[AND i.project_id = :project_id]]
  UNION ALL
  SELECT 'strategies', NULL, count(*), 0
  FROM projects p JOIN strategies s ON s.id = p.strategy_id
  WHERE s.status = 'DRAFT'
    [[AND p.id = :project_id]]
  UNION ALL
  SELECT 'leads', NULL, count(*), count(*) FILTER (WHERE l.status IN ('REPLIED', 'QUALIFIED'))
  FROM cam_leads l
  WHERE l.id IS NOT NULL
    [[AND l.campaign_id IN (SELECT id FROM cam_campaigns WHERE project_id = :project_id)]]
  UNION ALL
  SELECT 'wrote', NULL, count(*), 0
  FROM cam_leads l
  WHERE l.status NOT IN ('REPLIED', 'QUALIFIED')
    AND l.id IN (
      SELECT e.lead_id FROM cam_contact_events e
      WHERE e.direction = 'INBOUND' AND e.event_type <> 'unsubscribe'
        AND e.event_at > :since_14d AND e.event_at <= :as_of
    )
    [[AND l.campaign_id IN (SELECT id FROM cam_campaigns WHERE project_id = :project_id)]]
  UNION ALL
  SELECT 'gateways', NULL, count(DISTINCT gateway), 0
  FROM (
    SELECT
      gateway, state, fresh_until,
      row_number() OVER (PARTITION BY gateway, account ORDER BY "at" DESC, id DESC) AS nth,
      lead(state) OVER (PARTITION BY gateway, account ORDER BY "at" DESC, id DESC) AS before
    FROM gateway_checks
    WHERE "at" <= :as_of
  ) probes
  WHERE nth = 1 AND fresh_until >= :as_of AND state = 'down' AND before = 'down'
),
here AS (
  SELECT t.what, t.n, t.also, t.mode IS NULL OR t.mode = present.mode AS counts
  FROM counted t CROSS JOIN present
),
total AS (
  SELECT
    coalesce(sum(CASE WHEN what = 'leads' THEN n END), 0) AS leads,
    coalesce(sum(CASE WHEN what = 'leads' THEN also WHEN what = 'wrote' THEN n END), 0) AS high_intent,
    coalesce(sum(CASE WHEN what IN ('strategies', 'creatives') THEN n END), 0) AS approvals_pending,
    coalesce(sum(CASE WHEN what = 'sent' AND counts THEN n END), 0) AS sent,
    coalesce(sum(CASE WHEN what IN ('sent', 'failed', 'unknown') AND counts THEN n END), 0) AS ended,
    coalesce(sum(CASE WHEN what = 'failed' AND counts THEN also END), 0) AS failed_last_24h,
    coalesce(sum(CASE WHEN what = 'unclear' AND counts THEN n END), 0) AS unknown_outcomes,
    coalesce(sum(CASE WHEN what = 'waiting' AND counts THEN n END), 0) AS overdue,
    coalesce(sum(CASE WHEN what = 'waiting' AND counts THEN also END), 0) AS missed,
    coalesce(sum(CASE WHEN what = 'gateways' THEN n END), 0) AS gateways_down,
    coalesce(sum(CASE WHEN what = 'creatives' THEN also END), 0) AS stale_creatives,
    coalesce(sum(CASE WHEN what IN ('sent', 'failed', 'unknown') AND NOT counts THEN n END), 0) AS other_mode_attempts
  FROM here
)
SELECT
  CAST(leads AS BIGINT) AS leads,
  CAST(high_intent AS BIGINT) AS high_intent,
  CAST(approvals_pending AS BIGINT) AS approvals_pending,
  CASE WHEN ended > 0 THEN CAST(sent AS DOUBLE PRECISION) / CAST(ended AS DOUBLE PRECISION) END AS execution_success,
  CAST(failed_last_24h AS BIGINT) AS failed_last_24h,
  CAST(unknown_outcomes AS BIGINT) AS unknown_outcomes,
  CAST(overdue AS BIGINT) AS overdue,
  CAST(missed AS BIGINT) AS missed,
  CAST(gateways_down AS BIGINT) AS gateways_down,
  CAST(stale_creatives AS BIGINT) AS stale_creatives,
  CAST(other_mode_attempts AS BIGINT) AS other_mode_attempts,
  mode
FROM total CROSS JOIN present
