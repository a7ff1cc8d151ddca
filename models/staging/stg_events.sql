-- Grain: one row per event of any type with a contract, test deliveries and foreign organizations included.
-- Columns: what all events have. For health, freshness and listing; entities read the narrower views.
with events as (
  {{ lake_union(columns=[], everything=true) }}
)

select
  event_type,
  event_key,
  source,
  provider,
  organization_id,
  occurred_at,
  occurred_at_basis,
  received_at,
  loaded_at,
  batch_id,
  is_test,
  is_foreign
from events
