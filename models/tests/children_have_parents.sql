-- Returns rows of lists, such as a screening's answers, whose event is in no event table.
{%- set lists = [] %}
{%- for source_node in graph.sources.values() if execute and '__' in source_node.name %}
  {%- do lists.append(source_node) %}
{%- endfor %}
{%- for node in lists | sort(attribute='name') %}
select '{{ node.name }}' as list, event_key
from {{ node.relation_name }}
where event_key not in (select event_key from {{ source('events', node.name.split('__')[0]) }})
{% if not loop.last %}union all{% endif %}
{%- else %}
select null as list where false
{%- endfor %}
