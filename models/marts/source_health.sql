-- Grain: one row per source and provider.
-- Columns: deliveries by what became of them, the last one, and how long an event takes from happening to being
-- received (events of the last seven days that carry a time of their own).
with deliveries as (
  select
    source,
    provider,
    max(received_at) as last_received_at,
    count(*) as deliveries,
    count(*) filter (where outcome = 'loaded') as loaded,
    count(*) filter (where outcome = 'duplicate') as duplicates,
    count(*) filter (where outcome = 'quarantined') as quarantined
  from {{ source('ledger', 'deliveries') }}
  group by source, provider
),

latency as (
  select
    source,
    provider,
    quantile_cont(epoch(received_at) - epoch(occurred_at), [0.5, 0.95]) as seconds
  from {{ ref('stg_events') }}
  where occurred_at_basis <> 'received_at' and received_at > {{ now() }} - interval 7 days
  group by source, provider
)

select
  deliveries.source,
  deliveries.provider,
  deliveries.last_received_at,
  epoch({{ now() }}) - epoch(deliveries.last_received_at) as silence_seconds,
  deliveries.deliveries,
  deliveries.loaded,
  deliveries.duplicates,
  deliveries.quarantined,
  latency.seconds[1] as delivery_latency_p50_seconds,
  latency.seconds[2] as delivery_latency_p95_seconds
from deliveries
left join latency using (source, provider)
