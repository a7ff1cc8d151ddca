{# A field of the meeting in an Orufy document without a contract, as text: in `meetData`, else next to it. #}
{% macro of_meeting(name) -%}
  coalesce(nullif(document ->> '$.meetData.{{ name }}', ''), document ->> '$.{{ name }}')
{%- endmacro %}

{# The same of an object or a list, as JSON text; an empty object is none. #}
{% macro json_of_meeting(name) -%}
  coalesce(
    nullif(nullif(cast(document -> '$.meetData.{{ name }}' as varchar), '{}'), 'null'),
    nullif(nullif(cast(document -> '$.{{ name }}' as varchar), '{}'), 'null')
  )
{%- endmacro %}

{# The id of another meeting, or null where the text is a placeholder for no id: a placeholder, zeros, dashes, a template. #}
{% macro other_meeting_id(text) -%}
  case
    when not regexp_full_match(
      {{ text }}, '\s*(null|undefined|none|nil|nan|n/?a|unknown|true|false|[0-]*)\s*', 'i'
    ) then {{ real_id(text) }}
  end
{%- endmacro %}

{# The meeting that a `reschedule` object names: neither the key nor its type, text or object, is documented. #}
{% macro new_meeting_id(reschedule) -%}
  {%- set object = 'try_cast(' ~ reschedule ~ ' as json)' -%}
  coalesce(
    {%- for key in ['newMeetId', 'newMeetingId', 'meetId', 'newMeet', 'new_meet_id', 'meetingId'] %}
    {{ other_meeting_id("(" ~ object ~ " ->> '$." ~ key ~ "._id')") }},
    case
      when json_type({{ object }}, '$.{{ key }}') = 'VARCHAR'
        then {{ other_meeting_id("(" ~ object ~ " ->> '$." ~ key ~ "')") }}
    end
    {%- if not loop.last %},{% endif %}
    {%- endfor %}
  )
{%- endmacro %}

{# A point in time as a provider may have written it: ISO 8601 with an offset, or milliseconds since 1970. #}
{% macro sent_instant(text) -%}
  case
    when regexp_full_match({{ text }}, '\d{4}-\d\d-\d\dT\d\d:\d\d.*(Z|[+-]\d\d:?\d\d)') then try_cast({{ text }} as timestamptz)
    when regexp_full_match({{ text }}, '\d{12,14}(\.0)?')
      then make_timestamptz(cast(try_cast({{ text }} as decimal(18, 1)) as bigint) * 1000)
  end
{%- endmacro %}

{# What a field kept as JSON text says: text without its quotes, a number or an object as it is. #}
{% macro as_sent(json_text) -%}
  nullif(
    case when starts_with({{ json_text }}, '"') then try_cast({{ json_text }} as json) ->> '$' else {{ json_text }} end, ''
  )
{%- endmacro %}

{# Whether a status says cancelled; the page shows both spellings, though not both as a value. #}
{% macro means_cancelled(status) -%}
  upper({{ status }}) in ('CANCELLED', 'CANCELED')
{%- endmacro %}

{# Orufy's account id is a guess and may be absent; what has none still belongs to somebody. #}
{% macro known_organization() -%}
  coalesce(organization_id, 'UNSPECIFIED')
{%- endmacro %}
