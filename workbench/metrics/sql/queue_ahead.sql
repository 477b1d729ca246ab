-- What waits to go out, by the hour it is due and platform: one row for each of them that has something.
--
-- hour: the hour (UTC) an item is due, by its next try when that was put off. What is due already stands in the hour of as_of.
-- items: queue rows that are QUEUED, in the mode the installation is in. An e-mail to many people is one item.
-- overdue: those of them that have been due for longer than 5 minutes.
-- The range is closed at until: what is due later is left out.
WITH present AS (
  SELECT coalesce((SELECT mode FROM cam_safety_settings WHERE id = 1), 'simulation') AS mode
),
waiting AS (
  SELECT coalesce(q.next_attempt_at, q.scheduled_time) AS due, i.platform
  FROM execution_queue q CROSS JOIN present JOIN content_items i ON i.id = q.content_item_id
  WHERE q.status = 'QUEUED'
    AND q.mode = present.mode
    [[AND i.project_id = :project_id]]
)
SELECT
  date_trunc('hour', greatest(due, CAST(:as_of AS TIMESTAMPTZ))) AS hour,
  platform,
  count(*) AS items,
  count(*) FILTER (WHERE due < :overdue_before) AS overdue
FROM waiting
WHERE due <= :until
GROUP BY ALL
ORDER BY hour, platform
