-- Grain: one row per (mart, conversation), and per (mart, logical booking) for bookings without a conversation.
-- Columns: the cell, the entity, its bucket. A friction that arrives as two events (T5) is one signal. Orufy
-- tells of bookings only, never of one that did not come about: its bookings have no rate.
with units as (
  select
    provider, organization_id, source, campaign_id, external_campaign_id,
    'conversation' as entity, conversation_id as entity_id,
    cohort_at, booked_at, last_signal_at, true as has_failure_signal
  from {{ ref('conversation_facts') }}
  union all by name
  select
    provider, organization_id, source, campaign_id, external_campaign_id,
    'booking' as entity, booking_id as entity_id,
    booked_at as cohort_at, booked_at, cast(null as timestamptz) as last_signal_at,
    provider <> 'orufy' as has_failure_signal
  from {{ ref('bookings') }}
  where conversation_id is null and logical_booking_id = booking_id
),

placed as (
  select 'scheduling_success_cohort' as mart, cohort_at as counted_at, *
  from units
  union all by name
  select 'scheduling_success_activity' as mart, coalesce(booked_at, last_signal_at) as counted_at, *
  from units
  where booked_at is not null or last_signal_at is not null
)

select
  mart,
  'scheduling_success_rate' as metric,
  organization_id,
  source,
  provider,
  campaign_id,
  external_campaign_id,
  {{ day_of('counted_at') }} as day,
  entity,
  entity_id,
  case
    when not has_failure_signal then 'excluded_no_failure_signal'
    when booked_at is not null then 'numerator'
    when last_signal_at is not null then 'denominator'
    else 'excluded_no_signal'
  end as bucket,
  cast(null as varchar) as note,
  counted_at
from placed
