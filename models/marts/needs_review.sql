-- Grain: one row per organization, source, provider, campaign, reason and day a person had to look.
-- Columns: how often and in how many conversations, how often the conversation went on, and how long that
-- took: the next event of the conversation, of any type, that happened later. An absent reason is UNSPECIFIED.
with follow_ups as (
  select provider, organization_id, conversation_id, unnest(review_follow_ups, recursive := true)
  from {{ ref('conversations') }}
  where review_count > 0
),

asked as (
  select reviews.*, epoch(follow_ups.next_event_at) - epoch(reviews.asked_at) as seconds
  from {{ ref('reviews') }} as reviews
  left join follow_ups using (provider, organization_id, conversation_id, asked_at)
)

select
  {{ cuts() }},
  {{ day_of('asked_at') }} as day,
  reason,
  count(*) as reviews,
  count(distinct conversation_id) as conversations,
  count(seconds) as followed,
  quantile_cont(seconds, 0.5) as median_seconds,
  quantile_cont(seconds, 0.9) as p90_seconds
from asked
group by {{ cuts() }}, day, reason
