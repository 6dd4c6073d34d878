"""What ``upnp-trio stub`` writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from upnp_trio.documents.folder import read_file
from upnp_trio.documents.scpd import parse_scpd
from upnp_trio.documents.xml import MAX_DOCUMENT_BYTES
from upnp_trio.errors import DescriptionError
from upnp_trio.services.stub import render_stub

if TYPE_CHECKING:
    from upnp_trio.cli.output import Outputs
    from upnp_trio.cli.verbs.stub import StubArguments

__all__ = ["write_stub"]


def write_stub(asked: StubArguments, outputs: Outputs) -> int:
    """Write the class. Raises `DescriptionError` for what is wrong with the SCPD, and `OutputError`."""
    data = read_file(asked.scpd, MAX_DOCUMENT_BYTES)
    try:
        source = render_stub(
            parse_scpd(data),
            service_type=asked.service_type,
            service_id=asked.service_id,
            class_name=asked.class_name,
        )
    except DescriptionError as error:
        raise DescriptionError("\n".join(f"{asked.scpd}: {line}" for line in str(error).splitlines())) from error
    outputs.output.write(source)
    outputs.output.finish()
    return 0
