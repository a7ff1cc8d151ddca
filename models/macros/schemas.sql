{# A model's schema is the name of its folder: staging, entities or marts; intermediate models are in staging. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
  {%- set folder = node.original_file_path.split('/')[0] -%}
  {{ custom_schema_name or ('staging' if folder == 'intermediate' else folder) if node.resource_type == 'model' else target.schema }}
{%- endmacro %}
