{# What a booking came to by the time of asking: cancelled (by the meeting's start), pending (still to come), kept. #}
{% macro booking_state() -%}
  case
    when is_cancelled and (meeting_start_at is null or cancelled_at <= meeting_start_at) then 'cancelled'
    when meeting_start_at > {{ now() }} then 'pending'
    else 'kept'
  end
{%- endmacro %}

{# Whether a time cannot be true: before 2000, or more than a day after the time of asking. #}
{% macro implausible(instant) -%}
  coalesce({{ instant }} < timestamptz '2000-01-01 00:00:00Z' or {{ instant }} > {{ now() }} + interval 1 day, false)
{%- endmacro %}

{# Median and 90th percentile of the seconds that members measured; null where none did. #}
{% macro durations() -%}
  quantile_cont(value, 0.5) filter (where bucket = 'denominator') as median_seconds,
  quantile_cont(value, 0.9) filter (where bucket = 'denominator') as p90_seconds
{%- endmacro %}
