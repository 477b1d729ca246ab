-- What happened, newest first: attempts that ended, audit events, contact events, and lead searches that began or ended.
--
-- The order is time, then branch, then id, all downwards; (before, before_branch, before_id) is the last row of the page before,
-- so that no row comes twice, and none that was there at the first page is skipped, whatever is added meanwhile.
-- An attempt stands at the time it was begun; one that a person retries moves to its new time, at the top.
--
-- Each branch is cut to the page's size by its own index first; the names are looked up after that.
-- In words, one row is a time, an event and its detail; of a person nothing is said but the name.
-- Parts in double brackets are asked only when their parameter is given; the words about SENDING let an index be used.
-- branch: 1 attempt, 2 audit, 3 contact, 4 search began, 5 search ended.
WITH newest AS (
  SELECT * FROM (
    SELECT a.id, a.attempted_at FROM cam_outreach_attempts a
    WHERE CAST(:attempts AS INTEGER) = 1
      AND a.status IN ('SENT', 'FAILED', 'UNKNOWN')
      [[AND a.status = :outcome]]
      [[AND a.status IN ('SENDING', 'FAILED', 'UNKNOWN') AND CAST(:trouble AS INTEGER) = 1]]
      AND a.attempted_at <= :before
      AND (
        a.attempted_at < :before
        OR 1 < CAST(:before_branch AS INTEGER)
        OR (1 = CAST(:before_branch AS INTEGER) AND a.id < CAST(:before_id AS INTEGER))
      )
      [[AND a.campaign_id IN (SELECT id FROM cam_campaigns WHERE project_id = :project_id)]]
    ORDER BY a.attempted_at DESC, a.id DESC
    LIMIT :limit
  ) tried
  [[UNION ALL
  SELECT * FROM (
    SELECT a.id, a.attempted_at FROM cam_outreach_attempts a
    WHERE CAST(:attempts AS INTEGER) = 1
      AND a.status IN ('SENT', 'FAILED', 'UNKNOWN')
      [[AND a.status = :outcome]]
      [[AND a.status IN ('SENDING', 'FAILED', 'UNKNOWN') AND CAST(:trouble AS INTEGER) = 1]]
      AND a.attempted_at <= :before
      AND (
        a.attempted_at < :before
        OR 1 < CAST(:before_branch AS INTEGER)
        OR (1 = CAST(:before_branch AS INTEGER) AND a.id < CAST(:before_id AS INTEGER))
      )
      AND a.campaign_id IS NULL
      AND a.content_item_id IN (SELECT id FROM content_items WHERE project_id = :project_id)
    ORDER BY a.attempted_at DESC, a.id DESC
    LIMIT :limit
  ) posts]]
),
attempts AS (
  SELECT
    a.attempted_at AS "at", 1 AS branch, a.id, a.status AS what, a.channel AS platform, a.mode,
    a.campaign_id, a.content_item_id, a.lead_id, CAST(NULL AS INTEGER) AS project_id, a.last_error AS words,
    CAST(NULL AS VARCHAR(32)) AS entity, CAST(NULL AS INTEGER) AS entity_id,
    CAST(NULL AS VARCHAR(200)) AS actor, CAST(NULL AS TEXT) AS facts
  FROM newest JOIN cam_outreach_attempts a ON a.id = newest.id
),
audits AS (
  SELECT
    e."at", 2 AS branch, e.id, e.action AS what, CAST(NULL AS VARCHAR(16)) AS platform,
    CAST(NULL AS VARCHAR(16)) AS mode, CAST(NULL AS INTEGER) AS campaign_id,
    CAST(NULL AS INTEGER) AS content_item_id, CAST(NULL AS INTEGER) AS lead_id, e.project_id, e.reason AS words,
    e.entity, e.entity_id, e.actor, CAST(e."after" AS TEXT) AS facts
  FROM audit_events e
  WHERE CAST(:audits AS INTEGER) = 1
    AND e."at" <= :before
    AND (
      e."at" < :before
      OR 2 < CAST(:before_branch AS INTEGER)
      OR (2 = CAST(:before_branch AS INTEGER) AND e.id < CAST(:before_id AS INTEGER))
    )
    [[AND e.project_id = :project_id]]
  ORDER BY e."at" DESC, e.id DESC
  LIMIT :limit
),
contacts AS (
  SELECT
    e.event_at AS "at", 3 AS branch, e.id, e.direction AS what, e.channel AS platform,
    CAST(NULL AS VARCHAR(16)) AS mode, l.campaign_id,
    CAST(NULL AS INTEGER) AS content_item_id, e.lead_id, CAST(NULL AS INTEGER) AS project_id,
    e.event_type AS words, CAST(NULL AS VARCHAR(32)) AS entity, CAST(NULL AS INTEGER) AS entity_id,
    CAST(NULL AS VARCHAR(200)) AS actor, CAST(NULL AS TEXT) AS facts
  FROM cam_contact_events e JOIN cam_leads l ON l.id = e.lead_id
  WHERE CAST(:contacts AS INTEGER) = 1
    [[AND e.direction = :direction]]
    AND e.event_at <= :before
    AND (
      e.event_at < :before
      OR 3 < CAST(:before_branch AS INTEGER)
      OR (3 = CAST(:before_branch AS INTEGER) AND e.id < CAST(:before_id AS INTEGER))
    )
    [[AND l.campaign_id IN (SELECT id FROM cam_campaigns WHERE project_id = :project_id)]]
  ORDER BY e.event_at DESC, e.id DESC
  LIMIT :limit
),
searches AS (
  SELECT
    CASE WHEN half.branch = 4 THEN j.created_at ELSE j.completed_at END AS "at", half.branch, j.id,
    j.status AS what, CAST(NULL AS VARCHAR(16)) AS platform,
    CAST(NULL AS VARCHAR(16)) AS mode, j.campaign_id,
    CAST(NULL AS INTEGER) AS content_item_id, CAST(NULL AS INTEGER) AS lead_id,
    CAST(NULL AS INTEGER) AS project_id, j.error_message AS words, j.name AS entity,
    CAST(NULL AS INTEGER) AS entity_id, CAST(NULL AS VARCHAR(200)) AS actor, CAST(NULL AS TEXT) AS facts
  FROM cam_discovery_jobs j CROSS JOIN (SELECT 4 AS branch UNION ALL SELECT 5) half
  WHERE CAST(:searches AS INTEGER) = 1
    AND (half.branch = 4 OR j.completed_at IS NOT NULL)
    [[AND j.campaign_id IN (SELECT id FROM cam_campaigns WHERE project_id = :project_id)]]
),
found AS (
  SELECT * FROM searches s
  WHERE s."at" < :before
    OR (
      s."at" = :before
      AND (
        s.branch < CAST(:before_branch AS INTEGER)
        OR (s.branch = CAST(:before_branch AS INTEGER) AND s.id < CAST(:before_id AS INTEGER))
      )
    )
  ORDER BY s."at" DESC, s.branch DESC, s.id DESC
  LIMIT :limit
),
latest AS (
  SELECT * FROM (
    SELECT * FROM attempts UNION ALL SELECT * FROM audits UNION ALL SELECT * FROM contacts UNION ALL SELECT * FROM found
  ) everything
  ORDER BY "at" DESC, branch DESC, id DESC
  LIMIT :limit
)
SELECT
  t."at", t.branch, t.id, t.what, t.platform, t.mode, t.words, t.entity, t.entity_id, t.actor, t.facts,
  p.id AS project_id, p.name AS project, c.name AS campaign,
  CASE WHEN trim(i.title) <> '' THEN i.title ELSE substr(i.body_text, 1, 80) END AS title,
  l.name AS lead
FROM latest t
LEFT JOIN cam_campaigns c ON c.id = t.campaign_id
LEFT JOIN execution_queue q ON q.id = CASE WHEN t.entity = 'queue' THEN t.entity_id END
LEFT JOIN content_items i
  ON i.id = coalesce(t.content_item_id, q.content_item_id, CASE WHEN t.entity = 'creative' THEN t.entity_id END)
LEFT JOIN projects p ON p.id = coalesce(t.project_id, c.project_id, i.project_id)
LEFT JOIN cam_leads l ON l.id = t.lead_id
ORDER BY t."at" DESC, t.branch DESC, t.id DESC
