"""Every kind of journey there is."""

from pipelines.simulate.orufy_outcomes import OrufyBooking
from pipelines.simulate.outcomes import Analysis, Conversation, LooseBooking
from pipelines.simulate.workflow_outcomes import Publication, Run, UnresolvedContact

PoppJourney = Conversation | LooseBooking | Run | UnresolvedContact | Publication | Analysis
Journey = PoppJourney | OrufyBooking
