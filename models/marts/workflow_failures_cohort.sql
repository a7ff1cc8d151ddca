-- Grain: one row per metric, organization, source, provider, campaign and day: the day a run started.
-- Columns: failed / (completed + failed), cancelled runs separately; of the open ones, how many are stuck.
-- population = denominator + open + every excluded.
with cells as (
  {{ cells(
    ref('workflow_members'),
    'workflow_failures_cohort',
    excluded=['cancelled'],
    extra={'open_stuck': "bucket = 'open' and note = 'stuck'"}
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
  open_stuck,
  {{ rate() }} as rate,
  {{ wilson('low') }} as wilson_low,
  {{ wilson('high') }} as wilson_high
from cells
