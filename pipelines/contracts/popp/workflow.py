"""What workflow events share. Which correlation field is omitted where is unknown: all are optional."""

from msgspec import field

from pipelines.contracts.types import Identifier, Instant, Record, Text


class WorkflowData(Record, kw_only=True):
    """`data` of a workflow event, without `recordId`, which differs from event to event."""

    organization_id: Identifier
    workflow_id: Text | None = None
    workflow_version_id: Text | None = None
    candidate_profile_id: Text | None = None
    workflow_external_id: Text | None = None
    candidate_profile_external_id: Text | None = None
    emitted_at: Instant | None = field(name="timestamp", default=None)


class ReasonedData(WorkflowData, kw_only=True):
    """With the reason keys that such events may carry; their names are guesses, so they stay optional."""

    reason: Text | None = None
    failure_reason: Text | None = None
    error_code: Text | None = None
