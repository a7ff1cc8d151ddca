-- Grain: one row per (mart, metric, conversation) and (mart, metric, logical booking): a booking without a
-- conversation counts by itself in the rates of conversations, and every booking in those of bookings.
-- Columns: the cell, the entity, its bucket. A friction that arrives as two events is one. Orufy reports
-- bookings only, never of one that did not come about: it has no rate of these; Popp does not report no-shows.
with conversations as (
  select
    *,
    least(booked_at, last_signal_at) is not null as has_signal,
    list_min(list_filter(booking_times, lambda booked: booked >= first_friction_at)) as booked_after_friction_at
  from {{ ref('conversation_facts') }}
),

stated as (
  select
    *,
    {{ booking_state() }} as state,
    booked_at as cohort_at,
    coalesce(meeting_end_at, meeting_start_at) as ends_at,
    case when meeting_start_at <= {{ now() }} then meeting_start_at end as begun_at,
    is_cancelled and not coalesce(
      conversation_id is not null
      and max(booked_at) over (partition by provider, organization_id, conversation_id) > cancelled_at,
      false
    ) as is_lost
  from {{ ref('bookings') }}
  where logical_booking_id = booking_id
),

-- a booking is of the campaign that its conversation is of; meetings name none
bookings as (
  select stated.* replace (
    coalesce(conversations.campaign_id, stated.campaign_id) as campaign_id,
    coalesce(conversations.external_campaign_id, stated.external_campaign_id) as external_campaign_id
  )
  from stated
  left join {{ ref('conversations') }} as conversations using (provider, organization_id, conversation_id)
),

every_member as (
  {{ members('conversations', 'scheduling_success', 'conversation', 'conversation_id', {
    'scheduling_success_rate': {
      'bucket': "case when booked_at is not null then 'numerator' when has_signal then 'denominator' "
        "else 'excluded_no_signal' end",
      'activity_at': 'coalesce(booked_at, last_signal_at)',
    },
    'net_scheduling_success_rate': {
      'bucket': "case when not has_signal then 'excluded_no_signal' when kept_at is not null then 'numerator' "
        "when has_pending_booking then 'open' else 'denominator' end",
      'activity_at': 'coalesce(kept_at, last_cancelled_at, last_signal_at)',
    },
    'screening_to_scheduled_rate': {
      'bucket': "case when outcome <> 'passed' then null when decided_at > " ~ now() ~ " - interval 7 days "
        "then 'open' when booked_at <= decided_at + interval 7 days then 'numerator' else 'denominator' end",
      'activity_at': 'decided_at',
    },
    'friction_rate': {
      'bucket': "case when not has_signal then 'excluded_no_signal' when first_friction_at is not null "
        "then 'numerator' else 'denominator' end",
      'activity_at': 'coalesce(first_friction_at, booked_at, last_signal_at)',
    },
    'success_after_friction_rate': {
      'bucket': "case when first_friction_at is null then null when booked_after_friction_at is not null "
        "then 'numerator' else 'denominator' end",
      'activity_at': 'coalesce(booked_after_friction_at, first_friction_at)',
    },
  }) }}
  union all by name
  {{ members('bookings', 'scheduling_success', 'booking', 'booking_id', {
    'scheduling_success_rate': {
      'bucket': "case when conversation_id is not null then null when provider = 'orufy' "
        "then 'excluded_no_failure_signal' else 'numerator' end",
      'activity_at': 'booked_at',
    },
    'net_scheduling_success_rate': {
      'bucket': "case when conversation_id is not null then null when provider = 'orufy' "
        "then 'excluded_no_failure_signal' when state = 'kept' then 'numerator' when state = 'pending' then 'open' "
        "else 'denominator' end",
      'activity_at': "case when provider = 'orufy' then null when state = 'kept' "
        "then coalesce(meeting_start_at, booked_at) else cancelled_at end",
    },
    'reschedule_rate': {
      'bucket': "case when moved_count > 0 then 'numerator' else 'denominator' end",
      'activity_at': 'case when moved_count > 0 then last_moved_at else begun_at end',
    },
    'cancellation_rate': {
      'bucket': "case when is_lost then 'numerator' else 'denominator' end",
      'activity_at': 'case when is_lost then cancelled_at else begun_at end',
    },
    'late_cancellation_rate': {
      'bucket': "case when meeting_start_at is null then 'excluded_no_start' "
        "when is_lost and cancelled_at >= meeting_start_at - interval 24 hours then 'numerator' else 'denominator' end",
      'activity_at': 'case when is_lost then cancelled_at else begun_at end',
    },
    'no_show_rate': {
      'bucket': "case when is_no_show is null then 'excluded_not_reported' when is_no_show then 'numerator' "
        "when is_cancelled then 'excluded_cancelled' when ends_at is null then 'excluded_no_start' "
        "when ends_at > " ~ now() ~ " then 'open' else 'denominator' end",
      'activity_at': 'case when is_no_show is null then null when is_cancelled and not is_no_show then cancelled_at '
        'else ends_at end',
    },
  }) }}
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
