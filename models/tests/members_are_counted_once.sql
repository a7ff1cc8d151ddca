-- Returns entities that are counted in one mart more than once.
select mart, metric, provider, organization_id, entity, entity_id, count(*) as row_count
from {{ ref('members') }}
group by mart, metric, provider, organization_id, entity, entity_id
having count(*) > 1
