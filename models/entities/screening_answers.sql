-- Grain: one row per answered question by event and position in it (event_key, position).
-- Columns: the conversation, question, outcome; `is_current` where the event is the conversation's latest with
-- answers, so a repeated screening replaces the earlier one without losing it.
-- NOT_COMPLETED is an outcome of its own; the summary of what was said is personal.
{{ config(
  materialized='incremental',
  unique_key=['event_key', 'position'],
  meta={'event_types': ['conversation_completed']}
) }}

with completed as not materialized (
  {{ own_events(ref('stg_conversation_events')) }}
),

{{ happened('completed', ['provider', 'organization_id', 'conversation_id']) }},

answers as (
  select happened.*, answers.position, answers.screening_question, answers.response_summary,
    answers.question_outcome
  from {{ ref('stg_screening_answers') }} as answers
  inner join happened using (event_key)
)

select
  event_key,
  position,
  provider,
  organization_id,
  conversation_id,
  source,
  campaign_id,
  external_campaign_id,
  screening_question,
  response_summary,
  coalesce(question_outcome, 'UNSPECIFIED') as question_outcome,
  moment = max(moment) over (partition by provider, organization_id, conversation_id) as is_current,
  occurred_at as answered_at,
  occurred_at as first_event_at,
  occurred_at as last_event_at,
  1 as event_count,
  max(batch_id) over (partition by provider, organization_id, conversation_id) as last_batch_id
from answers
