"""The calls that are sent: of an action without arguments, and of one whose argument is another each time.

All devices of the parts on control and eventing serve the same light: SwitchPower:1, and a message board of our own,
whose only variable is evented.
"""

import attrs

from benchmarks.clients import AGENT_MARK

SWITCH_POWER = "urn:schemas-upnp-org:service:SwitchPower:1"
MESSAGE_BOARD = "urn:example-com:service:MessageBoard:1"
VALUE_MARK = "{value}"  # the generator replaces this with another text in each sending (values.c)
VALUE_BYTES = 24

ENVELOPE = (
    '<?xml version="1.0" encoding="utf-8"?>\r\n'
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
    ' s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">'
    '<s:Body><u:{action} xmlns:u="{service_type}">{arguments}</u:{action}></s:Body></s:Envelope>'
)


@attrs.frozen(kw_only=True)
class Call:
    """A call of an action; with `differs`, each sending of it has another argument and another User-Agent."""

    service_type: str
    action: str
    arguments: str = ""

    @property
    def differs(self) -> bool:
        """Whether each sending of it is different."""
        return VALUE_MARK in self.arguments

    @property
    def expected(self) -> str:
        """What a good response holds: the start of the name of the action's response element."""
        return f"{self.action}Response"


GET_STATUS = Call(service_type=SWITCH_POWER, action="GetStatus")
SET_MESSAGE = Call(service_type=MESSAGE_BOARD, action="SetMessage", arguments=f"<NewMessage>{VALUE_MARK}</NewMessage>")


def render_call(call: Call, authority: str, path: str, *, keep: bool) -> str:
    """The HTTP request of `call`, with the marks that the generator replaces."""
    body = ENVELOPE.format(action=call.action, service_type=call.service_type, arguments=call.arguments)
    length = len(body.replace(VALUE_MARK, "x" * VALUE_BYTES))
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: {authority}",
        f"User-Agent: {AGENT_MARK if call.differs else 'benchmarks'}",
        'Content-Type: text/xml; charset="utf-8"',
        f'SOAPACTION: "{call.service_type}#{call.action}"',
        f"Content-Length: {length}",
        *([] if keep else ["Connection: close"]),
    ]
    return "\r\n".join([*lines, "", body])
