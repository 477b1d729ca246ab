-- Leads by the week they came in, their source and their present status: one row for each that has a lead.
--
-- week: the Monday (00:00 UTC) of the week of entry. Leads that came in up to as_of count, with the status they have now.
--
-- Counted by day first, which is plain arithmetic; a calendar's weeks are dear, and days are few.
WITH days AS (
  SELECT date_trunc('day', make_timestamp(epoch_us(l.created_at))) AS day, l.source, l.status, count(*) AS n
  FROM cam_leads l
  WHERE l.created_at <= :as_of
    [[AND l.campaign_id IN (SELECT id FROM cam_campaigns WHERE project_id = :project_id)]]
  GROUP BY ALL
)
SELECT date_trunc('week', day) AT TIME ZONE 'UTC' AS week, source, status, CAST(sum(n) AS BIGINT) AS leads
FROM days
GROUP BY ALL
ORDER BY week, source, status
