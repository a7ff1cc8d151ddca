"""Fields that workflow events share. All correlation fields are optional: it is unknown which are omitted."""

from typing import Annotated

from msgspec import field

from pipelines.contracts.field_types import Instant, Text, guess
from pipelines.contracts.popp import EventData

PAGE = "Popp, Workflow Events"


class WorkflowData(EventData, kw_only=True):
    """`data` of a workflow event, without `recordId`, which differs from event to event.

    The page names the correlation fields; their types, and where each of them stands, are guesses.
    """

    workflow_id: Annotated[Text | None, guess("the workflow", PAGE)] = None
    workflow_version_id: Annotated[Text | None, guess("the published version that runs", PAGE)] = None
    candidate_profile_id: Annotated[Text | None, guess("the candidate's profile", PAGE)] = None
    workflow_external_id: Annotated[Text | None, guess("the customer's own id of the workflow", PAGE)] = None
    candidate_profile_external_id: Annotated[
        Text | None, guess("the customer's own id of the candidate", PAGE)
    ] = None
    emitted_at: Annotated[Instant | None, guess("when it was emitted, before the envelope", PAGE)] = field(
        name="timestamp", default=None
    )


class ReasonedData(WorkflowData, kw_only=True):
    """With the reason keys that such events may carry; their names are guesses, so they stay optional."""

    reason: Annotated[Text | None, guess("why it was skipped, cancelled or failed")] = None
    failure_reason: Annotated[Text | None, guess("why it failed")] = None
    error_code: Annotated[Text | None, guess("why it failed, as a code")] = None
