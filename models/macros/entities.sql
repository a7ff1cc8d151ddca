{# The newest batch that this model has seen; asked before the build so that files can be skipped by it. #}
{% macro watermark() -%}
  {%- if execute -%}
    {%- set found = run_query("select coalesce(max(last_batch_id), -1) from " ~ this) -%}
    {{ return(found.columns[0].values()[0] | int) }}
  {%- endif -%}
  {{ return(-1) }}
{%- endmacro %}

{#
  Keys of the entities that new rows are about: rows of a newer batch, and rows without a time of their own
  whose delivery was repeated in a newer batch, or found to be a repetition by one that decoded it again (the
  earliest receipt counts). Each batch is asked for by itself, so that files can be skipped by it.
#}
{% macro touched_keys(events, keys) %}
  {%- set newest = watermark() %}
    select distinct {{ keys | join(', ') }} from {{ events }} where batch_id > {{ newest }}
    union
    select distinct {{ keys | join(', ') }} from {{ events }}
    where occurred_at_basis = 'received_at' and event_key in (
      select event_key from {{ source('ledger', 'deliveries') }}
      where batch_id > {{ newest }} and outcome = 'duplicate'
      union all
      select event_key from {{ source('ledger', 'deliveries') }}
      where moved_batch_id > {{ newest }} and outcome = 'duplicate'
    )
{% endmacro %}

{#
  CTEs up to `happened`: every event of the entities to rebuild, all of them in a full build. Adds
  `moment`, the event's place in business time (ties by event_key): order by it, never by arrival. Batches of
  repeated deliveries count into `batch_id` so that the watermark passes them.
  `scope` names a CTE with the keys to rebuild, where these are more than the touched ones.
#}
{% macro happened(events, keys, scope=none) %}
  {%- if is_incremental() and scope is none %}
  touched as ({{ touched_keys(events, keys) }}),
  {%- endif %}
  gathered as materialized (
    select events.*
    from {{ events }} as events
    {%- if is_incremental() %}
    semi join {{ scope or 'touched' }} using ({{ keys | join(', ') }})
    {%- endif %}
  ),
  repeats as (
    select
      event_key,
      min(received_at) as first_received_at,
      max(greatest(batch_id, coalesce(moved_batch_id, 0))) as repeat_batch_id
    from {{ deliveries() }}
    where outcome = 'duplicate'
      and event_key in (select event_key from gathered where occurred_at_basis = 'received_at')
    group by event_key
  ),
  timed as (
    select gathered.* replace (
      case
        when occurred_at_basis = 'received_at' then least(occurred_at, received_at, first_received_at)
        else occurred_at
      end as occurred_at,
      greatest(batch_id, repeat_batch_id) as batch_id
    )
    from gathered
    left join repeats using (event_key)
  ),
  happened as (
    select
      timed.*,
      row_number() over (partition by {{ keys | join(', ') }} order by occurred_at, event_key) as moment
    from timed
  )
{% endmacro %}

{# The latest known value by business time; `where` narrows the events. #}
{% macro latest(column, where=none) -%}
  arg_max({{ column }}, moment){% if where %} filter (where {{ where }}){% endif %}
{%- endmacro %}

{# Columns that every entity has in addition to its keys and its own columns. #}
{% macro entity_columns() %}
    min(occurred_at) as first_event_at,
    max(occurred_at) as last_event_at,
    count(*) as event_count,
    max(batch_id) as last_batch_id
{%- endmacro %}

{# The events of the types that the model names in `meta.event_types`; a build is only for these. #}
{% macro own_events(events) %}
  select *
  from {{ events }}
  where event_type in ('{{ (config.get('meta') or {}).get('event_types', []) | join("', '") }}')
{%- endmacro %}
