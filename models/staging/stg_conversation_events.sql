-- Grain: one row per event that names a conversation: conversation events, and scheduling events with a
-- conversation id. Test deliveries and foreign organizations are left out.
-- Columns: what all events have, then the leaves that say something about the conversation; null where the
-- event does not have them. `campaign_id` is the field, else the one in the conversation's URL.
with events as (
  {{ lake_union(
    having='conversation_id',
    columns=[
      'conversation_id', 'booking_id', 'conversation_status', 'candidate_id', 'external_conversation_id',
      'external_campaign_id', 'campaign_id', 'campaign_conversation_url', 'campaign_type',
      'participant_first_name', 'participant_first_name_legacy', 'participant_last_name',
      'scorecard_total_value', 'nudges_sent', 'needs_review_reason', 'is_human_takeover', 'return_date'
    ]
  ) }}
)

select
  event_type,
  event_key,
  source,
  provider,
  organization_id,
  conversation_id,
  occurred_at,
  occurred_at_basis,
  received_at,
  batch_id,
  booking_id,
  conversation_status,
  {{ real_id('candidate_id') }} as candidate_id,
  external_conversation_id,
  external_campaign_id,
  coalesce(
    {{ real_id('campaign_id') }}, {{ id_in_url('campaign_conversation_url', '/campaign/[^/?#]+/') }}
  ) as campaign_id,
  campaign_type,
  coalesce(participant_first_name, participant_first_name_legacy) as participant_first_name,
  participant_last_name,
  scorecard_total_value,
  nudges_sent,
  needs_review_reason,
  is_human_takeover,
  return_date
from events
where conversation_id is not null
