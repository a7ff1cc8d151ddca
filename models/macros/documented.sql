{# The values of open enumerations that the providers document or show; any other loads, and is listed. #}
{% macro documented_values(field) %}
  {{ return({
    "conversation_status": [
      "ONGOING", "QUEUED", "COMPLETED_SCREENING_PASSED", "COMPLETED_SCREENING_FAILED",
      "COMPLETED_CANDIDATE_NOT_INTERESTED", "CLOSED", "COMPLETED", "OPTED_OUT", "DELIVERY_FAILED", "CREATED"
    ],
    "question_outcome": ["PASSED", "FAILED", "NOT_COMPLETED"],
    "needs_review_reason": [
      "OUT_OF_OFFICE", "ASKED_FOR_HUMAN", "UNANSWERED_QUESTION", "SPECIAL_NEEDS_REQUEST", "OTHER",
      "MORE_TIME_REQUESTED", "AVAILABILITY_NOT_FOUND", "HUMAN_TAKEOVER", "CLOSED_CONVERSATION_REPLY"
    ],
    "campaign_type": [
      "SCHEDULING", "AVAILABILITY_OUTREACH", "APPLICANT_OUTREACH", "NEW_CANDIDATE_OUTREACH", "ENGAGEMENT_OUTREACH"
    ],
    "meeting_status": ["ACTIVE", "CANCELLED"],
    "meeting_format": ["SOLO", "GROUP", "ROUNDROBIN", "COLLECTIVE"],
    "payment_status": ["PENDING", "DONE", "FAILED"],
  }[field]) }}
{% endmacro %}

{# The undocumented values of `fields`, a row each, from one scan of `events`. #}
{% macro undocumented(events, fields) %}
  select *
  from (
    select provider, organization_id, event_key, received_at, unnest([
      {%- for field in fields %}
      case when {{ field }} not in ('{{ documented_values(field) | join("', '") }}')
        then {'field': '{{ field }}', 'value': {{ field }}} end{% if not loop.last %},{% endif %}
      {%- endfor %}
    ], recursive := true)
    from {{ events }}
    where {% for field in fields %}{{ field }} not in ('{{ documented_values(field) | join("', '") }}')
      {%- if not loop.last %} or {% endif %}{% endfor %}
  )
  where field is not null
{%- endmacro %}
