-- Grain: one row per exhausted nudge sequence, which is one event (event_key); a conversation may have several.
-- Columns: the conversation, whom it was about, how many nudges were sent.
-- Where the campaign's type is AVAILABILITY_OUTREACH the person nudged is the interviewer.
{{ config(
  materialized='incremental',
  unique_key='event_key',
  meta={'event_types': ['conversation_max_nudges_reached']}
) }}

with exhausted as not materialized (
  {{ own_events(ref('stg_conversation_events')) }}
),

{{ happened('exhausted', ['event_key']) }}

select
  event_key,
  provider,
  organization_id,
  conversation_id,
  source,
  campaign_id,
  external_campaign_id,
  campaign_type,
  coalesce(campaign_type = 'AVAILABILITY_OUTREACH', false) as is_interviewer,
  nudges_sent,
  occurred_at as exhausted_at,
  occurred_at as first_event_at,
  occurred_at as last_event_at,
  1 as event_count,
  batch_id as last_batch_id
from happened
