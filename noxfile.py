"""All checks, each in an environment of its own: ``nox`` runs the usual ones, ``nox -s NAME -- ARGUMENTS`` one."""

from __future__ import annotations

import shutil
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.sessions = ["lint", "types", "docs", "tests", "package", "sbom", "interop"]

PYPROJECT = nox.project.load_toml("pyproject.toml")
LOWEST_PYTHON = PYPROJECT["project"]["requires-python"].removeprefix(">=")
# what the container image installs, and what builds the wheel there and at a release; `nox -s lock` writes them
LOCK, BUILD_LOCK = "deploy/requirements.txt", "deploy/requirements-build.txt"
PYTHONS = nox.project.python_versions(PYPROJECT)  # those of the classifiers


def requirements(*groups: str) -> list[str]:
    """What the dependency groups *groups* name, each once."""
    return list(dict.fromkeys(nox.project.dependency_groups(PYPROJECT, *groups)))


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and format with ruff, the changelog's fragments with towncrier, and the workflows with zizmor."""
    session.install(*requirements("lint"))
    session.run("ruff", "check", *session.posargs)
    session.run("ruff", "format", "--check", *session.posargs)
    session.run("towncrier", "build", "--draft", "--version", "next", silent=True)
    session.run("zizmor", "--offline", "--no-progress", ".github")


@nox.session
def types(session: nox.Session) -> None:
    """Check all types with mypy, strictly; the package's for the newest Python and every system, too."""
    session.install("-e", ".", *requirements("types", "interop", "benchmarks", "docs"))
    session.run("mypy", *session.posargs)
    session.run("mypy", "--python-version", PYTHONS[-1], "-p", "upnp_trio")
    for platform in ("darwin", "win32"):
        session.run("mypy", "--platform", platform, "-p", "upnp_trio")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation into build/docs; a warning is an error."""
    session.install("-e", ".[testing]", *requirements("docs"))
    # --fresh-env: pages change with the code that they show, which Sphinx does not know
    session.run("sphinx-build", "-W", "--keep-going", "--fresh-env", "-d", "build/doctrees", "docs", "build/docs")


@nox.session
def tests(session: nox.Session) -> None:
    """Run all tests but those of `interop` and `package`, on the Python that runs nox."""
    run_tests(session)


def run_tests(session: nox.Session, *constraints: str) -> None:
    """Run the tests; *constraints* are requirements that the package's own must agree with."""
    session.install("-e", ".", *requirements("test"), *constraints)
    session.run("pytest", "-m", "not interop and not package", "-n", "auto", *session.posargs)


def tests_on(session: nox.Session) -> None:
    """Run the same tests on this Python."""
    run_tests(session)


for version in PYTHONS:
    # not one session with several Pythons, so that `nox -s tests` and `nox` need no other Python than the one at hand
    nox.session(tests_on, python=version, name=f"tests-{version}")


@nox.session(python=LOWEST_PYTHON)
def lowest(session: nox.Session) -> None:
    """Run the tests with the lowest Python and the lowest versions of the dependencies that pyproject.toml allows."""
    run_tests(session, *(bound.replace(">=", "==") for bound in PYPROJECT["project"]["dependencies"]))


@nox.session
def package(session: nox.Session) -> None:
    """Build wheel, sdist and container image, check and use them (`-- --built`: the files that are in dist/)."""
    arguments = list(session.posargs)
    session.install("--require-hashes", "--requirement", BUILD_LOCK)
    session.install(*requirements("package"))
    if "--built" in arguments:
        arguments.remove("--built")
    else:
        shutil.rmtree("dist", ignore_errors=True)
        session.run("python", "-m", "build", "--no-isolation")
    session.run("twine", "check", "--strict", *sorted(map(str, Path("dist").iterdir())))
    session.run("check-wheel-contents", "dist")
    session.install(*map(str, Path("dist").glob("*.whl")))  # what the collected tests of the sdist import
    session.run("pytest", "-m", "package", "tests/package", "tests/deploy", *arguments)


@nox.session
def sbom(session: nox.Session) -> None:
    """List what the container image installs beside its base, with licences, in build/sbom (CycloneDX)."""
    session.install(*requirements("sbom"))
    image = session.create_tmp() + "/image"
    session.run("python", "-m", "venv", "--clear", "--without-pip", image)
    install = ("python", "-m", "pip", "--python", image, "install", "--quiet")
    session.run(*install, "--require-hashes", "--requirement", LOCK)
    session.run(*install, "--no-deps", ".")
    Path("build/sbom").mkdir(parents=True, exist_ok=True)
    session.run(
        *("cyclonedx-py", "environment", "--output-reproducible", "--output-file", "build/sbom/upnp-trio.cdx.json"),
        image,
    )


@nox.session
def lock(session: nox.Session) -> None:
    """Write the lock files in deploy/ anew: the newest versions within pyproject.toml's bounds, by hash."""
    session.install(*requirements("lock"))
    build_tools = Path(session.create_tmp()) / "build.in"
    build_tools.write_text("\n".join(["build", *PYPROJECT["build-system"]["requires"]]), encoding="utf-8")
    # for the image's system, and the lowest Python, whose needs are those of the newer ones and more
    resolve = ("uv", "pip", "compile", "--python-platform", "linux", "--python-version", LOWEST_PYTHON, "--upgrade")
    show = ("--generate-hashes", "--no-annotate", "--custom-compile-command", "nox -s lock", "--quiet")
    for wanted, file in (("pyproject.toml", LOCK), (str(build_tools), BUILD_LOCK)):
        session.run(*resolve, *show, "--output-file", file, wanted)


@nox.session
def interop(session: nox.Session) -> None:
    """Run the tests with real control points in network namespaces; needs Linux, root and the control points."""
    session.install("-e", ".", *requirements("interop"))
    # four at a time, whatever the cores: they mostly wait, each in namespaces of its own
    session.run("pytest", "-m", "interop", "-n", "4", *session.posargs)


@nox.session
def benchmarks(session: nox.Session) -> None:
    """Measure this package beside its installed peers; needs Linux, root and a C compiler."""
    session.install("-e", ".", *requirements("benchmarks"))
    session.run("python", "-m", "benchmarks", *session.posargs)


@nox.session(name="benchmarks-asking")
def benchmarks_asking(session: nox.Session) -> None:
    """Measure the control point beside async_upnp_client's, and ping beside the load generator; needs the same."""
    session.install("-e", ".", *requirements("benchmarks"))
    session.run("python", "-m", "benchmarks.asking", *session.posargs)


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
