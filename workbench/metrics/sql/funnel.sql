-- How far leads have come: one row for each stage, the widest first.
--
-- step: 1 to 5. Who is at a stage also counts at every stage before it.
-- stage: entered, contacted, replied, qualified or routed.
-- leads: those that came in up to as_of and have got at least so far, by their present status and what is noted of them.
-- Who was contacted or replied and is LOST or in MANUAL_REVIEW by now still counts as far as that.
WITH chosen AS (
  SELECT
    l.status IN ('QUALIFIED', 'ROUTED') AS qualified,
    l.status = 'ROUTED' AS routed,
    l.status IN ('REPLIED', 'QUALIFIED', 'ROUTED') OR l.last_replied_at IS NOT NULL AS replied,
    l.status = 'CONTACTED' OR l.last_contacted_at IS NOT NULL AS contacted
  FROM cam_leads l
  WHERE l.created_at <= :as_of
    [[AND l.campaign_id IN (SELECT id FROM cam_campaigns WHERE project_id = :project_id)]]
),
counted AS (
  SELECT
    count(*) AS entered,
    count(*) FILTER (WHERE contacted OR replied) AS contacted,
    count(*) FILTER (WHERE replied) AS replied,
    count(*) FILTER (WHERE qualified) AS qualified,
    count(*) FILTER (WHERE routed) AS routed
  FROM chosen
)
SELECT 1 AS step, 'entered' AS stage, entered AS leads FROM counted
UNION ALL SELECT 2, 'contacted', contacted FROM counted
UNION ALL SELECT 3, 'replied', replied FROM counted
UNION ALL SELECT 4, 'qualified', qualified FROM counted
UNION ALL SELECT 5, 'routed', routed FROM counted
ORDER BY step
