{#
  dbt's own way through `information_schema.tables` counts the rows of every table of the lake (0.1 s and more
  each time); the columns and the views are in memory.
#}
{% macro duckdb__list_relations_without_caching(schema_relation) %}
  {% call statement('list_relations_without_caching', fetch_result=True) -%}
    with views as (
      select view_name from duckdb_views()
      where database_name = '{{ schema_relation.database }}' and schema_name = '{{ schema_relation.schema }}'
    )
    select distinct
      database_name as database,
      table_name as name,
      schema_name as schema,
      case when table_name in (from views) then 'view' else 'table' end as type
    from duckdb_columns()
    where database_name = '{{ schema_relation.database }}' and schema_name = '{{ schema_relation.schema }}'
  {% endcall %}
  {{ return(load_result('list_relations_without_caching').table) }}
{% endmacro %}

{#
  A view in one statement, so that no reader ever finds it missing; dbt's own way renames twice and drops.
#}
{% materialization view, adapter='duckdb' %}
  {%- set existing = load_cached_relation(this) -%}
  {%- set target_relation = this.incorporate(type='view') -%}
  {{ run_hooks(pre_hooks, inside_transaction=False) }}
  {% if existing is not none and not existing.is_view %}
    {{ drop_relation_if_exists(existing) }}
  {% endif %}
  {{ run_hooks(pre_hooks, inside_transaction=True) }}
  {% call statement('main') -%}
    create or replace view {{ target_relation }} as (
      {{ sql }}
    )
  {%- endcall %}
  {{ run_hooks(post_hooks, inside_transaction=True) }}
  {{ adapter.commit() }}
  {{ run_hooks(post_hooks, inside_transaction=False) }}
  {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{#
  An entity kept up to date: rows rebuilt into a temporary table, then written by one short statement. The lake's
  catalog refuses a writer whose statement began before somebody else's commit ("database is locked"), so what
  takes long is not in it, and a single statement can be tried again as it is.
  A row is never replaced by one that knows fewer batches: of two builds at once the later snapshot wins.
  New columns need a full refresh, which replaces the table in one statement too.
#}
{% materialization incremental, adapter='duckdb' %}
  {%- set existing = load_cached_relation(this) -%}
  {%- set target_relation = this.incorporate(type='table') -%}
  {%- set rebuilt = 'temp.main.' ~ this.identifier ~ '__rebuilt' -%}
  {%- set keys = config.require('unique_key') -%}
  {%- set keys = [keys] if keys is string else keys -%}
  {{ run_hooks(pre_hooks, inside_transaction=False) }}
  {% if existing is not none and existing.is_view %}
    {{ drop_relation_if_exists(existing) }}
  {% endif %}
  {{ run_hooks(pre_hooks, inside_transaction=True) }}
  {% call statement('rebuild') -%}
    create or replace temporary table {{ rebuilt }} as (
      {{ sql }}
    )
  {%- endcall %}
  {% do run_query("select lake_writer_lock(true)") %}
  {% call statement('main') -%}
    {%- if existing is none or existing.is_view or should_full_refresh() %}
    create or replace table {{ target_relation }} as from {{ rebuilt }}
    {%- else %}
    merge into {{ target_relation }} as kept
    using {{ rebuilt }} as rebuilt
    on {% for key in keys %}kept.{{ key }} = rebuilt.{{ key }}{% if not loop.last %} and {% endif %}{% endfor %}
    when matched and rebuilt.last_batch_id >= kept.last_batch_id then update by name
    when not matched then insert by name
    {%- endif %}
  {%- endcall %}
  {% do run_query("select lake_writer_lock(false)") %}
  {% call statement('forget') -%}
    drop table {{ rebuilt }}
  {%- endcall %}
  {{ run_hooks(post_hooks, inside_transaction=True) }}
  {{ adapter.commit() }}
  {{ run_hooks(post_hooks, inside_transaction=False) }}
  {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
