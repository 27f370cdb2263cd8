"""Is all that remote training needs there, and does it work? One finding for the key, endpoint, workers and bucket.

A look costs nothing: the endpoint is asked for its health, and a few bytes are written to the bucket, read and deleted.
No finding holds a key or a secret.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import InvalidInputError
from core.executors.runpod_access import ENDPOINT, KEY, KEY_FILE, URL, endpoint_config, read_key, storage_config
from core.executors.runpod_api import RunPodApi, RunPodConfig
from core.executors.runpod_errors import EndpointError, KeyRefusedError, RunPodError
from core.executors.runpod_views import Health
from core.object_store import ObjectStore
from core.storage_errors import StorageError

_KEY, _ENDPOINT, _WORKERS, _BUCKET = "API key", "Endpoint", "Workers", "Bucket"
_ATTEMPTS = 2  # of a request to the bucket: somebody waits
_RESTART = "Then start the program again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at. `ok` None: it could not be tried. Texts are whole sentences."""

    name: str
    ok: bool | None
    found: str
    remedy: str | None = None


def check(environ: Mapping[str, str] | None = None) -> tuple[Finding, ...]:
    """Look at everything, over the network too. Takes seconds, and half a minute when nobody answers."""
    env = os.environ if environ is None else environ
    return (*_check_endpoint(env), _check_bucket(env))


