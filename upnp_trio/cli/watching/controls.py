"""What the keys do: the state of the screen as a value, and the next one after a key. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import attrs

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["SORTS", "Action", "Controls", "Prompt", "Quit", "Redraw", "Save", "arrange", "press"]

#: the columns to sort by, in the order in which the key ``s`` goes through them
SORTS = ("name", "type", "make", "address", "expires", "boot", "location", "answer")
# As long as a path may reasonably be; a key that is held down must not fill the line for ever.
MAX_PROMPT_CHARACTERS = 400

Page = Literal["list", "details", "help"]


@attrs.frozen
class Prompt:
    """A line that is being typed."""

    purpose: Literal["filter", "save"]
    text: str
    #: what a cancelled filter goes back to
    before: str = ""


@attrs.frozen(kw_only=True)
class Controls:
    """What is shown, and how."""

    page: Page = "list"
    #: the UDN, in lower case, that the cursor stays with; ``None`` means the first row, whichever it is
    selected: str | None = None
    #: where the cursor was last, for when its device goes
    index: int = 0
    #: the first row of the list that is visible, and the first line of the details
    top: int = 0
    scroll: int = 0
    filter: str = ""
    sort: str = "name"
    is_reversed: bool = False
    shows_embedded: bool = False
    is_paused: bool = False
    prompt: Prompt | None = None
    #: a line for the user until the next key
    notice: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        """The words of the filter."""
        return tuple(self.filter.lower().split())


@attrs.frozen
class Quit:
    """End the program."""


@attrs.frozen
class Redraw:
    """Draw every line again, as something else has written on the terminal."""


@attrs.frozen
class Save:
    """Save to *path*."""

    path: str


Action = Quit | Redraw | Save


def arrange(controls: Controls, listing: Sequence[str], height: int) -> Controls:
    """*controls* so that the cursor is on a row of *listing*, the UDNs of the list, and visible among *height* rows."""
    index, selected = 0, controls.selected
    if selected is not None and listing:
        try:
            index = listing.index(selected)
        except ValueError:  # its device is gone, or filtered out
            index = min(controls.index, len(listing) - 1)
            selected = listing[index]
    top = min(controls.top, index, max(len(listing) - height, 0))
    top = max(top, index - height + 1, 0)
    if (index, selected, top) == (controls.index, controls.selected, controls.top):
        return controls
    return attrs.evolve(controls, index=index, selected=selected, top=top)


def press(
    controls: Controls, key: str, listing: Sequence[str], height: int, *, can_save: bool = True
) -> tuple[Controls, Action | None]:
    """The state after *key*, and what is to be done. *listing* and *height* are those of `arrange`."""
    controls = attrs.evolve(controls, notice="")
    if key == "redraw":
        return controls, Redraw()
    if controls.prompt is not None:
        return _type(controls, controls.prompt, key)
    if key == "q":
        return controls, Quit()
    if key == "w":
        if not can_save:
            return attrs.evolve(controls, notice="A capture is being saved already."), None
        return attrs.evolve(controls, prompt=Prompt("save", "capture.pcapng")), None
    if key == "p":
        return attrs.evolve(controls, is_paused=not controls.is_paused), None
    if key == "?":
        page: Page = "list" if controls.page == "help" else "help"
        return attrs.evolve(controls, page=page, scroll=0), None
    if controls.page == "list":
        return _in_list(controls, key, listing, height), None
    return _in_text(controls, key, height), None


def _in_list(controls: Controls, key: str, listing: Sequence[str], height: int) -> Controls:
    moves = {
        "up": -1, "k": -1, "down": 1, "j": 1, "page up": -height, "page down": height, " ": height,
        "home": -len(listing), "g": -len(listing), "end": len(listing), "G": len(listing),
    }  # fmt: skip
    if key in moves:
        if not listing:
            return controls
        index = min(max(controls.index + moves[key], 0), len(listing) - 1)
        return arrange(attrs.evolve(controls, index=index, selected=listing[index]), listing, height)
    match key:
        case "enter" | "right" | "l" if listing:
            return attrs.evolve(controls, page="details", scroll=0, selected=listing[controls.index])
        case "/":
            return attrs.evolve(controls, prompt=Prompt("filter", controls.filter, controls.filter))
        case "s":
            following = SORTS[(SORTS.index(controls.sort) + 1) % len(SORTS)]
            return attrs.evolve(controls, sort=following, is_reversed=False)
        case "r":
            return attrs.evolve(controls, is_reversed=not controls.is_reversed)
        case "e":
            return attrs.evolve(controls, shows_embedded=not controls.shows_embedded)
        case "escape" if controls.filter:
            return attrs.evolve(controls, filter="")
        case _:
            return controls


def _in_text(controls: Controls, key: str, height: int) -> Controls:
    moves = {
        "up": -1, "k": -1, "down": 1, "j": 1, "page up": -height, "page down": height, " ": height,
        "home": -controls.scroll, "g": -controls.scroll, "end": 1_000_000, "G": 1_000_000,
    }  # fmt: skip
    if key in moves:  # the page knows its length, and holds it there
        return attrs.evolve(controls, scroll=max(controls.scroll + moves[key], 0))
    if key in ("escape", "enter", "left", "h", "backspace"):
        return attrs.evolve(controls, page="list")
    return controls


def _type(controls: Controls, prompt: Prompt, key: str) -> tuple[Controls, Action | None]:
    match key:
        case "enter":
            done = attrs.evolve(controls, prompt=None)
            return done, Save(prompt.text) if prompt.purpose == "save" and prompt.text else None
        case "escape":
            before = prompt.before if prompt.purpose == "filter" else controls.filter
            return attrs.evolve(controls, prompt=None, filter=before), None
        case "backspace":
            text = prompt.text[:-1]
        case "erase":
            text = ""
        case _ if len(key) == 1 and len(prompt.text) < MAX_PROMPT_CHARACTERS:
            text = prompt.text + key
        case _:
            return controls, None
    # the filter works while it is typed
    filter = text if prompt.purpose == "filter" else controls.filter
    return attrs.evolve(controls, prompt=attrs.evolve(prompt, text=text), filter=filter), None
