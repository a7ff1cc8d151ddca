-- Grain: one row per provider, field of an open enumeration and undocumented value.
-- Columns: in how many events, and when the first and the last of them were received. Such a value never fails a
-- load; it counts where its model says undocumented values do.
select
  provider,
  field,
  value,
  count(distinct event_key) as events,
  min(received_at) as first_seen,
  max(received_at) as last_seen
from {{ ref('stg_unknown_values') }}
group by provider, field, value
