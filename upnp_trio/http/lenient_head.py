"""The heads of answers as devices really write them, rewritten so that h11 reads them.

h11 is as strict as RFC 9112 wants a server to be. A client is worse off for it: there is no other device to ask. What
is forgiven here makes no two readings of an answer possible that matter, as nobody reads it after us.
"""

from __future__ import annotations

import re

import attrs

from upnp_trio.errors import MalformedMessage

__all__ = ["END_OF_HEAD", "MAX_QUOTED_BYTES", "AnswerHead", "read_head"]

# More digits than any length that is not refused has, and fewer than h11 takes.
MAX_LENGTH_DIGITS = 18
# What is quoted of an answer that is not HTTP.
MAX_QUOTED_BYTES = 40

#: the empty line, as h11 finds it
END_OF_HEAD = re.compile(rb"\n\r?\n")
_USUAL_STATUS_LINE = re.compile(rb"HTTP/1\.[01] [1-9][0-9]{2}(?: [\t -~\x80-\xff]*)?")
# HTTP in lower case, a version that is another one or half of one, blanks too many, and none before the reason.
_STATUS_LINE = re.compile(
    rb"HTTP/(?P<major>[0-9])(?:\.(?P<minor>[0-9]))?[ \t]+(?P<status>[1-9][0-9]{2})(?![0-9])[ \t]*(?P<reason>.*)",
    re.IGNORECASE | re.DOTALL,
)
# What h11 reads as it stands, if no more than one field says where the body ends.
_PLAIN = re.compile(rb"%b\r\n(?:[!#$%%&'*+.^_`|~0-9A-Za-z-]+:[\t -~\x80-\xff]*\r\n)*\r\n" % _USUAL_STATUS_LINE.pattern)
_FRAMING = re.compile(rb"\n((?:content-length|transfer-encoding):[^\r]*)\r", re.IGNORECASE)
_PLAIN_FRAMING = re.compile(
    rb"content-length:[ \t]*[0-9]{1,%d}[ \t]*|transfer-encoding:[ \t]*chunked[ \t]*" % MAX_LENGTH_DIGITS,
    re.IGNORECASE,
)
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROLS = bytes({*range(32), 127} - {9})
_BLANKED = bytes.maketrans(_CONTROLS, b" " * len(_CONTROLS))


@attrs.frozen
class AnswerHead:
    """The head of an answer, or of an interim one."""

    status: int
    #: the whole head as h11 takes it
    data: bytes
    #: what was overlooked, in words
    forgiven: tuple[str, ...] = ()


@attrs.define
class _Repair:
    """The fields that are kept, and what was overlooked."""

    fields: list[tuple[bytes, bytes]] = attrs.field(factory=list)
    forgiven: list[str] = attrs.field(factory=list)
    #: whether the last line is not kept, and so what is folded into it is not, either
    has_dropped: bool = False

    def forgive(self, what: str) -> None:
        if what not in self.forgiven:
            self.forgiven.append(what)

    def drop(self, what: str) -> None:
        self.forgive(what)
        self.has_dropped = True


def read_head(head: bytes) -> AnswerHead:
    """The complete *head* of an answer, up to its empty line, for h11.

    Raises `MalformedMessage` if it is not HTTP, or says in two ways how long the body is.
    """
    if _is_plain(head):
        return AnswerHead(int(head[9:12]), head)
    repair = _Repair()
    lines = head.split(b"\n")[:-2]  # without the empty line, and the nothing after it
    if not all(line.endswith(b"\r") for line in lines):
        repair.forgive("lines end in LF alone")  # GoAhead, in routers and cameras (aio-libs/aiohttp #7494)
    first, *others = [line.removesuffix(b"\r") for line in lines]
    version, status, reason = _status_line(first, repair)
    for line in others:
        _add(line, repair)
    fields = _with_one_framing(repair)
    text = [b"HTTP/%b %d %b" % (version, status, reason), *(b"%b: %b" % field for field in fields), b"", b""]
    return AnswerHead(status, b"\r\n".join(text), tuple(repair.forgiven))


