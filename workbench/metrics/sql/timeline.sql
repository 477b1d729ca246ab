-- What is planned and what was done, in one shape, latest first.
--
-- A queue row stands for a plan: QUEUED, RUNNING, MISSED or CANCELLED, or FAILED before anything was tried. at: its scheduled time.
-- An attempt stands for something done: SENDING, SENT, FAILED or UNKNOWN. at: when it was begun.
-- The range is closed at since and open at until, so that two months that meet show nothing twice.
-- title: of the version that was queued; a post without one shows how its text begins.
-- lead: the person written to; null for a post, and once the person was erased.
--
-- The newest of each are found by an index first, and the names looked up after that: of a project by its campaigns and
-- its posts apart; of the few that are open or no e-mails by indexes of their own, which SQLite takes when it is told so.
WITH planned AS (
  SELECT
    q.scheduled_time AS "at", 'queue' AS kind, q.id, q.id AS queue_id, q.content_item_id,
    CAST(NULL AS INTEGER) AS campaign_id, CAST(NULL AS INTEGER) AS lead_id, q.status, q.mode,
    i.platform, CAST(NULL AS VARCHAR(300)) AS external_id, q.last_error AS error
  FROM execution_queue q JOIN content_items i ON i.id = q.content_item_id
  WHERE q.scheduled_time >= :since AND q.scheduled_time < :until
    AND (
      q.status IN ('QUEUED', 'RUNNING', 'MISSED', 'CANCELLED')
      OR (q.status = 'FAILED' AND NOT EXISTS (SELECT 1 FROM cam_outreach_attempts a WHERE a.queue_id = q.id))
    )
    [[AND q.status = :status]]
    [[AND i.platform = :platform]]
    [[AND i.project_id = :project_id]]
  ORDER BY q.scheduled_time DESC, q.id DESC
  LIMIT :limit
),
newest AS (
  SELECT * FROM (
    SELECT a.id, a.attempted_at FROM cam_outreach_attempts a
    WHERE a.attempted_at >= :since AND a.attempted_at < :until
      AND a.status IN ('SENDING', 'SENT', 'FAILED', 'UNKNOWN')
      [[AND a.status = :status]]
      [[AND a.status IN ('SENDING', 'FAILED', 'UNKNOWN') AND a.status = :open_status]]
      [[AND a.channel = :platform]]
      [[AND a.channel <> 'email' AND a.channel = :post_platform]]
      [[AND (a.campaign_id IS NOT NULL OR a.content_item_id IS NOT NULL) AND CAST(:everywhere AS INTEGER) = 1]]
      [[AND a.campaign_id IN (SELECT id FROM cam_campaigns WHERE project_id = :project_id)]]
    ORDER BY a.attempted_at DESC, a.id DESC
    LIMIT :limit
  ) tried
  [[UNION ALL
  SELECT * FROM (
    SELECT a.id, a.attempted_at FROM cam_outreach_attempts a
    WHERE a.attempted_at >= :since AND a.attempted_at < :until
      AND a.status IN ('SENDING', 'SENT', 'FAILED', 'UNKNOWN')
      [[AND a.status = :status]]
      [[AND a.status IN ('SENDING', 'FAILED', 'UNKNOWN') AND a.status = :open_status]]
      [[AND a.channel = :platform]]
      [[AND a.channel <> 'email' AND a.channel = :post_platform]]
      AND a.campaign_id IS NULL
      AND a.content_item_id IN (SELECT id FROM content_items WHERE project_id = :project_id)
    ORDER BY a.attempted_at DESC, a.id DESC
    LIMIT :limit
  ) posts]]
),
done AS (
  SELECT
    a.attempted_at AS "at", 'attempt' AS kind, a.id, a.queue_id, a.content_item_id,
    a.campaign_id, a.lead_id, a.status, a.mode,
    a.channel AS platform, a.external_id, a.last_error AS error
  FROM newest JOIN cam_outreach_attempts a ON a.id = newest.id
),
latest AS (
  SELECT * FROM planned UNION ALL SELECT * FROM done
)
SELECT
  t."at", t.kind, t.id, t.queue_id, p.id AS project_id, p.name AS project, t.platform, t.status, t.mode,
  CASE
    WHEN trim(coalesce(v.title, i.title, '')) <> '' THEN coalesce(v.title, i.title)
    ELSE substr(coalesce(v.body_text, i.body_text, ''), 1, 80)
  END AS title,
  t.lead_id, l.name AS lead, t.external_id, t.error
FROM latest t
LEFT JOIN content_items i ON i.id = t.content_item_id
LEFT JOIN cam_campaigns c ON c.id = t.campaign_id
JOIN projects p ON p.id = coalesce(c.project_id, i.project_id)
LEFT JOIN execution_queue q ON q.id = t.queue_id
LEFT JOIN content_versions v ON v.id = q.content_version_id
LEFT JOIN cam_leads l ON l.id = t.lead_id
ORDER BY t."at" DESC, t.kind DESC, t.id DESC
LIMIT :limit
