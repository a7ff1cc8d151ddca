-- Returns deliveries that the ledger calls loaded and no event table has.
select deliveries.event_key, deliveries.event_type
from {{ source('ledger', 'deliveries') }} as deliveries
where deliveries.outcome = 'loaded'
  and deliveries.event_key not in (select event_key from {{ ref('stg_events') }})
