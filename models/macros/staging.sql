{#
  Union of every event table that has the column `having`, in one narrow shape: the common columns, then
  `columns`, null where a table lacks one. Tables come from the contracts, so a new event type joins by itself.
  Test deliveries and foreign organizations stay outside unless `everything` is set.
#}
{% macro lake_union(columns, having=none, everything=false) %}
  {%- set types = {} -%}
  {%- for table in lake_tables().values() -%}
    {%- do types.update(table) -%}
  {%- endfor -%}
  {%- for name, present in lake_tables().items() if '__' not in name and (having is none or having in present) %}
  {% if not loop.first %}union all{% endif %}
  select
    '{{ name }}' as event_type,
    event_key, source, provider, organization_id,
    occurred_at, occurred_at_basis, received_at, loaded_at, batch_id, is_test, is_foreign, extras
    {%- for column in columns %},
    {{ column if column in present else 'cast(null as ' ~ types[column] ~ ') as ' ~ column }}
    {%- endfor %}
  from {{ source('events', name) }}
  where {{ known_then() }}{% if not everything %} and is_test is not true and is_foreign is not true{% endif %}
  {%- endfor %}
{% endmacro %}

{# An id, or null where the text is a template of the provider's documents such as `{campaignId}`. #}
{% macro real_id(text) -%}
  case when regexp_matches({{ text }}, '[{}<>]|%7[BbDd]') then null else nullif({{ text }}, '') end
{%- endmacro %}

{# The path segment that follows `prefix` in a URL, as an id. #}
{% macro id_in_url(url, prefix) -%}
  {{ real_id("regexp_extract(" ~ url ~ ", '" ~ prefix ~ "([^/?#]+)', 1)") }}
{%- endmacro %}
