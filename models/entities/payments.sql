-- Grain: one row per payment (provider, organization_id, payment_id; the event's key where no id was sent).
-- Columns: its booking, its latest state, the amount as sent, and the times that its sender wrote.
-- The latest state is that of the sender's own `updatedAt`, else of the event. PENDING without such a time never
-- follows on DONE or FAILED, however late it arrives. PENDING and FAILED are not revenue, and amounts of unknown
-- unit add up within one currency at most.
{{ config(materialized='incremental', unique_key=['provider', 'organization_id', 'payment_id']) }}

with {{ happened(ref('stg_payment_events'), ['provider', 'organization_id', 'payment_id']) }},

ordered as (
  select happened.* replace (
    row_number() over (
      partition by provider, organization_id, payment_id
      order by
        status is not distinct from 'PENDING' and updated_at is null desc,
        coalesce(updated_at, occurred_at),
        coalesce(status in ('DONE', 'FAILED'), false),
        event_key
    ) as moment
  )
  from happened
)

select
  provider,
  organization_id,
  payment_id,
  arg_min(source, (occurred_at, event_key)) as source,
  cast(null as varchar) as campaign_id,
  cast(null as varchar) as external_campaign_id,
  {{ latest('booking_id') }} as booking_id,
  coalesce({{ latest('status') }}, 'UNSPECIFIED') as status,
  coalesce({{ latest('status') }} = 'DONE', false) as is_done,
  {{ latest('amount') }} as amount,
  case when isfinite(try_cast({{ latest('amount') }} as double)) then try_cast({{ latest('amount') }} as double) end
    as amount_number,
  {{ latest('currency_code') }} as currency_code,
  {{ latest('method') }} as method,
  {{ latest('order_id') }} as order_id,
  {{ latest('external_payment_id') }} as external_payment_id,
  {{ latest('paid_at') }} as paid_at,
  {{ latest('created_at') }} as created_at,
  {{ latest('updated_at') }} as updated_at,
  {{ entity_columns() }}
from ordered
group by provider, organization_id, payment_id
