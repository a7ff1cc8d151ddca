-- Grain: one row per event of any type, with or without a contract, test deliveries and foreign organizations
-- included.
-- Columns: what all events have, and the table that holds them. For health, freshness and listing; entities read
-- the narrower views.
with events as (
  select *, 'events.' || event_type as table_name
  from ({{ lake_union(columns=[], everything=true) }})
  union all by name
  select
    lower(event_type) as event_type,
    event_key, source, provider, organization_id,
    occurred_at, occurred_at_basis, received_at, loaded_at, batch_id, is_test, is_foreign, extras,
    'events.generic' as table_name
  from {{ source('events', 'generic') }}
  where {{ known_then() }}
)

select
  event_type,
  table_name,
  event_key,
  source,
  provider,
  organization_id,
  occurred_at,
  occurred_at_basis,
  received_at,
  loaded_at,
  batch_id,
  coalesce(is_test, false) as is_test,
  coalesce(is_foreign, false) as is_foreign,
  extras
from events
