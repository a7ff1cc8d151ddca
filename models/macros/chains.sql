{#
  CTEs up to `chains`, to follow `with recursive`: the bookings to rebuild, all of them in a full build, and with
  each touched one whatever any event links it to. Adds `logical_booking_id`, the first of the chain (the one
  that replaces none; of several the least id), and `is_replaced`. Links that run in a circle replace nothing.
#}
{% macro chains(events) %}
  {%- set keys = ['provider', 'organization_id', 'booking_id'] %}
  linking as materialized (
    select provider, organization_id, booking_id, prev_booking_id, next_booking_id
    from {{ events }}
    where prev_booking_id is not null or next_booking_id is not null
  ),
  links as materialized (
    select provider, organization_id, prev_booking_id as old_id, booking_id as new_id
    from linking where prev_booking_id is not null
    union
    select provider, organization_id, booking_id, next_booking_id
    from linking where next_booking_id is not null
  ),
  neighbours as materialized (
    select provider, organization_id, old_id as booking_id, new_id as neighbour_id from links
    union
    select provider, organization_id, new_id, old_id from links
  ),
  starts as (
    {%- if is_incremental() %}
    {{ touched_keys(events, keys) }}
    {%- else %}
    select {{ keys | join(', ') }} from {{ events }}
    union
    select {{ keys | join(', ') }} from neighbours
    {%- endif %}
  ),
  reached as (
    select provider, organization_id, booking_id as start_id, booking_id from starts
    union
    select reached.provider, reached.organization_id, reached.start_id, neighbours.neighbour_id
    from reached
    inner join neighbours using (provider, organization_id, booking_id)
  ),
  gathered_ids as (
    select provider, organization_id, booking_id, min(start_id) as chain_id
    from reached
    group by provider, organization_id, booking_id
  ),
  ends as (
    select
      gathered_ids.*,
      (provider, organization_id, booking_id) in (select (provider, organization_id, new_id) from links) as replaces,
      (provider, organization_id, booking_id) in (select (provider, organization_id, old_id) from links) as is_replaced
    from gathered_ids
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
      is_replaced and not bool_and(is_replaced) over chain as is_replaced
    from ends
    window chain as (partition by provider, organization_id, chain_id)
  )
{% endmacro %}
