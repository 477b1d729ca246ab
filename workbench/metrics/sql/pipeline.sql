-- Every project with the counts its card on the board shows: one row per project, by id.
--
-- clarity: how complete the newest brief is: 20 for each of goal, constraints, audience, budget and target niche that is not blank.
-- strategy_status: of the newest revision; null before there is one.
-- lead_count: people in the project's campaigns.
-- outreach_count: attempts that were begun (SENDING, SENT, FAILED or UNKNOWN), in the mode the installation is in.
-- creatives and creatives_*: creatives that are not deleted; PUBLISHING ones count as scheduled.
-- next_scheduled: when the next QUEUED row is to go out; null when nothing is queued.
-- linkedin, twitter, email: creatives per platform.
--
-- Attempts are counted by status rather than chosen by it: to a column store a list of words costs more than a group.
WITH present AS (
  SELECT coalesce(max(mode), 'simulation') AS mode FROM cam_safety_settings WHERE id = 1
),
leads AS (
  SELECT c.project_id, CAST(sum(n) AS BIGINT) AS lead_count
  FROM (SELECT campaign_id, count(*) AS n FROM cam_leads GROUP BY campaign_id) l
  JOIN cam_campaigns c ON c.id = l.campaign_id
  GROUP BY c.project_id
),
mailed AS (
  SELECT a.campaign_id, a.mode, a.status, count(*) AS n FROM cam_outreach_attempts a
  GROUP BY a.campaign_id, a.mode, a.status
),
posted AS (
  SELECT a.content_item_id, a.mode, a.status, count(*) AS n FROM cam_outreach_attempts a
  WHERE a.campaign_id IS NULL
  GROUP BY a.content_item_id, a.mode, a.status
),
outreach AS (
  SELECT project_id, CAST(sum(n) AS BIGINT) AS outreach_count
  FROM (
    SELECT c.project_id, m.mode, m.status, m.n FROM mailed m JOIN cam_campaigns c ON c.id = m.campaign_id
    UNION ALL
    SELECT i.project_id, m.mode, m.status, m.n FROM posted m JOIN content_items i ON i.id = m.content_item_id
  ) begun JOIN present ON present.mode = begun.mode
  WHERE begun.status IN ('SENDING', 'SENT', 'FAILED', 'UNKNOWN')
  GROUP BY project_id
),
items AS (
  SELECT
    project_id,
    count(*) AS creatives,
    count(*) FILTER (WHERE status = 'DRAFT') AS creatives_draft,
    count(*) FILTER (WHERE status = 'APPROVED') AS creatives_approved,
    count(*) FILTER (WHERE status IN ('SCHEDULED', 'PUBLISHING')) AS creatives_scheduled,
    count(*) FILTER (WHERE status = 'PUBLISHED') AS creatives_published,
    count(*) FILTER (WHERE status = 'FAILED') AS creatives_failed,
    count(*) FILTER (WHERE status = 'UNKNOWN') AS creatives_unknown,
    count(*) FILTER (WHERE platform = 'linkedin') AS linkedin,
    count(*) FILTER (WHERE platform = 'twitter') AS twitter,
    count(*) FILTER (WHERE platform = 'email') AS email
  FROM content_items
  WHERE deleted_at IS NULL
  GROUP BY project_id
),
ahead AS (
  SELECT i.project_id, min(coalesce(q.next_attempt_at, q.scheduled_time)) AS next_scheduled
  FROM execution_queue q
  CROSS JOIN present
  JOIN content_items i ON i.id = q.content_item_id
  WHERE q.status = 'QUEUED' AND q.mode = present.mode
  GROUP BY i.project_id
)
SELECT
  p.id, p.name, p.client, p.state, p.paused,
  CASE WHEN trim(coalesce(b.goal, '')) <> '' THEN 20 ELSE 0 END
  + CASE WHEN trim(coalesce(b.constraints, '')) <> '' THEN 20 ELSE 0 END
  + CASE WHEN trim(coalesce(b.audience, '')) <> '' THEN 20 ELSE 0 END
  + CASE WHEN trim(coalesce(b.budget, '')) <> '' THEN 20 ELSE 0 END
  + CASE WHEN trim(coalesce(b.target_niche, '')) <> '' THEN 20 ELSE 0 END AS clarity,
  s.status AS strategy_status,
  coalesce(leads.lead_count, 0) AS lead_count,
  coalesce(outreach.outreach_count, 0) AS outreach_count,
  coalesce(items.creatives, 0) AS creatives,
  coalesce(items.creatives_draft, 0) AS creatives_draft,
  coalesce(items.creatives_approved, 0) AS creatives_approved,
  coalesce(items.creatives_scheduled, 0) AS creatives_scheduled,
  coalesce(items.creatives_published, 0) AS creatives_published,
  coalesce(items.creatives_failed, 0) AS creatives_failed,
  coalesce(items.creatives_unknown, 0) AS creatives_unknown,
  ahead.next_scheduled,
  coalesce(items.linkedin, 0) AS linkedin,
  coalesce(items.twitter, 0) AS twitter,
  coalesce(items.email, 0) AS email
FROM projects p
LEFT JOIN intakes b ON b.id = p.intake_id
LEFT JOIN strategies s ON s.id = p.strategy_id
LEFT JOIN leads ON leads.project_id = p.id
LEFT JOIN outreach ON outreach.project_id = p.id
LEFT JOIN items ON items.project_id = p.id
LEFT JOIN ahead ON ahead.project_id = p.id
[[WHERE p.id = :project_id]]
ORDER BY p.id
