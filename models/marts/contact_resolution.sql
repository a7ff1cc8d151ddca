-- Grain: one row per organization, source, provider, campaign, workflow and day of a contact's first resolution.
-- Columns: contacts resolved into a run / those resolved or failed. A resolved one is its run, a failed one its key,
-- so that repeats count once; a skipped one is an event that names another run and is counted separately.
-- population = denominator + every excluded.
with contacts as (
  select
    provider,
    organization_id,
    outcome,
    case outcome
      when 'resolved' then coalesce(workflow_run_id, event_key)
      when 'failed' then coalesce(contact_key, event_key)
      else event_key
    end as contact,
    arg_min({
      'source': source, 'campaign_id': campaign_id, 'external_campaign_id': external_campaign_id,
      'workflow_id': workflow_id, 'resolved_at': resolved_at
    }, (resolved_at, event_key)) as resolution
  from {{ ref('contacts') }}
  group by provider, organization_id, outcome, contact
),

cells as (
  select
    organization_id,
    resolution.source as source,
    provider,
    resolution.campaign_id as campaign_id,
    resolution.external_campaign_id as external_campaign_id,
    {{ day_of('resolution.resolved_at') }} as day,
    resolution.workflow_id as workflow_id,
    count(*) as population,
    count(*) filter (where outcome = 'resolved') as numerator,
    count(*) filter (where outcome in ('resolved', 'failed')) as denominator,
    count(*) filter (where outcome = 'skipped') as excluded_skipped
  from contacts
  group by all
)

select
  organization_id,
  source,
  provider,
  campaign_id,
  external_campaign_id,
  day,
  workflow_id,
  population,
  numerator,
  denominator,
  excluded_skipped,
  {{ rate() }} as rate,
  {{ wilson('low') }} as wilson_low,
  {{ wilson('high') }} as wilson_high
from cells
