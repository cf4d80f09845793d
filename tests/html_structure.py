"""A page taken apart by the parser of the standard library, strictly: what opens must close."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Self

VOID = {"meta", "link", "input", "br", "hr", "img"}


class Page(HTMLParser):
    """Elements in the order in which they open, each as ``(tag, attributes)``, and their text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.inside: list[tuple[str, ...]] = []
        self._open: list[int] = []

    @classmethod
    def of(cls, text: str) -> Self:
        """Parse a whole page; fails where an end tag does not fit."""
        page = cls()
        page.feed(text)
        page.close()
        assert page._open == [], [page.elements[place] for place in page._open]
        return page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element, whose attributes must differ."""
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), (tag, attrs)
        self.inside.append(tuple(self.elements[place][0] for place in self._open))
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self.texts.append("")
        if tag not in VOID:
            self._open.append(len(self.elements) - 1)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element without content."""
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        """Close the element that opened last, which must have this name."""
        assert self._open, f"</{tag}> closes nothing"
        opened = self.elements[self._open.pop()][0]
        assert opened == tag, f"</{tag}> closes <{opened}> at {self.getpos()}"

    def handle_data(self, data: str) -> None:
        """Note text for every element around it."""
        for place in self._open:
            self.texts[place] += data

    def named(self, tag: str) -> list[dict[str, str]]:
        """Attributes of every element of a name."""
        return [attributes for name, attributes in self.elements if name == tag]

    def text_of(self, tag: str) -> list[str]:
        """Text of every element of a name, spaces counted once."""
        pairs = zip(self.elements, self.texts, strict=True)
        return [" ".join(text.split()) for (name, _), text in pairs if name == tag]

    def attribute(self, name: str) -> list[str]:
        """Value of an attribute wherever it stands."""
        return [attributes[name] for _, attributes in self.elements if name in attributes]

    def rows(self, caption: str) -> list[list[str]]:
        """Cells of the only table with a caption, headings first."""
        found: list[list[list[str]]] = []
        for (tag, _), text in zip(self.elements, self.texts, strict=True):
            if tag == "table":
                found.append([])
                wanted = False
            elif tag == "caption":
                wanted = text.strip() == caption
                if not wanted:
                    found.pop()
            elif tag == "tr" and found and wanted:
                found[-1].append([])
            elif tag in {"th", "td"} and found and wanted:
                found[-1][-1].append(" ".join(text.split()))
        (rows,) = found
        return rows
