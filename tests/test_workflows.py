"""The workflows run what .ci/run runs, and can do no more than they need: pins, permissions, order, no secrets."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import defaultdict
from typing import Any

import pytest
import yaml

from tests.docs.blocks import ROOT
from tests.docs.commands import nox_sessions

FOLDER = ROOT / ".github/workflows"
TEXTS = {file.name: file.read_text(encoding="utf-8") for file in sorted(FOLDER.glob("*.y*ml"))}
PINNED = re.compile(r"[\w.-]+(/[\w.-]+)+@[0-9a-f]{40}")
#: all that any job may write, or sign with its own name; everything else is read at most
WRITES = {
    ("release.yml", "testpypi"): {"id-token"},
    ("release.yml", "pypi"): {"id-token"},
    ("release.yml", "github"): {"contents", "id-token", "attestations"},
    ("release.yml", "image"): {"packages", "id-token", "attestations"},
}
#: what a release goes through, each after the one before it
RELEASE_ORDER = ("build", "check", "testpypi", "try", "pypi", "github")


def parsed(name: str) -> dict[str, Any]:
    """The workflow; YAML 1.1 reads its key `on` as True."""
    workflow: dict[Any, Any] = yaml.safe_load(TEXTS[name])
    workflow["on"] = workflow.pop(True)
    return workflow


WORKFLOWS = {name: parsed(name) for name in TEXTS}
JOBS = [(name, job) for name, workflow in WORKFLOWS.items() for job in workflow["jobs"]]
STEPS = [
    (name, job, step) for name, job in JOBS for step in WORKFLOWS[name]["jobs"][job].get("steps", [])
]  # a job that calls a workflow has none


def needed(job: str) -> set[str]:
    """The jobs that a job of a release waits for, directly or not."""
    needs = WORKFLOWS["release.yml"]["jobs"][job].get("needs", [])
    direct = {needs} if isinstance(needs, str) else set(needs)
    return direct.union(*map(needed, direct))


def test_actions_are_pinned_by_commit_and_say_their_version() -> None:
    hashes = defaultdict(set)
    for name, text in TEXTS.items():
        for line in re.findall(r"^[\s-]*uses: (.+)$", text, re.MULTILINE):
            used, _, comment = line.partition(" # ")
            if used.startswith("./"):
                assert (ROOT / used).is_file()
                continue
            assert PINNED.fullmatch(used), f"{name}: {used} is no commit; a tag can be moved"
            assert re.fullmatch(r"v\d+\.\d+\.\d+", comment), f"{name}: {used} does not say its version"
            hashes[used.partition("@")[0]].add((used, comment))
    assert {action for action, pins in hashes.items() if len(pins) > 1} == set()
    assert {"actions/checkout", "pypa/gh-action-pypi-publish"} <= set(hashes)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_may_read_by_default_at_most(name: str) -> None:
    assert WORKFLOWS[name]["permissions"] in ({}, {"contents": "read"})


@pytest.mark.parametrize(("name", "job"), JOBS)
def test_a_job_may_write_what_it_needs_alone(name: str, job: str) -> None:
    permissions = WORKFLOWS[name]["jobs"][job].get("permissions", {})
    assert {what for what, access in permissions.items() if access != "read"} == WRITES.get((name, job), set())


def test_no_secret_is_stored_and_no_stranger_s_code_gets_rights() -> None:
    for name, workflow in WORKFLOWS.items():
        assert "secrets" not in TEXTS[name]
        assert set(workflow["on"]) <= {"push", "pull_request", "workflow_call"}


def test_checkouts_leave_no_token_behind() -> None:
    checkouts = [step for _, _, step in STEPS if step.get("uses", "").startswith("actions/checkout@")]
    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_a_script_takes_values_from_its_environment() -> None:
    """GitHub puts expressions into the script's text, where a tag's name would be code."""
    for name, job, step in STEPS:
        assert "${{" not in step.get("run", ""), (name, job)


@pytest.mark.parametrize(("name", "job"), JOBS)
def test_a_job_that_hangs_ends_long_before_six_hours(name: str, job: str) -> None:
    found = WORKFLOWS[name]["jobs"][job]
    assert "uses" in found or found["timeout-minutes"] <= 90


def test_a_run_of_tests_ends_no_other_but_of_its_own_pull_request() -> None:
    """A release calls the same workflow; what the two have in common would end it."""
    assert WORKFLOWS["tests.yml"]["concurrency"]["group"] == "tests-${{ github.head_ref || github.run_id }}"
    assert WORKFLOWS["release.yml"]["concurrency"] == {"group": "release", "cancel-in-progress": False}


def test_an_image_is_tried_before_it_is_pushed_and_before_there_is_a_password() -> None:
    runs = [step["run"] for step in WORKFLOWS["release.yml"]["jobs"]["image"]["steps"] if "run" in step]
    tried, login, push = runs
    assert tried.endswith("bash .ci/try-image upnp-trio\n")
    assert "docker login" in login
    assert "--push" in push
    assert "buildx create" not in push  # another builder would not have the cache
    runs = [step["run"] for step in WORKFLOWS["tests.yml"]["jobs"]["image"]["steps"] if "run" in step]
    assert runs[-1] == "bash .ci/try-image upnp-trio"


@pytest.mark.skipif(sys.platform == "win32", reason="the script's shell is a POSIX one")
def test_a_version_that_is_no_release_yet_is_not_the_latest() -> None:
    (script,) = (step["run"] for step in WORKFLOWS["release.yml"]["jobs"]["github"]["steps"] if "run" in step)
    for tag, extra in (("v1.2.0", ""), ("v1.2.0rc1", "--prerelease "), ("v2.0.0b2", "--prerelease ")):
        shown = subprocess.run(
            ["sh", "-ec", f'gh() {{ echo "$@"; }}; {script}'],
            env={"TAG": tag, "PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        ).stdout
        assert shown.startswith(f"release create {tag} {extra}--verify-tag")


def test_a_release_is_built_tested_tried_and_published_in_this_order() -> None:
    for job, after in zip(RELEASE_ORDER[1:], RELEASE_ORDER, strict=False):
        assert after in needed(job)
    assert {"tests", "check"} <= needed("testpypi")
    assert "pypi" in needed("image")
    assert WORKFLOWS["release.yml"]["on"] == {"push": {"tags": ["v*"]}}
    assert WORKFLOWS["release.yml"]["jobs"]["tests"]["uses"] == "./.github/workflows/tests.yml"
    assert "workflow_call" in WORKFLOWS["tests.yml"]["on"]


@pytest.mark.parametrize("job", ["testpypi", "pypi"])
def test_an_index_trusts_its_environment_and_no_password(job: str) -> None:
    found = WORKFLOWS["release.yml"]["jobs"][job]
    assert found["environment"] == job
    (publish,) = (step for step in found["steps"] if "gh-action-pypi-publish" in step.get("uses", ""))
    assert set(publish.get("with", {})) == ({"repository-url", "skip-existing"} if job == "testpypi" else set())


def test_what_is_published_is_built_with_pinned_tools_alone() -> None:
    steps = WORKFLOWS["release.yml"]["jobs"]["build"]["steps"]
    runs = [step["run"] for step in steps if "run" in step]
    assert runs == [
        'python -m tests.package.release "$TAG" --notes > notes.md',
        "python -m pip install --require-hashes --requirement deploy/requirements-build.txt",
        "python -m build --no-isolation",
    ]


def test_the_linux_job_runs_what_ci_runs() -> None:
    job = WORKFLOWS["tests.yml"]["jobs"]["linux"]
    assert [step["run"] for step in job["steps"] if "run" in step][-1] == "bash .ci/run"
    assert job["container"]["image"] == "debian:12"
    assert "a bare Debian 12" in (ROOT / ".ci/run").read_text(encoding="utf-8")


def test_every_session_that_is_run_exists() -> None:
    runs = "\n".join(step.get("run", "") for _, _, step in STEPS)
    named = {
        word for words in re.findall(r"nox -s ([\w .${}-]+?)(?: --|$)", runs, re.MULTILINE) for word in words.split()
    }
    assert {"package", "sbom", "lowest", "lint"} <= named
    assert {name for name in named if not re.match(r"tests-|\$|matrix|\}", name)} <= nox_sessions()


def test_every_python_that_the_noxfile_tests_is_in_the_matrix() -> None:
    pythons = {*WORKFLOWS["tests.yml"]["jobs"]["pythons"]["strategy"]["matrix"]["python"], "3.11"}
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert set(re.findall(r"Python :: (3\.\d+)", project)) <= pythons
