-- Grain: one row per source and provider.
-- Columns: deliveries by what became of them, the last one, how long an event takes from happening to being received
-- (events of the last seven days that carry a time of their own), and whether the silence is longer than nearly
-- every pause of the last 30 days. Fewer than 20 pauses say nothing of what is usual.
with deliveries as (
  select
    source,
    provider,
    max(received_at) as last_received_at,
    count(*) as deliveries,
    count(*) filter (where outcome = 'loaded') as loaded,
    count(*) filter (where outcome = 'duplicate') as duplicates,
    count(*) filter (where outcome = 'quarantined') as quarantined
  from {{ deliveries() }}
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
),

pauses as (
  select
    source,
    provider,
    case when count(seconds) >= 20 then quantile_cont(seconds, 0.99) end as p99_seconds
  from (
    select
      source,
      provider,
      epoch(received_at) - epoch(lag(received_at) over (partition by source, provider order by received_at)) as seconds
    from {{ deliveries() }}
    where received_at > {{ now() }} - interval 30 days
  )
  group by source, provider
),

health as (
  select
    deliveries.*,
    epoch({{ now() }}) - epoch(deliveries.last_received_at) as silence_seconds,
    latency.seconds as latency_seconds,
    pauses.p99_seconds as gap_p99_seconds
  from deliveries
  left join latency using (source, provider)
  left join pauses using (source, provider)
)

select
  source,
  provider,
  last_received_at,
  silence_seconds,
  deliveries,
  loaded,
  duplicates,
  quarantined,
  latency_seconds[1] as delivery_latency_p50_seconds,
  latency_seconds[2] as delivery_latency_p95_seconds,
  {{ rate('quarantined', 'deliveries') }} as error_share,
  gap_p99_seconds,
  silence_seconds > gap_p99_seconds as is_silent
from health
