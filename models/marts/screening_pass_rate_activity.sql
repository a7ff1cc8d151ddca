-- Grain: one row per metric, organization, source, provider, campaign and day: the day of the outcome.
-- Columns: the parts of two metrics. pass_rate: passed / (passed + failed), everything else in parts of its own.
-- opt_out_rate: opted out / those that opted out or ended, on the day of either.
-- population = denominator + open + every excluded.
with cells as (
  {{ cells(
    ref('screening_members'),
    'screening_pass_rate_activity',
    excluded=[
      'not_interested', 'opted_out', 'closed', 'completed_undecided', 'other_status', 'failed_to_start'
    ]
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
  excluded_not_interested,
  excluded_opted_out,
  excluded_closed,
  excluded_completed_undecided,
  excluded_other_status,
  excluded_failed_to_start,
  {{ rate() }} as rate,
  {{ wilson('low') }} as wilson_low,
  {{ wilson('high') }} as wilson_high
from cells
