-- Grain: one row per metric, organization, source, provider, campaign and day: the day a run ended.
-- Columns: failed / (completed + failed), cancelled runs separately.
-- population = denominator + open + every excluded.
with cells as (
  {{ cells(
    ref('workflow_members'),
    'workflow_failures_activity',
    excluded=['cancelled']
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
  excluded_cancelled,
  {{ rate() }} as rate,
  {{ wilson('low') }} as wilson_low,
  {{ wilson('high') }} as wilson_high
from cells
