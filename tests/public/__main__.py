"""Write api.txt anew, after a change of what is public that is meant; the commit shows the difference."""

from tests.public.api import PINNED, public_api

PINNED.write_text(public_api(), encoding="utf-8")