def _is_plain(head: bytes) -> bool:
    """Whether h11 reads *head* as it stands, as nearly all heads; to rewrite one takes as long as reading it."""
    if not _PLAIN.fullmatch(head):
        return False
    framing = _FRAMING.findall(head)
    return not framing or (len(framing) == 1 and _PLAIN_FRAMING.fullmatch(framing[0]) is not None)


def _status_line(line: bytes, repair: _Repair) -> tuple[bytes, int, bytes]:
    match = _STATUS_LINE.fullmatch(line)
    if match is None:
        raise MalformedMessage(f"the answer is not HTTP, but begins with {line[:MAX_QUOTED_BYTES]!r}")
    version = b"1.0" if (match["major"], match["minor"] or b"0") < (b"1", b"1") else b"1.1"
    if not _USUAL_STATUS_LINE.fullmatch(line):
        repair.forgive("an unusual status line")
    return version, int(match["status"]), match["reason"].translate(_BLANKED).strip()


def _add(line: bytes, repair: _Repair) -> None:
    """Read one *line* of the head: a field, or the rest of the one before it."""
    if line[:1] in (b" ", b"\t"):
        if repair.fields and not repair.has_dropped:  # RFC 9112 §5.2 lets a client read the fold as a blank
            name, value = repair.fields[-1]
            repair.fields[-1] = name, (value + b" " + line.translate(_BLANKED).strip()).strip()
        elif not repair.fields:
            repair.drop("a blank before the first header")
        return
    name, colon, value = line.partition(b":")
    if not colon:
        # the SERVER of a Dell 1815dn has a line break in it (StevenLooman/async_upnp_client #116)
        repair.drop("a header without a colon")
        return
    if name != (stripped := name.rstrip(b" \t")):
        # home-made servers do so (dotnet/corefx #9201, nodejs/http-parser #297)
        repair.forgive("a blank before the colon of a header")
    if not _NAME.fullmatch(stripped):
        repair.drop("a header whose name is not one")
        return
    clean = value.strip(b" \t").translate(_BLANKED)
    if clean != value.strip(b" \t"):
        repair.forgive("a control character in a header")
    repair.fields.append((stripped, clean.strip()))
    repair.has_dropped = False


def _with_one_framing(repair: _Repair) -> list[tuple[bytes, bytes]]:
    """The fields, with at most one that says where the body ends."""
    lengths: set[bytes] = set()
    codings: list[bytes] = []
    others: list[tuple[bytes, bytes]] = []
    for name, value in repair.fields:
        if name.lower() == b"content-length":
            lengths.update(part.strip() for part in value.split(b","))
        elif name.lower() == b"transfer-encoding":
            codings += [part.strip().lower() for part in value.split(b",")]
        else:
            others.append((name, value))
    numbers = {length.lstrip(b"0") or b"0" for length in lengths if length.isdigit()}
    if not all(length.isdigit() for length in lengths):
        repair.forgive("CONTENT-LENGTH is not a number")
    applied = [coding for coding in codings if coding not in (b"", b"identity")]
    if len(applied) < len(codings):
        repair.forgive("TRANSFER-ENCODING without a coding")
    if applied:
        if set(applied) != {b"chunked"}:
            raise MalformedMessage(
                f"the body has a coding that is not read: {b', '.join(applied)[:MAX_QUOTED_BYTES]!r}"
            )
        return [*others, (b"Transfer-Encoding", b"chunked")]
    if len(numbers) > 1:
        raise MalformedMessage("the answer gives two lengths for its body")
    if numbers:
        (number,) = numbers
        if len(number) > MAX_LENGTH_DIGITS:
            raise MalformedMessage("the answer gives a length for its body that no body has")
        return [*others, (b"Content-Length", number)]
    return others
