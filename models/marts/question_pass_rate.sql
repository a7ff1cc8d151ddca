-- Grain: one row per organization, source, provider, campaign, question and day of the answer.
-- Columns: answers that passed / those that passed or failed; only the answers of a conversation's latest screening.
-- population = denominator + open + every excluded.
with cells as (
  {{ cells(
    ref('question_members'),
    'question_pass_rate',
    excluded=['not_completed', 'unspecified', 'other_outcome'],
    cuts={'screening_question': 'detail'}
  ) }}
)

select
  organization_id,
  source,
  provider,
  campaign_id,
  external_campaign_id,
  day,
  screening_question,
  population,
  numerator,
  denominator,
  open,
  excluded_not_completed,
  excluded_unspecified,
  excluded_other_outcome,
  {{ rate() }} as rate,
  {{ wilson('low') }} as wilson_low,
  {{ wilson('high') }} as wilson_high
from cells
