"""Files of pages: what they can say, and what is said about mistakes in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.documents.test_pictures import png
from upnp_trio import DescriptionError
from upnp_trio.cli.announce import read_pages
from upnp_trio.cli.announcing.health import Timetable
from upnp_trio.cli.announcing.page import Page
from upnp_trio.cli.announcing.page_file import PAGE_KEYS, PageFile, read_page_file
from upnp_trio.cli.parsing import UsageError
from upnp_trio.cli.verbs.announce import parse
from upnp_trio.documents.pictures import read_picture
from upnp_trio.model.names import DeviceType, Udn
from upnp_trio.model.web_url import WebUrl

UUID = "e427ce1a-3e80-43d0-ad6f-89ec42e46363"
FULL = f"""
every = 5
failures = 1

[[page]]
url = "http://nas.local:5000/"
name = "NAS"
icon = "nas.png"
type = "Printer:2"
category = "Storage"
manufacturer = "Maker"
model = 3000
check = "http://localhost:9000/health"
uuid = "{UUID}"

[[page]]
url = "http://localhost:8000"
icon = "http://localhost:8000/icon.png"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "nas.png").write_bytes(png())
    return tmp_path / "pages.toml"


def read(file: Path, text: str) -> PageFile:
    file.write_text(text, encoding="utf-8")
    return read_page_file(file)


def test_a_file_says_all_that_options_say(file: Path) -> None:
    found = read(file, FULL)
    assert found == PageFile(
        (
            Page(
                url=WebUrl.parse("http://nas.local:5000/"),
                name="NAS",
                icon=read_picture(png()),
                device_type=DeviceType("urn:schemas-upnp-org:device:Printer:2"),
                category="Storage",
                manufacturer="Maker",
                model="3000",
                check=WebUrl.parse("http://localhost:9000/health"),
                udn=Udn(UUID),
            ),
            Page(url=WebUrl.parse("http://localhost:8000/"), icon=WebUrl.parse("http://localhost:8000/icon.png")),
        ),
        every=5,
        failures=1,
    )
    assert set(PAGE_KEYS) == {line.partition(" ")[0] for line in FULL.splitlines() if " = " in line} - {
        "every",
        "failures",
    }


@pytest.mark.parametrize(
    ("text", "mistakes"),
    [
        ("", ["it has no pages; write a table [[page]] with url = 'http://…' for each"]),
        ("page = []", ["it has no pages"]),
        ("[page]\nurl = 'http://a/'", ["it has no pages; write a table [[page]]"]),
        ("[[page]\n", ["not valid TOML: "]),
        ("[[page]]\nname = 'x'", ["page[0]: the url is missing; write url = 'http://…'"]),
        ("[[page]]\nurl = 5", ["page[0].url: '5' has no scheme; write it with http:// or https://"]),
        ("[[page]]\nurl = ['http://a/']", ["page[0].url: it is ['http://a/'], and must be text in quotes"]),
        ("[[page]]\nurl = 'http://a/'\nnmae = 'x'", ["page[0].nmae: there is no such key; did you mean name?"]),
        ("evry = 5\n[[page]]\nurl = 'http://a/'", ["evry: there is no such key; did you mean every?"]),
        ("every = 0\n[[page]]\nurl = 'http://a/'", ["every: it is 0, and must be 1 to 86400"]),
        ("every = 30_000_000\n[[page]]\nurl = 'http://a/'", ["every: it is 30000000, and must be 1 to 86400"]),
        ("failures = 1001\n[[page]]\nurl = 'http://a/'", ["failures: it is 1001, and must be 1 to 1000"]),
        ("failures = 'x'\n[[page]]\nurl = 'http://a/'", ["failures: it is 'x', and must be a whole number"]),
        (
            "[[page]]\nurl = 'http://a/'\n[[page]]\nurl = 'a'\nicon = 'x.png'\nuuid = 'ab'\ntype = '?'",
            [
                "page[1].url: 'a' has no scheme",
                "page[1].icon: the file 'x.png' beside it cannot be read: No such file",
                "page[1].type: '?' is no device type",
                "page[1].uuid: 'ab' is not a UUID",
            ],
        ),
        (
            "[[page]]\nurl = 'http://a/'\nicon = '../nas.png'",
            ["page[0].icon: the file '../nas.png' is outside the folder"],
        ),
        (
            "[[page]]\nurl = 'http://a/'\nicon = 'pages.toml'",
            ["page[0].icon: the icon 'pages.toml' is no PNG, JPEG, GIF"],
        ),
        ('[[page]]\nurl = "http://a/"\nname = "a\\u001bb"', ["page[0].name: it is "]),
        ('[[page]]\nurl = "http://a/"\nname = ""', ["page[0].name: it is empty; write a text, or leave it out"]),
        (
            "[[page]]\nurl = 'http://a/'\ncategory = 'Printer'",
            ["page[0].category: 'Printer' is no category; did you mean"],
        ),
    ],
)
def test_each_mistake_is_reported_with_its_place(file: Path, text: str, mistakes: list[str]) -> None:
    with pytest.raises(DescriptionError) as caught:
        read(file, text)
    lines = str(caught.value).splitlines()
    for mistake in mistakes:
        assert any(line.startswith(f"{file}: {mistake}") for line in lines), lines
    assert all(line.startswith(f"{file}: ") for line in lines)


def test_a_file_that_is_not_there_is_an_error(file: Path) -> None:
    with pytest.raises(DescriptionError, match=r"pages\.toml: cannot be read: No such file"):
        read_page_file(file)


def test_options_are_stronger_than_files(file: Path) -> None:
    file.write_text(FULL, encoding="utf-8")
    pages, timetable = read_pages(parse(["http://a/", str(file), "--every", "7"]))
    assert [str(page.url) for page in pages] == ["http://a/", "http://nas.local:5000/", "http://localhost:8000/"]
    assert timetable == Timetable(7, 1)
    assert read_pages(parse(["http://a/"]))[1] == Timetable()


def test_the_options_of_a_page_are_those_of_its_device(file: Path) -> None:
    (page,), _ = read_pages(
        parse(["http://a/", "--name", "x", "--icon", str(file.with_name("nas.png")), "--uuid", UUID])
    )
    assert page == Page(url=WebUrl.parse("http://a/"), name="x", icon=read_picture(png()), udn=Udn(UUID))
    (page,), _ = read_pages(parse(["http://a/", "--icon", "http://a/i.png"]))
    assert page.icon == WebUrl.parse("http://a/i.png")


@pytest.mark.parametrize("icon", ["missing.png", "pages.toml", "ftp://a/b"])
def test_an_icon_that_cannot_be_shown_is_wrong_usage(file: Path, icon: str) -> None:
    file.write_text(FULL, encoding="utf-8")
    with pytest.raises(UsageError, match="--icon: "):
        read_pages(parse(["http://a/", "--icon", icon if ":" in icon else str(file.with_name(icon))]))


def test_a_page_is_announced_once() -> None:
    with pytest.raises(DescriptionError, match="http://localhost/ is there twice; leave one out"):
        read_pages(parse(["http://localhost/", "http://127.0.0.1:80/"]))
