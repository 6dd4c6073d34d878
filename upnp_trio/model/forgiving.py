"""What a lenient reader has overlooked, in words.

Documents and answers of other vendors break rules and must still be read. To know of it, pass a list to the
reader, which adds a sentence for each flaw that it overlooks.
"""

from __future__ import annotations

import logging

from upnp_trio.model.printable import printable

__all__ = ["MAX_FORGIVEN", "MAX_SENTENCE_CHARACTERS", "forgive"]

logger = logging.getLogger(__name__)

# Real documents have a handful of flaws. A hostile one has a flaw in each of its 4096 elements.
MAX_FORGIVEN = 32
# A sentence names an element and quotes its text, which may be the whole document.
MAX_SENTENCE_CHARACTERS = 200

_MORE = "there is more"


def forgive(forgiven: list[str] | None, sentence: str, at_most: int = MAX_FORGIVEN) -> None:
    """Log at debug that a rule was broken and overlooked; add *sentence* to *forgiven*, if that is given.

    A sentence that is already there is not added again. After *at_most* sentences, a last one says that there is more.
    """
    sentence = printable(sentence, MAX_SENTENCE_CHARACTERS)
    logger.debug("overlooked: %s", sentence)
    if forgiven is None or len(forgiven) > at_most or sentence in forgiven:
        return
    forgiven.append(sentence if len(forgiven) < at_most else _MORE)
