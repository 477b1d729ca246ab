-- What became of what was sent, by hour, platform and gateway: one row for each of them that has an attempt.
--
-- Attempts count in the mode the installation is in, at the hour (UTC) they were begun, after since and up to as_of.
-- sent, failed, unknown: attempts that ended so.
WITH present AS (
  SELECT coalesce((SELECT mode FROM cam_safety_settings WHERE id = 1), 'simulation') AS mode
)
SELECT
  date_trunc('hour', a.attempted_at) AS hour,
  a.channel AS platform,
  CASE WHEN a.channel = 'twitter' THEN 'x' ELSE a.channel END AS gateway,
  count(*) FILTER (WHERE a.status = 'SENT') AS sent,
  count(*) FILTER (WHERE a.status = 'FAILED') AS failed,
  count(*) FILTER (WHERE a.status = 'UNKNOWN') AS unknown
FROM cam_outreach_attempts a CROSS JOIN present
WHERE a.attempted_at > :since AND a.attempted_at <= :as_of
  AND a.mode = present.mode
  AND a.status IN ('SENT', 'FAILED', 'UNKNOWN')
  AND (
    CAST(:project_id AS INTEGER) IS NULL
    OR a.campaign_id IN (SELECT id FROM cam_campaigns WHERE project_id = :project_id)
    OR (
      a.campaign_id IS NULL
      AND a.content_item_id IN (SELECT id FROM content_items WHERE project_id = :project_id)
    )
  )
GROUP BY ALL
ORDER BY hour, platform
