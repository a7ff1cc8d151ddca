-- Grain: one row per conversation, joined with what other entities know of it: bookings and campaign type.
-- Columns: what the marts cut and count by. `campaign_type` is null where nobody told (UNSPECIFIED).
with booked as (
  select
    provider,
    organization_id,
    conversation_id,
    min(booked_at) as booked_at,
    min(notes_taken_at) as held_at
  from {{ ref('bookings') }}
  where conversation_id is not null
  group by provider, organization_id, conversation_id
)

select
  conversations.provider,
  conversations.organization_id,
  conversations.conversation_id,
  conversations.source,
  conversations.campaign_id,
  conversations.external_campaign_id,
  coalesce(campaigns.campaign_type, conversations.own_campaign_type) as campaign_type,
  conversations.has_started,
  conversations.started_at,
  conversations.started_inferred,
  case
    when conversations.started_at is null then least(conversations.first_event_at, booked.booked_at)
    else conversations.started_at
  end as cohort_at,
  conversations.outcome,
  conversations.outcome_at,
  least(conversations.first_meeting_event_at, booked.booked_at) as booked_at,
  booked.held_at,
  conversations.last_signal_at,
  conversations.first_nudges_exhausted_at,
  conversations.first_candidate_exhausted_at
from {{ ref('conversations') }} as conversations
left join booked using (provider, organization_id, conversation_id)
left join {{ ref('campaigns') }} as campaigns using (provider, organization_id, campaign_id)
