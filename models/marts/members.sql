-- Grain: one row per (mart, metric, entity, entity_id): the members of each cell of the marts that count.
-- Columns: the cell's cuts, the entity, the bucket it fell into, when it counted, what was measured of it. The marts
-- count these rows, so population = denominator + open + every excluded holds by construction.
with every_member as (
  from {{ ref('scheduling_members') }}
  union all by name
  from {{ ref('screening_members') }}
  union all by name
  from {{ ref('nudge_members') }}
  union all by name
  from {{ ref('workflow_members') }}
  union all by name
  from {{ ref('duration_members') }}
  union all by name
  from {{ ref('question_members') }}
  union all by name
  from {{ ref('requirement_members') }}
)

select
  mart,
  metric,
  organization_id,
  source,
  provider,
  campaign_id,
  external_campaign_id,
  day,
  entity,
  entity_id,
  bucket,
  note,
  counted_at,
  value,
  detail
from every_member
