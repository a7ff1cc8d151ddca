-- Grain: one row per campaign (provider, organization_id, campaign_id) of which an exhausted nudge sequence
-- gave the type; no other event has it. Campaigns without such an event are not listed.
-- Columns: the latest type by business time.
{{ config(
  materialized='incremental',
  unique_key=['provider', 'organization_id', 'campaign_id'],
  meta={'event_types': ['conversation_max_nudges_reached']}
) }}

with typed as not materialized (
  {{ own_events(ref('stg_conversation_events')) }}
    and campaign_id is not null and campaign_type is not null
),

{{ happened('typed', ['provider', 'organization_id', 'campaign_id']) }}

select
  provider,
  organization_id,
  campaign_id,
  arg_min(source, moment) as source,
  {{ latest('external_campaign_id') }} as external_campaign_id,
  {{ latest('campaign_type') }} as campaign_type,
  {{ entity_columns() }}
from happened
group by provider, organization_id, campaign_id
