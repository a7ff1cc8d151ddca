-- Grain: one row per attendee that an Orufy event lists (event_key, position).
-- Columns: who, as the id or else the place in the list, and whether still part of the meeting. An attendee with
-- a cancellation that is not empty is cancelled, whatever the status says.
with listed as (
  {%- for name, columns in lake_tables().items() if 'meeting_id' in columns %}
  {% if not loop.first %}union all{% endif %}
  select event_key, position, attendee_id, status, mark_as_no_show, cancellation
  from {{ source('events', name ~ '__attendees') }}
  {%- endfor %}
  union all
  select
    event_key,
    position - 1,
    attendee ->> '$._id',
    attendee ->> '$.status',
    attendee ->> '$.markAsNoShow' = 'true',
    nullif(nullif(cast(attendee -> '$.cancellation' as varchar), '{}'), 'null')
  from (
    select
      event_key,
      unnest(from_json(attendees, '["JSON"]')) as attendee,
      generate_subscripts(from_json(attendees, '["JSON"]'), 1) as position
    from {{ ref('stg_orufy_unknown') }}
    where json_type(attendees) = 'ARRAY'
  )
)

select
  event_key,
  position,
  coalesce(attendee_id, 'place ' || position) as attendee_id,
  upper(status) = 'ACTIVE' and cancellation is null as is_active,
  coalesce({{ means_cancelled('status') }}, false) or cancellation is not null as is_cancelled,
  coalesce(mark_as_no_show, false) as is_no_show
from listed
