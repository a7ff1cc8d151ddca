-- Grain: one row per need for review, which is one event (event_key).
-- Columns: the conversation, the reason, the return date where one was given.
-- An absent reason is UNSPECIFIED, not OTHER. A friction of scheduling arrives a second time as a
-- calendar event: `is_scheduling_friction` marks it, so that friction is counted by conversation.
{{ config(
  materialized='incremental',
  unique_key='event_key',
  meta={'event_types': ['conversation_needs_review']}
) }}

with asked as not materialized (
  {{ own_events(ref('stg_conversation_events')) }}
),

{{ happened('asked', ['event_key']) }}

select
  event_key,
  provider,
  organization_id,
  conversation_id,
  source,
  campaign_id,
  external_campaign_id,
  coalesce(needs_review_reason, 'UNSPECIFIED') as reason,
  coalesce(needs_review_reason in ('MORE_TIME_REQUESTED', 'AVAILABILITY_NOT_FOUND'), false)
    as is_scheduling_friction,
  coalesce(is_human_takeover, false) as is_human_takeover,
  return_date,
  occurred_at as asked_at,
  occurred_at as first_event_at,
  occurred_at as last_event_at,
  1 as event_count,
  batch_id as last_batch_id
from happened
