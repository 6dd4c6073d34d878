"""Words as a shell has them on its command line: how the quotes of one are removed, and how bash needs them.

Names of devices come from strangers. On a command line, ``$(...)`` in one would be run when the line is entered, so
nothing of a name may reach the line unquoted. zsh and fish quote by themselves what they complete; bash does not.
"""

from __future__ import annotations

__all__ = ["bash_word", "unquoted"]

#: what needs no backslash in bash; letters beyond ASCII do not, either
_SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-")


def unquoted(word: str) -> str:
    """*word* without its quotes and backslashes; the last quotes may be open."""
    result, quote, index = "", "", 0
    while index < len(word):
        character = word[index]
        index += 1
        if character == "\\" and quote != "'":
            following = word[index : index + 1]
            # within double quotes, a backslash before other characters stands for itself
            result += following if not quote or following in ('"', "\\", "$", "`") else character + following
            index += 1
        elif character == quote:
            quote = ""
        elif not quote and character in "'\"":
            quote = character
        else:
            result += character
    return result


def bash_word(value: str, current: str) -> str | None:
    """*value* as bash puts it in the place of *current*, the word as it is now; ``None`` if bash cannot have it there.

    If *current* begins with a quote, that stays, and *value* goes behind it.
    """
    match current[:1]:
        case "'":
            return None if "'" in value else value
        case '"':  # a history expansion cannot be quoted here
            return None if "!" in value else "".join(f"\\{c}" if c in '"\\$`' else c for c in value)
        case _:
            return "".join(c if c in _SAFE or not c.isascii() else f"\\{c}" for c in value)
