{#
  CTEs up to `chains`, to follow `with recursive`: the bookings to rebuild, all of them in a full build, else
  each touched one, what its events name, and what was one chain with either. Adds `logical_booking_id`, the first
  of the chain (the one that replaces none; of several the least id), and `is_replaced`. Links that run in a circle
  replace nothing. A meeting that more than a few others name on the same side links none of those: no move splits
  a meeting that often, and one placeholder taken for an id would make a whole organization one booking.
#}
{% macro chains(events) %}
  {%- set keys = ['provider', 'organization_id', 'booking_id'] %}
  {%- set most_claims = 5 %}
  linking as materialized (
    select provider, organization_id, booking_id, prev_booking_id, next_booking_id, batch_id
    from {{ events }}
    where prev_booking_id is not null or next_booking_id is not null
  ),
  claims as materialized (
    select {{ keys | join(', ') }}, named_id, is_named_old, max(batch_id) as batch_id
    from (
      select *, prev_booking_id as named_id, true as is_named_old from linking where prev_booking_id is not null
      union all
      select *, next_booking_id, false from linking where next_booking_id is not null
    )
    group by {{ keys | join(', ') }}, named_id, is_named_old
  ),
  ambiguous as materialized (
    select provider, organization_id, named_id, is_named_old, max(batch_id) as batch_id
    from claims
    group by provider, organization_id, named_id, is_named_old
    having count(*) > {{ most_claims }}
  ),
  links as materialized (
    select distinct
      provider,
      organization_id,
      case when is_named_old then named_id else booking_id end as old_id,
      case when is_named_old then booking_id else named_id end as new_id
    from claims
    anti join ambiguous using (provider, organization_id, named_id, is_named_old)
  ),
  {%- if is_incremental() %}
  touched as materialized ({{ touched_keys(events, keys) }}),
  met as (
    from touched
    union
    select provider, organization_id, named_id from claims semi join touched using ({{ keys | join(', ') }})
  ),
  met_chains as (
    select distinct provider, organization_id, logical_booking_id
    from {{ this }}
    semi join met using ({{ keys | join(', ') }})
  ),
  scope as (
    from met
    union
    select {{ keys | join(', ') }}
    from {{ this }}
    semi join met_chains using (provider, organization_id, logical_booking_id)
  ),
  {%- else %}
  scope as (
    select {{ keys | join(', ') }} from {{ events }}
    union
    select provider, organization_id, named_id from claims
  ),
  {%- endif %}
  nodes as materialized (select *, row_number() over () as node from scope),
  linked_nodes as (
    select old.node as old_node, new.node as new_node
    from links
    inner join nodes as old
      on old.provider = links.provider and old.organization_id = links.organization_id and old.booking_id = links.old_id
    inner join nodes as new
      on new.provider = links.provider and new.organization_id = links.organization_id and new.booking_id = links.new_id
  ),
  edges as materialized (
    select old_node as node, new_node as other_node from linked_nodes
    union
    select new_node, old_node from linked_nodes
  ),
  {{ components('edges') }},
  ends as (
    select
      nodes.*,
      coalesce(root, node) as chain_id,
      (provider, organization_id, booking_id) in (select (provider, organization_id, new_id) from links) as replaces,
      (provider, organization_id, booking_id) in (select (provider, organization_id, old_id) from links) as is_replaced
    from nodes
    left join components using (node)
  ),
  chains as materialized (
    select
      provider,
      organization_id,
      booking_id,
      coalesce(
        min(booking_id) filter (where not replaces) over chain, min(booking_id) over chain
      ) as logical_booking_id,
      replaces or is_replaced as is_linked,
      is_replaced and not bool_and(is_replaced) over chain as is_replaced,
      (provider, organization_id, booking_id)
        in (select (provider, organization_id, named_id) from ambiguous) as is_ambiguous
    from ends
    window chain as (partition by chain_id)
  )
{% endmacro %}

{# The meeting that an event names in a column, where that link counts; to follow `chains`. #}
{% macro believed(column, is_named_old) -%}
  case
    when (provider, organization_id, {{ column }}) not in (
      select (provider, organization_id, named_id) from ambiguous where is_named_old = {{ is_named_old }}
    ) then {{ column }}
  end
{%- endmacro %}
