"""Glossary of the report page and the notebook."""

from dataclasses import dataclass

from pipelines.reports.headline_metrics import QUESTIONS
from pipelines.reports.secondary_metrics import FURTHER


@dataclass(frozen=True, slots=True)
class GlossaryEntry:
    """Term of the report with its explanation."""

    term: str
    says: str


@dataclass(frozen=True, slots=True)
class GlossarySection:
    """Titled group of glossary entries."""

    title: str
    meanings: tuple[GlossaryEntry, ...]


READING = GlossarySection(
    "How to read a number",
    (
        GlossaryEntry("Of", "What a rate is taken over. 12 of 30 is a rate of 40 %."),
        GlossaryEntry("Open", "No outcome yet. Not in the rate until there is one."),
        GlossaryEntry("Left out", "Does not belong into the rate, for the reason that stands next to it."),
        GlossaryEntry(
            "A dash",
            "There is nothing to take a rate over, or nothing to measure. It is not 0 %, which is a rate.",
        ),
        GlossaryEntry(
            "95 % interval",
            "Where the true rate lies, in 95 of 100 such cases. Few cases make it wide; with fewer than "
            "30, read the interval and not the rate.",
        ),
        GlossaryEntry(
            "Change",
            "The rate less that of the same number of days before, in percentage points. Only where the "
            "interval of the difference leaves out zero is it called up or down.",
        ),
        GlossaryEntry(
            "Day",
            "A number by start day can still change for recent days; a number by the day of the outcome "
            "cannot, unless an event comes late.",
        ),
        GlossaryEntry("Median, p90", "Half of the cases stay under the median, nine of ten under the p90."),
    ),
)
DETAILS = GlossarySection(
    "Times, lists and amounts",
    (
        GlossaryEntry(
            "Time to schedule",
            "From the start of a conversation to its first booking. Who never booked is open. Where the "
            "start is not known, or the times cannot be true, nothing is measured.",
        ),
        GlossaryEntry("Time in the queue", "From being queued to the start of the conversation."),
        GlossaryEntry(
            "Question pass rate",
            "For each question as it was asked: answers that passed, out of those that passed or failed. "
            "Only the latest screening of a candidate counts.",
        ),
        GlossaryEntry(
            "Requirement met",
            "For each requirement of a job: CVs that meet it, out of those of which it is known. Only the "
            "latest analysis of a candidate counts.",
        ),
        GlossaryEntry(
            "CV analysis", "CVs that meet every mandatory requirement, out of those of which it is known."
        ),
        GlossaryEntry(
            "Score",
            "0 to 100, as the provider gives it. No score is not a score of 0: it is left out and counted.",
        ),
        GlossaryEntry("Reminders sent", "How many reminders went out before they were used up."),
        GlossaryEntry(
            "Last step before a failure",
            "The step of an automation that completed last before the run failed. The fault is in it or "
            "after it.",
        ),
        GlossaryEntry(
            "Stuck",
            "A run that has not ended and is older than 99 of 100 runs of its workflow took, or than 7 "
            "days where fewer than 20 of them ended.",
        ),
        GlossaryEntry(
            "Contact resolution",
            "Of the contacts that an automation looked up, how many were found. A look-up that was skipped "
            "because a run was already under way is left out.",
        ),
        GlossaryEntry(
            "Needs review",
            "A person was asked to look at the conversation. Time to the next event: until anything else "
            "happened in it. UNSPECIFIED means that no reason was sent.",
        ),
        GlossaryEntry(
            "Payments",
            "In their latest state. Amounts are added up as sent; nobody says whether they are cents. Only "
            "DONE is money received.",
        ),
        GlossaryEntry(
            "Held", "The meeting is known to have taken place. Where nobody tells, it is not guessed."
        ),
        GlossaryEntry(
            "Silent",
            "A source that has sent nothing for longer than 99 of 100 of its pauses in the last 30 days.",
        ),
        GlossaryEntry("Error share", "Deliveries that could not be read, out of all of a source."),
        GlossaryEntry(
            "Implied missing", "An event that must have happened, as later ones prove, but never arrived."
        ),
    ),
)


def meanings() -> tuple[GlossarySection, ...]:
    """Return all sections: how to read a number, the metrics of each question, times, lists and amounts."""
    return (READING, *(_question_section(question.key) for question in QUESTIONS), DETAILS)


def _question_section(key: str) -> GlossarySection:
    (question,) = (question for question in QUESTIONS if question.key == key)
    default = GlossaryEntry(question.title, f"{question.definition} Counted on {question.day_means}.")
    further = (GlossaryEntry(m.title, m.meaning) for m in FURTHER if m.question == key)
    return GlossarySection(question.title, (default, *further))
