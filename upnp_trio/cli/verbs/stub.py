"""``upnp-trio stub``: write the Python class of a service whose description, an SCPD, exists, or of its client."""

from __future__ import annotations

import keyword
import re
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from upnp_trio.cli.parsing import UsageError, add_help, make_parser, read_words
from upnp_trio.cli.verbs import VERBS
from upnp_trio.errors import DescriptionError
from upnp_trio.model.names import STANDARD_DOMAIN, ServiceType

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from upnp_trio.cli.output import Outputs

__all__ = ["StubArguments", "parse", "parser", "runner"]

DESCRIPTION = """\
Write a Python module to standard output: the class of the service that the
SCPD file describes, with a method for each action. Fill in the methods. With
--client, write the class of a client, whose methods call the actions.
"""
EXAMPLES = """\
examples:
  upnp-trio stub SwitchPower1.xml > switch_power.py
  upnp-trio stub scpd.xml --type urn:example-org:service:Lamp:1 > lamp.py
  upnp-trio stub --client SwitchPower1.xml > switch_power_client.py
"""
# What file names have besides the name of the service, as in dimming-scpd.xml and x_contentdirectory.xml.
_NOT_THE_NAME = re.compile(r"(?i)^(x|scpd|service)[-_. ]+|[-_. ]*(scpd|service|desc|description)$")
_VERSION = re.compile(r"[-_. ]*v?(\d+)$", re.IGNORECASE)


class StubArguments(Namespace):
    """The words of ``upnp-trio stub``."""

    scpd: Path
    service_type: str
    service_id: str
    class_name: str
    client: bool


def parser() -> ArgumentParser:
    """A parser of the options."""
    made = make_parser(VERBS["stub"], description=DESCRIPTION, epilog=EXAMPLES)
    add = made.add_argument
    add(
        "--type",
        dest="service_type",
        type=_service_type,
        metavar="URN",
        help="The service type. [default: the standard type with the file's name]",
    )
    add("--id", dest="service_id", type=_service_id, metavar="URN", help="The service ID. [default: that of the type]")
    add("--class", dest="class_name", metavar="NAME", help="The name of the class. [default: that of the type]")
    add("--client", action="store_true", help="Write a client, for a control point, in place of the service.")
    return add_help(made)


def parse(words: Sequence[str]) -> StubArguments:
    """What *words* ask for; raises `UsageError` and `TextWanted`."""
    asked = StubArguments()
    files = read_words(parser(), words, asked)
    if len(files) != 1:
        raise UsageError(f"stub: name one SCPD file, not {len(files)}")
    asked.scpd = Path(files[0])
    asked.service_type = asked.service_type or type_of_file(asked.scpd)
    if asked.client and asked.service_id:
        raise UsageError("--id: a client is for all services of a type; leave it out with --client")
    asked.service_id = asked.service_id or ServiceType(asked.service_type).usual_id
    asked.class_name = asked.class_name or class_of_type(asked.service_type) + ("Client" if asked.client else "")
    if not asked.class_name.isidentifier() or keyword.iskeyword(asked.class_name):
        raise UsageError(f"--class: {asked.class_name!r} is not a name in Python; write one such as SwitchPower")
    return asked


def runner() -> Callable[[StubArguments, Outputs], int]:
    """Import what reads the SCPD and writes the class."""
    from upnp_trio.cli.stub import write_stub

    return write_stub


# --- names ---------------------------------------------------------------------------------------------------------


def type_of_file(path: Path) -> str:
    """The standard service type that the name of the SCPD file *path* suggests: SwitchPower:1 for SwitchPower1.xml."""
    stem, version = path.stem, ""
    for _ in range(2):  # both "dimming-scpd" and "Dimming1Desc"
        stem = _NOT_THE_NAME.sub("", stem)
        if found := _VERSION.search(stem):
            stem, version = stem[: found.start()], found[1]
    name = "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", stem))
    if not name:
        raise UsageError(f"{path.name!r} does not say which service it describes; give --type")
    return f"urn:{STANDARD_DOMAIN}:service:{name}:{int(version or 1) or 1}"


def class_of_type(service_type: str) -> str:
    """A name for the class of *service_type*."""
    name = re.sub(r"\W+", "_", service_type.split(":")[3])
    return name if name.isidentifier() and not keyword.iskeyword(name) else f"Service{name}"


def _service_type(text: str) -> str:
    try:
        flaw = ServiceType(text).flaw("service")
    except DescriptionError as error:  # a control character
        raise ArgumentTypeError(str(error)) from error
    if flaw:
        raise ArgumentTypeError(f"{text!r} {flaw}")
    return text


def _service_id(text: str) -> str:
    if not re.fullmatch(r"urn:[^:\s]+:serviceId:[^:\s]+", text):
        raise ArgumentTypeError(f"{text!r} must read 'urn:<domain>:serviceId:<id>'")
    return text
