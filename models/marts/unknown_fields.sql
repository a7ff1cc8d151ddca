-- Grain: one row per provider, event type and path of a field that its contract does not name, or whose value
-- does not fit a guess of it. Positions in lists read `[]`.
-- Columns: in how many events, and when the first and the last of them were received. Test deliveries and
-- foreign organizations are included: a new field shows there first.
with fields as (
  select
    provider,
    event_type,
    event_key,
    received_at,
    regexp_replace(unnest(json_keys(extras)), '\[\d+\]', '[]', 'g') as path
  from {{ ref('stg_events') }}
  where extras is not null
)

select
  provider,
  event_type,
  path,
  count(distinct event_key) as events,
  min(received_at) as first_seen,
  max(received_at) as last_seen
from fields
group by provider, event_type, path
