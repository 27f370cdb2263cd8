"""What every answer tells the browser to forbid."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_OWN_FRAMES = "frame-ancestors 'self'"
_FORBIDDEN = ("accelerometer", "camera", "geolocation", "gyroscope", "magnetometer", "microphone", "midi", "payment")
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",  # the panels are frames in our own page
    "Referrer-Policy": "same-origin",  # not "no-referrer": a form's Origin would be null then
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in (*_FORBIDDEN, "serial", "usb")),
    "Cross-Origin-Opener-Policy": "same-origin",
}
# Pages with an inline script; each is allowed by its hash. Package, file in it.
_PAGES = (("streamlit", "static/index.html"), ("streamlit_agraph", "frontend/build/index.html"))


class SecurityHeaders:
    """Middleware that adds the headers to every HTTP answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and its answer back with the headers."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                protect(MutableHeaders(scope=message))
            await send(message)

        await self.app(scope, receive, with_headers if scope["type"] == "http" else send)


def protect(headers: MutableHeaders) -> None:
    """Add what is missing. A policy that a mounted page brought stays, and gets the rule about frames on top."""
    for name, value in _HEADERS.items():
        headers.setdefault(name, value)
    headers.setdefault("Cache-Control", "private, no-cache")  # no cache on the way may keep what needed a log-in
    if "Content-Security-Policy" in headers:
        headers.append("Content-Security-Policy", _OWN_FRAMES)
    else:
        headers["Content-Security-Policy"] = content_policy()


@lru_cache(maxsize=1)
def content_policy() -> str:
    """Return the policy that Streamlit, Plotly and streamlit-agraph can live with."""
    scripts = " ".join(sorted({source_hash(text) for page in _PAGES for text in _inline_scripts(*page)}))
    return "; ".join(
        [
            "default-src 'self'",
            f"script-src 'self' 'unsafe-eval' blob: {scripts}",  # Plotly's WebGL compiles its drawing functions
            "style-src 'self' 'unsafe-inline'",  # Streamlit's styles are made in the browser
            "img-src 'self' data: blob:",
            "media-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self' data: blob:",
            "worker-src 'self' blob:",
            "frame-src 'self' data: blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            _OWN_FRAMES,
        ]
    )


def source_hash(text: str) -> str:
    """Return how a policy names an inline script or style."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"


def _inline_scripts(package: str, file: str) -> list[str]:
    spec = find_spec(package)  # finds it without importing
    page = Path(spec.origin).parent / file if spec and spec.origin else None
    return _INLINE.findall(page.read_text(encoding="utf-8")) if page and page.is_file() else []
