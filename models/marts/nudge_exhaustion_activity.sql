-- Grain: one row per metric, organization, source, provider, campaign and day: the day of the first exhaustion, else of the terminal outcome.
-- Columns: the parts of three metrics. exhaustion_rate: candidates' conversations with an exhausted nudge sequence /
-- those exhausted or ended; interviewer_exhaustion_rate: the same where interviewers are nudged; recovered_rate:
-- exhausted candidates' conversations that were decided or booked afterwards / all of them, on the day of the
-- recovery, else of the exhaustion.
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
