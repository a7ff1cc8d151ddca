"""Sample names, questions and answers in several languages and scripts, all invented."""

from dataclasses import dataclass

NAMES: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("Ana", "João", "Inês", "Thiago"), ("Sousa", "Araújo", "da Conceição", "Magalhães")),
    (("Zoë", "Siobhán", "D'Arcy", "Mary-Jane"), ("O'Brien", "Müller-Lüdenscheidt", "van 't Hof", "Null")),
    (("Łukasz", "Žofie", "Çağla", "Þóra"), ("Święcicka", "Dvořáková", "Yıldız", "Sæmundsdóttir")),
    (("Олена", "Дмитро", "Марія"), ("Шевчук", "Іваненко", "Ткаченко")),
    (("محمد", "ليلى", "يوسف"), ("الهاشمي", "بن سعيد", "حداد")),
    (("नेहा", "अर्जुन", "प्रिया"), ("शर्मा", "पटेल", "वर्मा")),
    (("小明", "美玲", "浩"), ("王", "陳", "佐藤")),
    (("Ngọc", "Minh Đức", "Thảo"), ("Nguyễn", "Trần", "Lê Thị")),
    (("דנה", "יואב"), ("לוי", "כהן")),
    (("Chidi", "Adaeze", "Nomvula"), ("Okonkwo", "Ńwafor", "Dlamini")),
    (("서연", "민준", "지우"), ("김", "박", "황보")),
    (("Jose\u0301", "Rene\u0301e", "A\u0308sa"), ("Nu\u0301n\u0303ez", "Tie\u0302\u0309n", "O\u0308berg")),
    (("Sam 👩🏽‍💻", "Robin 🏳️‍🌈", "Kim 👨‍👩‍👧"), ("O’Neil", "Ḱ̄ɑ̃", "Ng🙂")),
)
"""Pairs of first names and last names that fit each other.

Some are written right to left, in decomposed characters, or with emoji of several code points.
"""


@dataclass(frozen=True, slots=True)
class SampleQuestion:
    """Screening question with the summary of a passed and of a failed answer."""

    text: str
    passed: str
    failed: str


QUESTIONS: tuple[SampleQuestion, ...] = (
    SampleQuestion("Can you work night shifts?", "Yes, has done so for two years", "No, cares for a child"),
    SampleQuestion("Do you hold a forklift licence?", 'Holds a "class 3" licence', "Expired in 2021"),
    SampleQuestion("Pode começar no próximo mês?", "Sim, a partir de dia 1 🙂", "Não, só em março"),
    SampleQuestion("Haben Sie einen Führerschein?", "Ja, Klasse B", "Nein – macht ihn gerade"),
    SampleQuestion("¿Vive a menos de 20 km?", "Sí, a 5 km", "No: a 80 km\ncon tren"),
    SampleQuestion("Чи є у вас досвід роботи на складі?", "Так, три роки", "Ні"),
    SampleQuestion("週末に働けますか。", "はい、土日とも可", "いいえ"),
    SampleQuestion("هل لديك تصريح عمل؟", "نعم", "لا، قيد التجديد"),
    SampleQuestion("Right to work?", "Yes", "Needs sponsorship \\ visa"),
    SampleQuestion("야간 근무가 가능합니까?", "예, 2년 했습니다 👍🏽", "아니요"),
    SampleQuestion("क्या आप सप्ताहांत में काम कर सकते हैं?", "हाँ, दोनों दिन", "नहीं\tकेवल शनिवार"),
    SampleQuestion("可以上夜班吗？", "可以，已做三年", "不可以（照顾孩子👩‍👧）"),
    SampleQuestion("Czy mo\u0301wi Pan/Pani po polsku?", "Tak, płynnie", "Nie"),
)

REQUIREMENTS: tuple[tuple[str, bool, str], ...] = (
    ("Forklift licence", True, "Licence renewed in 2024"),
    ("2 years in a warehouse", True, "2019–2023 at a logistics company"),
    ("Spricht Deutsch (B1)", False, "Zertifikat B1, 2022"),
    ("Disponibilidad de fines de semana", False, "«Disponible sábados y domingos»"),
    ("First aid course", False, "Course in March 2025"),
)
"""Requirements as tuples `(text, is_mandatory, evidence in the CV)`."""

REVIEW_REASONS: tuple[str | None, ...] = (
    "OUT_OF_OFFICE",
    "ASKED_FOR_HUMAN",
    "UNANSWERED_QUESTION",
    "SPECIAL_NEEDS_REQUEST",
    "OTHER",
    "VOICE_NOTE_RECEIVED",
    None,
)
"""Review reasons drawn from a candidate's reply; None is a review without a reason. One is undocumented."""

NODES: tuple[tuple[str, str], ...] = (
    ("enrich-profile", "enrichment"),
    ("screen-availability", "screeningOutreach"),
    ("is-local", "condition"),
    ("book-interview", "schedulingOutreach"),
)
NODE_OUTCOMES = ("onComplete", "onNotInterested", "onDeliveryFailed")

RUN_REASONS = ("channel_unavailable", "node_error", "profile_deleted")
"""Reasons of failed and cancelled workflow runs."""

UNKNOWN_EVENTS = ("CANDIDATE_MERGED", "CAMPAIGN_ARCHIVED", "CONVERSATION_TRANSLATED")
"""Event types without a contract."""
