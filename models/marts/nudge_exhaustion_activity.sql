-- Grain: one row per metric, organization, source, provider, campaign and day: the day of the first exhaustion, else of the terminal outcome.
-- Columns: candidates' conversations with an exhausted nudge sequence / those exhausted or ended.
-- population = denominator + open + every excluded.
with cells as (
  {{ cells(
    ref('nudge_members'),
    'nudge_exhaustion_activity',
    excluded=['interviewer']
  ) }}
)

select
  metric,
  organization_id,
  source,
  provider,
  campaign_id,
  external_campaign_id,
  day,
  population,
  numerator,
  denominator,
  open,
  excluded_interviewer,
  {{ rate() }} as rate,
  {{ wilson('low') }} as wilson_low,
  {{ wilson('high') }} as wilson_high
from cells
