-- Grain: one row per provider, source, organization, event type and reason for which events that were loaded
-- stay outside every other mart: a test delivery of the provider, or an organization that the source does not
-- list (foreign). A test delivery of such an organization is a test.
-- Columns: how many events, and when the first and the last of them were received.
select
  provider,
  source,
  organization_id,
  event_type,
  case when is_test then 'test' else 'foreign' end as why,
  count(*) as events,
  min(received_at) as first_seen,
  max(received_at) as last_seen
from {{ ref('stg_events') }}
where is_test or is_foreign
group by provider, source, organization_id, event_type, why
