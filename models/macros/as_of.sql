{#
  The lake as it was at the variable `as_of`, a point in time by the ledger's `loaded_at`; everything where it is
  null. What a replay loaded counts by the replay; a rebuild leaves `loaded_at` as it was.
#}
{% macro last_batch_then() -%}
  (select max(batch_id) from {{ source('ledger', 'batches') }} where loaded_at <= timestamptz '{{ var('as_of') }}')
{%- endmacro %}

{# A condition on rows of an event table. #}
{% macro known_then() -%}
  {% if var('as_of', none) %}loaded_at <= timestamptz '{{ var('as_of') }}'{% else %}true{% endif %}
{%- endmacro %}

{# The ledger's deliveries; one that a later replay took out of quarantine is still in it. #}
{% macro deliveries() -%}
  {%- if var('as_of', none) -%}
  (
    select deliveries.* replace (
      case when loaded_at <= timestamptz '{{ var('as_of') }}' then outcome else 'quarantined' end as outcome,
      case when loaded_at <= timestamptz '{{ var('as_of') }}' then reason end as reason,
      case when loaded_at <= timestamptz '{{ var('as_of') }}' then loaded_at else first_loaded_at end as loaded_at,
      case when moved_batch_id <= {{ last_batch_then() }} then moved_batch_id end as moved_batch_id
    )
    from {{ source('ledger', 'deliveries') }} as deliveries
    inner join (select batch_id, loaded_at as first_loaded_at from {{ source('ledger', 'batches') }}) using (batch_id)
    where batch_id <= {{ last_batch_then() }}
  )
  {%- else -%}
  {{ source('ledger', 'deliveries') }}
  {%- endif -%}
{%- endmacro %}

{# Records in quarantine. #}
{% macro quarantined() -%}
  {%- if var('as_of', none) -%}
  (from {{ deliveries() }} where outcome = 'quarantined')
  {%- else -%}
  {{ source('quarantine', 'records') }}
  {%- endif -%}
{%- endmacro %}
