{# A model's schema is the folder it stands in: staging, entities or marts. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
  {{ custom_schema_name or node.original_file_path.split('/')[0] if node.resource_type == 'model' else target.schema }}
{%- endmacro %}
