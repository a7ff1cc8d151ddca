-- Grain: one row per metric, organization, source, provider, campaign and day: the day a conversation started.
-- Columns: conversations with a booking / conversations with any signal of scheduling.
-- Bookings of a provider that tells of no failure are counted and have no rate.
-- population = denominator + open + every excluded.
with cells as (
  {{ cells(
    ref('scheduling_members'),
    'scheduling_success_cohort',
    excluded=['no_signal', 'no_failure_signal']
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
  excluded_no_signal,
  excluded_no_failure_signal,
  {{ rate() }} as rate,
  {{ wilson('low') }} as wilson_low,
  {{ wilson('high') }} as wilson_high
from cells
