-- Grain: one row per event and field of an open enumeration with a undocumented value; screening answers
-- one per question. An event type without a contract is such a value too, where the provider has contracts.
-- Columns: the field, the value as staging reads it, the event. Test deliveries and foreign organizations are
-- left out.
with conversation_events as (
  {{ lake_union(
    having='conversation_status', columns=['conversation_status', 'needs_review_reason', 'campaign_type']
  ) }}
),

found as (
  {{ undocumented('conversation_events', ['conversation_status', 'needs_review_reason', 'campaign_type']) }}
  union all
  {{ undocumented(ref('stg_orufy_events'), ['meeting_status', 'meeting_format']) }}
  union all
  {{ undocumented(
    "(select *, status as payment_status from " ~ ref('stg_payment_events') ~ ")", ['payment_status']
  ) }}
  union all
  {{ undocumented(
    "(select answers.question_outcome, completed.* from " ~ ref('stg_screening_answers') ~ " as answers "
    "inner join " ~ source('events', 'conversation_completed') ~ " as completed using (event_key) "
    "where " ~ known_then() ~ " and completed.is_test is not true and completed.is_foreign is not true)",
    ['question_outcome']
  ) }}
  union all
  select provider, organization_id, event_key, received_at, 'event_type' as field, event_type as value
  from {{ source('events', 'generic') }}
  where {{ known_then() }} and provider <> 'standard_webhooks' and is_test is not true and is_foreign is not true
)

select
  provider,
  organization_id,
  field,
  value,
  event_key,
  received_at
from found
