-- Returns event keys that occur in the event tables more than once: an event counted twice.
select event_key, count(*) as row_count
from {{ ref('stg_events') }}
group by event_key
having count(*) > 1
