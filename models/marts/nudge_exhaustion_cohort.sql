-- Grain: one row per metric, organization, source, provider, campaign and day: the day a conversation started.
-- Columns: the parts of three metrics. exhaustion_rate: candidates' conversations with an exhausted nudge sequence /
-- those started; interviewer_exhaustion_rate: the same where interviewers are nudged; recovered_rate: exhausted
-- candidates' conversations that were decided or booked afterwards / all of them.
-- population = denominator + open + every excluded.
with cells as (
  {{ cells(
    ref('nudge_members'),
    'nudge_exhaustion_cohort',
    excluded=['not_started', 'failed_to_start', 'interviewer'],
    extra={'denominator_campaign_type_unspecified': "bucket in ('numerator', 'denominator') and note = 'campaign_type_unspecified'"}
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
  excluded_not_started,
  excluded_failed_to_start,
  excluded_interviewer,
  denominator_campaign_type_unspecified,
  {{ rate() }} as rate,
  {{ wilson('low') }} as wilson_low,
  {{ wilson('high') }} as wilson_high
from cells
