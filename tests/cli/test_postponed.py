"""Modules that are imported when they are used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


def run(code: str) -> str:
    start = "import sys; from upnp_trio.cli.postponed import postpone; postpone('ssl')\n"
    shown = subprocess.run(
        [sys.executable, "-c", start + code], cwd=REPOSITORY, check=True, capture_output=True, text=True
    )
    return shown.stdout.strip()


def test_the_command_starts_without_ssl() -> None:
    code = "from upnp_trio.cli.verbs import VERBS; VERBS['serve'].load().runner(); print('_ssl' in sys.modules)"
    assert run(code) == "False"


def test_what_is_postponed_is_there_when_it_is_used() -> None:
    code = "import trio, ssl; context = ssl.create_default_context(); print(type(context), '_ssl' in sys.modules)"
    assert run(code) == "<class 'ssl.SSLContext'> True"


def test_a_later_import_gets_the_module_itself() -> None:
    code = "import ssl as first; first.CERT_NONE; import ssl; print(ssl.SSLContext is first.SSLContext, type(ssl))"
    assert run(code) == "True <class 'module'>"


def test_an_imported_module_stays() -> None:
    code = (
        "from upnp_trio.cli.postponed import postpone; import json; postpone('json'); import json; print(json.dumps(1))"
    )
    assert run(code) == "1"


def test_after_the_withdrawal_an_import_gets_the_module_itself_and_trio_keeps_what_it_has() -> None:
    code = (
        "import trio; from upnp_trio.cli.postponed import withdraw; withdraw(); print('_ssl' in sys.modules)\n"
        "import ssl; ssl.SSLContext = None; import ssl as again; print(type(ssl), again.SSLContext)\n"
        "print(trio._ssl._stdlib_ssl.CERT_REQUIRED is ssl.CERT_REQUIRED)"
    )
    assert run(code).splitlines() == ["False", "<class 'module'> None", "True"]
