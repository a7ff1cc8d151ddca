"""Union types of all kinds of journeys."""

from pipelines.simulate.journeys.model import Analysis, Conversation, LooseBooking
from pipelines.simulate.journeys.orufy_model import OrufyBooking
from pipelines.simulate.journeys.workflow_model import Publication, Run, UnresolvedContact

PoppJourney = Conversation | LooseBooking | Run | UnresolvedContact | Publication | Analysis
Journey = PoppJourney | OrufyBooking
