-- Grain: one row per question of a completed conversation, by event and position in it.
-- Columns: the question's text is its identity, there is no id; the outcome is an open list of values.
select
  answers.event_key,
  answers.position,
  answers.screening_question,
  answers.response_summary,
  answers.question_outcome
from {{ source('events', 'conversation_completed__screening_questions_outcome') }} as answers
