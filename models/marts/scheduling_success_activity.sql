-- Grain: one row per metric, organization, source, provider, campaign and day of the outcome, such as the first
-- booking event or else the latest signal.
-- Columns: conversations with a booking / conversations with any signal of scheduling, and the related rates.
-- Bookings of a provider that reports no failures are counted and have no rate.
-- population = denominator + open + every excluded.
with cells as (
  {{ cells(
    ref('scheduling_members'),
    'scheduling_success_activity',
    excluded=['no_signal', 'no_failure_signal', 'no_start', 'cancelled', 'not_reported']
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
  excluded_no_start,
  excluded_cancelled,
  excluded_not_reported,
  {{ rate() }} as rate,
  {{ wilson('low') }} as wilson_low,
  {{ wilson('high') }} as wilson_high
from cells
