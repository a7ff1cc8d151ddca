-- Grain: one row per organization, source, provider, campaign, day a nudge sequence was used up, whom it nudged and
-- number of nudges.
-- Columns: how many sequences, and of how many conversations: a conversation may use up several.
select
  {{ cuts() }},
  {{ day_of('exhausted_at') }} as day,
  is_interviewer,
  nudges_sent,
  count(*) as sequences,
  count(distinct conversation_id) as conversations
from {{ ref('nudge_sequences') }}
group by {{ cuts() }}, day, is_interviewer, nudges_sent
