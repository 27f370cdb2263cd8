"""Both sides of the emulator's network, as plainly as possible: who submits jobs, and a worker made by hand."""

from __future__ import annotations

import json
import time
from typing import Any

import requests

from tests.emulator import Emulator

FINAL = ("COMPLETED", "FAILED", "CANCELLED", "TIMED_OUT")


class Client:
    """Submits jobs and looks at them."""

    def __init__(self, emulator: Emulator) -> None:
        self._url = f"{emulator.url}/{emulator.endpoint_id}"
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {emulator.api_key}"

    def ask(self, method: str, path: str, document: Any = None, **options: Any) -> requests.Response:
        if document is not None:
            options["json"] = document
        return self.session.request(method, f"{self._url}/{path}", timeout=20, **options)

    def run(self, job_input: Any, **fields: Any) -> str:
        answer = self.ask("POST", "run", {"input": job_input, **fields})
        assert answer.status_code == 200, answer.text
        assert answer.json()["status"] == "IN_QUEUE"
        return answer.json()["id"]

    def status(self, job: str) -> dict[str, Any]:
        answer = self.ask("GET", f"status/{job}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def wait(self, job: str, *statuses: str, output: bool = False, seconds: float = 40) -> dict[str, Any]:
        """Wait for a state (any final one), and for output if wanted."""
        deadline = time.monotonic() + seconds
        while True:
            view = self.status(job)
            if view["status"] in (statuses or FINAL) and (not output or "output" in view):
                return view
            assert view["status"] not in FINAL and time.monotonic() < deadline, view
            time.sleep(0.05)

    def cancel(self, job: str) -> dict[str, Any]:
        return self.ask("POST", f"cancel/{job}").json()

    def health(self) -> dict[str, Any]:
        return self.ask("GET", "health").json()


class HandWorker:
    """Speaks the worker protocol, one call at a time."""

    def __init__(self, emulator: Emulator, name: str = "hand") -> None:
        self.name = name
        self._url = f"{emulator.url}/{emulator.endpoint_id}"
        self.session = requests.Session()
        self.session.headers["Authorization"] = emulator.worker_key

    def get(self, operation: str, query: str = "gpu=CPU") -> requests.Response:
        return self.session.get(f"{self._url}/{operation}/{self.name}?{query}", timeout=20)

    def take(self) -> dict[str, Any]:
        answer = self.get("job-take")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, job: str, document: Any, operation: str = "job-done") -> None:
        """Send as the library does: JSON that calls itself a form."""
        answer = self.session.post(
            f"{self._url}/{operation}/{self.name}/{job}?gpu=CPU&isStream=false",
            data=json.dumps(document).encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            timeout=20,
        )
        assert answer.status_code == 200, answer.text

    def progress(self, job: str, output: Any) -> None:
        self.post(job, {"status": "IN_PROGRESS", "output": output})
