-- Grain: one row per requirement of a CV analysis that no later analysis replaced.
-- Columns: the cell, the requirement's outcome, its bucket; `detail` is the requirement's text, which is its
-- identity, `note` whether it is mandatory or optional, null where unknown.
with facts as (
  select
    outcomes.requirement,
    outcomes.is_met,
    case outcomes.is_mandatory when true then 'mandatory' when false then 'optional' end as weight,
    outcomes.position,
    analyses.*
  from {{ ref('candidate_analyses') }} as analyses
  inner join {{ ref('stg_requirement_outcomes') }} as outcomes using (event_key)
  where analyses.is_current
),

every_member as (
  {{ members('facts', 'requirement_met_rate', 'requirement_outcome', "event_key || '/' || position", {
    'requirement_met_rate': {
      'bucket': "case when is_met is null then 'excluded_unknown' when is_met then 'numerator' else 'denominator' end",
      'cohort_at': 'analysed_at',
      'note': 'weight',
      'detail': 'requirement',
    },
  }, alone=true) }}
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
