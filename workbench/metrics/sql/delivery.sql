-- What became of what was sent, by hour, platform and gateway: one row for each of them that has an attempt.
--
-- Attempts count in the mode the installation is in, at the hour (UTC) they were begun, after since and up to as_of.
-- sent, failed, unknown: attempts that ended so.
--
-- Counted by small numbers first: the mode is compared, and hours become times, once a group and not once an attempt.
WITH present AS (
  SELECT coalesce(max(mode), 'simulation') AS mode FROM cam_safety_settings WHERE id = 1
),
counted AS (
  SELECT
    date_trunc('hour', make_timestamp(epoch_us(a.attempted_at))) AS hour, a.channel, a.mode, a.status, count(*) AS n
  FROM cam_outreach_attempts a
  WHERE a.attempted_at > :since AND a.attempted_at <= :as_of
    [[AND (
      a.campaign_id IN (SELECT id FROM cam_campaigns WHERE project_id = :project_id)
      OR (
        a.campaign_id IS NULL
        AND a.content_item_id IN (SELECT id FROM content_items WHERE project_id = :project_id)
      )
    )]]
  GROUP BY ALL
)
SELECT
  hour AT TIME ZONE 'UTC' AS hour,
  channel AS platform,
  CASE WHEN channel = 'twitter' THEN 'x' ELSE channel END AS gateway,
  CAST(coalesce(sum(n) FILTER (WHERE status = 'SENT'), 0) AS BIGINT) AS sent,
  CAST(coalesce(sum(n) FILTER (WHERE status = 'FAILED'), 0) AS BIGINT) AS failed,
  CAST(coalesce(sum(n) FILTER (WHERE status = 'UNKNOWN'), 0) AS BIGINT) AS unknown
FROM counted JOIN present ON present.mode = counted.mode
WHERE status IN ('SENT', 'FAILED', 'UNKNOWN')
GROUP BY ALL
ORDER BY hour, platform
