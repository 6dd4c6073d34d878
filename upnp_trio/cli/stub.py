"""What ``upnp-trio stub`` writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from upnp_trio.documents.folder import read_file
from upnp_trio.documents.scpd import parse_scpd
from upnp_trio.documents.xml import MAX_DOCUMENT_BYTES
from upnp_trio.errors import DescriptionError
from upnp_trio.services.client_stub import render_client
from upnp_trio.services.stub import render_stub

if TYPE_CHECKING:
    from upnp_trio.cli.output import Outputs
    from upnp_trio.cli.verbs.stub import StubArguments

__all__ = ["write_stub"]


def write_stub(asked: StubArguments, outputs: Outputs) -> int:
    """Write the class of the service, or of its client.

    Raises `DescriptionError` for what is wrong with the SCPD, and `OutputError`.
    """
    data = read_file(asked.scpd, MAX_DOCUMENT_BYTES)
    try:
        source = _client(data, asked, outputs) if asked.client else _service(data, asked)
    except DescriptionError as error:
        raise DescriptionError("\n".join(f"{asked.scpd}: {line}" for line in str(error).splitlines())) from error
    outputs.output.write(source)
    outputs.output.finish()
    return 0


def _service(scpd: bytes, asked: StubArguments) -> str:
    return render_stub(
        parse_scpd(scpd),
        service_type=asked.service_type,
        service_id=asked.service_id,
        class_name=asked.class_name,
    )


def _client(scpd: bytes, asked: StubArguments, outputs: Outputs) -> str:
    # It is for devices of any vendor, whose descriptions are read as a control point reads them.
    forgiven: list[str] = []
    description = parse_scpd(scpd, forgiven)
    for flaw in forgiven:
        outputs.errors.write_line(f"{asked.scpd}: {flaw}")
    return render_client(description, service_type=asked.service_type, class_name=asked.class_name)
