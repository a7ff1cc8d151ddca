-- Grain: one row per metric, organization, source, provider, campaign and day: the day a conversation started.
-- Columns: the parts of six metrics. pass_rate: passed / (passed + failed), everything else in parts of its own.
-- completion_rate: decided / started; cohort_pass_rate: passed / started; opt_out_rate and human_takeover_rate: of
-- those started; failed_to_start_rate: of those tried. The outcomes of the rest of a denominator are in
-- `denominator_...`, which add up to denominator - numerator for completion_rate and cohort_pass_rate.
-- population = denominator + open + every excluded.
with cells as (
  {{ cells(
    ref('screening_members'),
    'screening_pass_rate_cohort',
    excluded=[
      'not_interested', 'opted_out', 'closed', 'completed_undecided', 'other_status', 'failed_to_start', 'not_started'
    ],
    extra={
      'open_presumed_timed_out': "bucket = 'open' and note = 'presumed_timed_out'",
      'denominator_failed': "bucket = 'denominator' and note = 'failed'",
      'denominator_not_interested': "bucket = 'denominator' and note = 'not_interested'",
      'denominator_opted_out': "bucket = 'denominator' and note = 'opted_out'",
      'denominator_closed': "bucket = 'denominator' and note = 'closed'",
      'denominator_completed_undecided': "bucket = 'denominator' and note = 'completed_undecided'",
      'denominator_other_status': "bucket = 'denominator' and note = 'other_status'",
      'denominator_open': "bucket = 'denominator' and note = 'open'",
      'denominator_presumed_timed_out': "bucket = 'denominator' and note = 'presumed_timed_out'"
    }
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
  excluded_not_started,
  open_presumed_timed_out,
  denominator_failed,
  denominator_not_interested,
  denominator_opted_out,
  denominator_closed,
  denominator_completed_undecided,
  denominator_other_status,
  denominator_open,
  denominator_presumed_timed_out,
  {{ rate() }} as rate,
  {{ wilson('low') }} as wilson_low,
  {{ wilson('high') }} as wilson_high
from cells
