-- Grain: one row per (mart, metric, conversation). Columns: the cell, the entity, its bucket.
-- The activity mart has no row for what has no outcome yet. `note` says how those ended that count, but not as
-- yes, and marks open conversations older than the time-out as presumed_timed_out: a closed conversation may
-- never send an event.
{%- set unstarted = "when outcome in ('not_started', 'failed_to_start') then 'excluded_' || outcome" %}
with facts as (
  select
    *,
    case
      when outcome <> 'open' then outcome
      when cohort_at < {{ now() }} - interval ({{ var('conversation_timeout_hours') }}) hours then 'presumed_timed_out'
      else 'open'
    end as ending
  from {{ ref('conversation_facts') }}
),

every_member as (
  {{ members('facts', 'screening_pass_rate', 'conversation', 'conversation_id', {
    'pass_rate': {
      'bucket': "case outcome when 'passed' then 'numerator' when 'failed' then 'denominator' "
        "when 'open' then 'open' else 'excluded_' || outcome end",
      'activity_at': 'outcome_at',
      'note': "case when ending = 'presumed_timed_out' then ending end",
    },
    'completion_rate': {
      'bucket': "case " ~ unstarted ~ " when outcome in ('passed', 'failed') then 'numerator' else 'denominator' end",
      'note': "case when outcome not in ('not_started', 'failed_to_start', 'passed', 'failed') then ending end",
    },
    'cohort_pass_rate': {
      'bucket': "case " ~ unstarted ~ " when outcome = 'passed' then 'numerator' else 'denominator' end",
      'note': "case when outcome not in ('not_started', 'failed_to_start', 'passed') then ending end",
    },
    'opt_out_rate': {
      'bucket': "case " ~ unstarted ~ " when opted_out_at is not null then 'numerator' else 'denominator' end",
      'activity_at': 'coalesce(opted_out_at, outcome_at)',
    },
    'human_takeover_rate': {
      'bucket': "case " ~ unstarted ~ " when had_human_takeover then 'numerator' else 'denominator' end",
    },
    'failed_to_start_rate': {
      'bucket': "case outcome when 'failed_to_start' then 'numerator' when 'not_started' then 'open' "
        "else 'denominator' end",
    },
  }) }}
)

select
  mart,
  metric,
  organization_id,
  source,
  provider,
  campaign_id,
  external_campaign_id,
  day,
  entity,
  entity_id,
  bucket,
  note,
  counted_at,
  value,
  detail
from every_member