def setup_problems(environ: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Return what is missing or malformed in the environment, without asking anybody; nothing when it is complete."""
    problems = []
    for read in (endpoint_config, storage_config):
        try:
            read(environ)
        except InvalidInputError as error:
            problems.append(str(error))
    return tuple(problems)


# -- key, endpoint and workers: one question to RunPod ---------------------------------------------------------------


def _check_endpoint(env: Mapping[str, str]) -> tuple[Finding, ...]:
    key, endpoint = _key_in(env), _endpoint_in(env)
    if isinstance(key, Finding) or isinstance(endpoint, Finding):
        waits = "the key and the endpoint come first"
        return (
            key if isinstance(key, Finding) else _untried(_KEY, "it is set, and not tried without a valid endpoint"),
            endpoint
            if isinstance(endpoint, Finding)
            else _untried(_ENDPOINT, "it is set, and not tried without a key"),
            _untried(_WORKERS, waits),
        )
    return _ask(endpoint)


def _key_in(env: Mapping[str, str]) -> Finding | None:
    """Say what is wrong with the key before anybody is asked; None when nothing is."""
    file = env.get(KEY_FILE, "").strip()
    if read_key(env).strip():
        return None
    if file:
        remedy = f"Put the key into it, or let {KEY_FILE} name the right file. {_RESTART}"
        return Finding(name=_KEY, ok=False, found=f"The file in {KEY_FILE} is empty or cannot be read.", remedy=remedy)
    remedy = f"Make a key on RunPod's page Settings, API Keys, and set {KEY}, or {KEY_FILE} to a file with it. "
    return Finding(name=_KEY, ok=False, found=f"{KEY} is not set.", remedy=remedy + _RESTART)


def _endpoint_in(env: Mapping[str, str]) -> Finding | RunPodConfig:
    if not env.get(ENDPOINT, "").strip():
        remedy = f"Copy the id from the endpoint's page on RunPod to {ENDPOINT}. {_RESTART}"
        return Finding(name=_ENDPOINT, ok=False, found=f"{ENDPOINT} is not set.", remedy=remedy)
    try:
        return endpoint_config({**env, KEY: env.get(KEY, "").strip() or "any"})  # the key is looked at elsewhere
    except InvalidInputError as error:
        found, remedy = _parted(str(error), "; ")
        variable = URL if "URL" in found else ENDPOINT
        return Finding(name=_ENDPOINT, ok=False, found=found, remedy=f"{remedy} The variable is {variable}. {_RESTART}")


def _ask(endpoint: RunPodConfig) -> tuple[Finding, ...]:
    unknown = _untried(_WORKERS, "not known without an answer of the endpoint")
    try:
        health = RunPodApi(endpoint).health()
    except KeyRefusedError as error:
        found, remedy = _parted(str(error), ": ")
        key = Finding(name=_KEY, ok=False, found=found, remedy=f"{remedy} The variable is {KEY}, or {KEY_FILE}.")
        return key, _untried(_ENDPOINT, "it does not answer without a valid key"), unknown
    except EndpointError as error:
        found, remedy = _parted(str(error), "; ")
        accepted = Finding(name=_KEY, ok=True, found="RunPod does not refuse it.")
        remedy = f"{remedy} The variable is {ENDPOINT}."
        return accepted, Finding(name=_ENDPOINT, ok=False, found=found, remedy=remedy), unknown
    except RunPodError as error:
        remedy = f"Check the network of this machine, and {URL} if it is set; else try again in a minute."
        silent = Finding(name=_ENDPOINT, ok=False, found=_sentence(str(error)), remedy=remedy)
        return _untried(_KEY, "it is set, and nobody answered to say whether it is valid"), silent, unknown
    accepted = Finding(name=_KEY, ok=True, found="RunPod accepts it.")
    answers = Finding(name=_ENDPOINT, ok=True, found=f"The endpoint {endpoint.endpoint_id} answers.")
    return accepted, answers, workers_finding(health)


def workers_finding(health: Health) -> Finding:
    """Judge the endpoint's workers: would a job find one?

    >>> from core.executors.runpod_views import WorkerCounts
    >>> workers_finding(Health(workers=WorkerCounts(idle=2, ready=2))).found
    'A worker is free (idle 2, ready 2).'
    """
    workers = health.workers
    usable = workers.idle + workers.ready + workers.running
    if workers.unhealthy or (workers.throttled and not usable):
        found, remedy = _parted(health.explain(), "; ")
        return Finding(name=_WORKERS, ok=False, found=found, remedy=remedy)
    if workers.idle or workers.ready:
        return Finding(name=_WORKERS, ok=True, found=f"A worker is free (idle {workers.idle}, ready {workers.ready}).")
    if workers.running:
        remedy = "Trials wait for their turn. Raise the endpoint's max workers for more at a time."
        return Finding(name=_WORKERS, ok=True, found=f"All are busy (running {workers.running}).", remedy=remedy)
    if workers.initializing:
        remedy = "The first trials wait for that, some minutes when the image is new."
        return Finding(name=_WORKERS, ok=True, found=_sentence(health.explain()), remedy=remedy)
    remedy = (
        "That is usual: one starts with the first trial. Should none start, look at max workers on the endpoint's "
        "page, which RunPod sets to 0 when an endpoint is not used for a week, and raise it."
    )
    return Finding(name=_WORKERS, ok=None, found="No worker runs at present.", remedy=remedy)


# -- the bucket ------------------------------------------------------------------------------------------------------


def _check_bucket(env: Mapping[str, str]) -> Finding:
    try:
        config = storage_config(env)
    except InvalidInputError as error:
        found, remedy = _parted(str(error), ": ", "; ")
        return Finding(name=_BUCKET, ok=False, found=found, remedy=remedy)
    try:
        ObjectStore(config, attempts=_ATTEMPTS).check()
    except StorageError as error:
        said = str(error).partition(" failed: ")[2] or str(error)  # without the name of the object that was tried
        found, remedy = _parted(said, "; ")
        return Finding(name=_BUCKET, ok=False, found=found, remedy=remedy)
    found = f"{config.bucket} at {config.endpoint_url or 'AWS'} takes, returns and deletes a small file."
    return Finding(name=_BUCKET, ok=True, found=found)


# -- words -----------------------------------------------------------------------------------------------------------


def _untried(name: str, why: str) -> Finding:
    return Finding(name=name, ok=None, found=_sentence(why))


def _parted(text: str, *marks: str) -> tuple[str, str]:
    """Part a message of this program, 'what is wrong; what to do', at the first mark that it holds."""
    mark = next((mark for mark in marks if mark in text), "; ")
    found, _, remedy = text.partition(mark)
    return _sentence(found), _sentence(remedy)


def _sentence(text: str) -> str:
    """Begin with a capital letter, unless that is a name, and end with a full stop.

    >>> _sentence("copy it again"), _sentence("https://x refuses")
    ('Copy it again.', 'https://x refuses.')
    """
    first = text.split(" ", 1)[0]
    start = text if "://" in first or "_" in first else text[:1].upper() + text[1:]
    return start if not start or start.endswith((".", "…")) else f"{start}."
