"""All checks, each in an environment of its own: ``nox`` runs the usual ones, ``nox -s NAME -- ARGUMENTS`` one."""

from __future__ import annotations

import nox

nox.needs_version = ">=2025.2.9"
nox.options.sessions = ["lint", "types", "tests", "interop"]

PYPROJECT = nox.project.load_toml("pyproject.toml")


def requirements(*groups: str) -> list[str]:
    """What the dependency groups *groups* name, each once."""
    return list(dict.fromkeys(nox.project.dependency_groups(PYPROJECT, *groups)))


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and format with ruff."""
    session.install(*requirements("lint"))
    session.run("ruff", "check", *session.posargs)
    session.run("ruff", "format", "--check", *session.posargs)


@nox.session
def types(session: nox.Session) -> None:
    """Check all types with mypy, strictly; the package's for every system."""
    session.install("-e", ".", *requirements("types", "interop", "benchmarks"))
    session.run("mypy", *session.posargs)
    for platform in ("darwin", "win32"):
        session.run("mypy", "--platform", platform, "-p", "upnp_trio")


@nox.session
def tests(session: nox.Session) -> None:
    """Run all tests but those of `interop`."""
    session.install("-e", ".", *requirements("test"))
    session.run("pytest", "-m", "not interop", "-n", "auto", *session.posargs)


@nox.session
def interop(session: nox.Session) -> None:
    """Run the tests with real control points in network namespaces; needs Linux, root and the control points."""
    session.install("-e", ".", *requirements("interop"))
    # three at a time, whatever the cores: they mostly wait, each in namespaces of its own
    session.run("pytest", "-m", "interop", "-n", "3", *session.posargs)


@nox.session
def benchmarks(session: nox.Session) -> None:
    """Measure this package beside its installed peers; needs Linux, root and a C compiler."""
    session.install("-e", ".", *requirements("benchmarks"))
    session.run("python", "-m", "benchmarks", *session.posargs)


@nox.session
def chaos(session: nox.Session) -> None:
    """Serve a device in the worst of networks for four minutes (-- --quick: one); needs Linux, root and cc."""
    session.install("-e", ".")
    session.run("python", "-m", "tests.chaos", *session.posargs)


@nox.session
def fuzz(session: nox.Session) -> None:
    """Fuzz what a stranger's bytes reach, a minute for each harness (`-- --seconds N`); needs Atheris's wheel."""
    session.install("-e", ".", *requirements("fuzz"))
    session.run("python", "-m", "tests.fuzz", *session.posargs)
