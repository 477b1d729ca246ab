-- Leads by the week they came in, their source and their present status: one row for each that has a lead.
--
-- week: the Monday (00:00 UTC) of the week of entry. Leads that came in up to as_of count, with the status they have now.
SELECT
  date_trunc('week', l.created_at) AS week,
  l.source,
  l.status,
  count(*) AS leads
FROM cam_leads l
WHERE l.created_at <= :as_of
  AND (
    CAST(:project_id AS INTEGER) IS NULL
    OR l.campaign_id IN (SELECT id FROM cam_campaigns WHERE project_id = :project_id)
  )
GROUP BY ALL
ORDER BY week, source, status
