"""What conversation events share. Every field but the two ids is optional wherever it may stand."""

from msgspec import field

from pipelines.contracts.types import Identifier, PersonalText, Record, Text


class ConversationData(Record, kw_only=True):
    """`data` of a conversation event; `recordId` is the conversation."""

    conversation_id: Identifier = field(name="recordId")
    organization_id: Identifier
    conversation_status: Text | None = None
    candidate_id: Text | None = None
    external_conversation_id: Text | None = field(name="externalId", default=None)
    external_campaign_id: Text | None = None
    participant_first_name: PersonalText | None = None
    participant_first_name_legacy: PersonalText | None = field(name="participantFirsName", default=None)
    participant_last_name: PersonalText | None = None
    campaign_conversation_url: Text | None = None
