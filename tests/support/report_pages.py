"""Reading a page back: the elements that carry numbers, and what a browser would fetch."""

from html.parser import HTMLParser

Attributes = dict[str, str]

_FETCHING = {"script", "link", "img", "iframe", "object", "embed", "audio", "video", "source", "base", "form"}


class Page(HTMLParser):
    """Tags with their attributes, in order; the text outside of style."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, Attributes]] = []
        self.text = ""
        self._within: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._within.append(tag)
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if tag in self._within:
            while self._within.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if "style" not in self._within:
            self.text += data

    def having(self, name: str) -> list[Attributes]:
        """The attributes of every element that has this one."""
        return [attributes for _, attributes in self.elements if name in attributes]

    def question(self, key: str) -> "Page":
        """The section of one question, as a page of its own."""
        page = Page("")
        inside = False
        for tag, attributes in self.elements:
            if tag == "section":
                inside = attributes.get("data-question") == key
            if inside:
                page.elements.append((tag, attributes))
        return page

    def rows(self, table: str) -> list[Attributes]:
        """The rows with numbers of a table of this name."""
        found, inside = [], False
        for tag, attributes in self.elements:
            if tag == "table":
                inside = attributes.get("data-table") == table
            elif inside and tag == "tr" and "data-denominator" in attributes:
                found.append(attributes)
        return found

    def fetched(self) -> list[str]:
        """What would make a browser ask anybody for anything, or run code."""
        tags = [tag for tag, _ in self.elements if tag in _FETCHING]
        links = [a["href"] for a in self.having("href") if not a["href"].startswith("#")]
        code = [name for _, a in self.elements for name in a if name.startswith("on") or name == "src"]
        return tags + links + code


def numbers(attributes: Attributes) -> dict[str, int]:
    """The four counts that an element carries."""
    return {name: int(attributes[f"data-{name}"]) for name in COUNTS}


COUNTS = ("population", "numerator", "denominator", "open")
