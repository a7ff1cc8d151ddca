"""The generated documents are those of the code, and every link in a document leads somewhere."""

import re
from pathlib import Path

import pytest

from pipelines.cli.docs.generate import write_docs
from pipelines.cli.docs.reference_pages import commands_page, metrics_page, settings_table
from pipelines.errors import HirestreamError
from receiver.settings import PROJECT

PAGES = sorted([*PROJECT.glob("*.md"), *(PROJECT / "docs").glob("*.md")])
NAMED_HEADINGS = re.compile(r"docs/([\w-]+\.md)#([\w-]+)")


def anchors(page: Path) -> set[str]:
    """The anchors of a page: its headings as GitHub names them, and its `<a id>`."""
    text = page.read_text("utf-8")
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    made = {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}
    return made | set(re.findall(r'<a id="([^"]+)">', text))


def test_the_generated_documents_are_up_to_date() -> None:
    assert write_docs(check=True) == []


def test_every_setting_has_a_meaning() -> None:
    rows = [line.split(" | ") for line in settings_table().splitlines()[2:]]
    assert len(rows) > 30
    assert [row for row in rows if not row[2].strip(" |")] == []
    assert any("HIRESTREAM_SOURCES__<NAME>__SECRETS_FILE" in row[0] for row in rows)


def test_every_command_and_every_series_has_its_line() -> None:
    assert {"## hirestream up", "## hirestream erase", "## hirestream secrets match"} <= set(
        commands_page().splitlines()
    )
    assert "`hirestream_deliveries_total`" in metrics_page()


def test_an_old_document_is_refused_by_the_check_and_then_written(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("old\n")
    with pytest.raises(HirestreamError, match="make format"):
        write_docs({page: "new\n"}, check=True)
    assert page.read_text() == "old\n"
    assert write_docs({page: "new\n"}) == [page]
    assert write_docs({page: "new\n"}) == []
    assert page.read_text() == "new\n"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text("utf-8")):
        if target.startswith("http"):
            continue
        file, _, anchor = target.partition("#")
        linked = (page.parent / file).resolve() if file else page
        assert linked.exists(), f"{page.name}: {target}"
        assert not anchor or anchor in anchors(linked), f"{page.name}: {target}"


def test_messages_name_headings_that_exist() -> None:
    named = {
        match
        for folder in ("pipelines", "receiver")
        for file in (PROJECT / folder).rglob("*.py")
        for match in NAMED_HEADINGS.findall(file.read_text("utf-8"))
    }
    assert named
    for page, anchor in named:
        assert anchor in anchors(PROJECT / "docs" / page)
