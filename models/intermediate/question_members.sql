-- Grain: one row per answer to a screening question that no later screening replaced.
-- Columns: the cell, the answer, its bucket; `detail` is the question's text, which is its identity. Not completed
-- is neither passed nor failed.
with facts as (
  select * from {{ ref('screening_answers') }} where is_current
),

every_member as (
  {{ members('facts', 'question_pass_rate', 'screening_answer', "event_key || '/' || position", {
    'question_pass_rate': {
      'bucket': "case question_outcome when 'PASSED' then 'numerator' when 'FAILED' then 'denominator' "
        "when 'NOT_COMPLETED' then 'excluded_not_completed' when 'UNSPECIFIED' then 'excluded_unspecified' "
        "else 'excluded_other_outcome' end",
      'cohort_at': 'answered_at',
      'detail': 'screening_question',
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
