"""The page at the door: plain HTML without a script, legible in light and dark and on a telephone."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from urllib.parse import urlencode

from starlette.responses import HTMLResponse

from app.door.headers import source_hash

# Colours as in .streamlit/config.toml
_STYLE = """
:root { color-scheme: light dark; --ground: #f5f4f2; --card: #fff; --text: #2f2d2b; --quiet: #5f5b57; --line: #86817b;
  --main: #0b57d0; --on-main: #fff; --bad: #a3200d; --bad-ground: #fdecea; }
@media (prefers-color-scheme: dark) { :root { --ground: #171614; --card: #211f1d; --text: #edebe8; --quiet: #b8b3ad;
  --line: #86817b; --main: #2e6fe0; --bad: #ffb4a8; --bad-ground: #3b1a17; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.25rem; background: var(--ground);
  color: var(--text); font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { width: 100%; max-width: 25rem; padding: 2rem 1.75rem; background: var(--card); border-radius: 12px;
  box-shadow: 0 1px 2px rgb(0 0 0 / .12), 0 8px 28px rgb(0 0 0 / .08); }
h1 { display: flex; align-items: center; gap: .6rem; margin: 0; font-size: 1.5rem; line-height: 1.25; }
.sign { fill: var(--main); }
.pulse { fill: none; stroke: var(--on-main); stroke-width: 2.4; stroke-linecap: round; stroke-linejoin: round; }
.sub { margin: .35rem 0 1.5rem; color: var(--quiet); }
label { display: block; margin-bottom: .35rem; font-weight: 600; }
input { width: 100%; padding: .65rem .75rem; font: inherit; color: inherit; background: transparent;
  border: 1px solid var(--line); border-radius: 8px; }
button, .button { display: block; width: 100%; margin-top: 1rem; padding: .7rem; font: inherit; font-weight: 600;
  text-align: center; text-decoration: none; color: var(--on-main); background: var(--main);
  border: 1px solid var(--main); border-radius: 8px; cursor: pointer; }
button:hover, .button:hover { filter: brightness(1.1); }
.second { color: inherit; background: transparent; border-color: var(--line); }
:focus-visible { outline: 3px solid var(--main); outline-offset: 2px; }
.message { margin: 0 0 1.25rem; padding: .65rem .75rem; border-radius: 8px; border: 1px solid var(--line); }
.bad { color: var(--bad); background: var(--bad-ground); border-color: currentColor; }
.or { margin: 1.25rem 0 .25rem; text-align: center; color: var(--quiet); }
"""
# A drawing and not an emoji: not every system has a font with those
_SIGN = (
    '<svg aria-hidden="true" viewBox="0 0 32 32" width="30" height="30">'
    '<rect class="sign" width="32" height="32" rx="8"/><path class="pulse" d="M4 17h6l3-8 5 15 4-10 2 3h4"/></svg>'
)
_POLICY = "; ".join(
    [
        "default-src 'none'",
        f"style-src {source_hash(_STYLE)}",
        "img-src data:",
        "form-action 'self'",
        "base-uri 'none'",
    ]
)
_ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 100 100'%3E%3Ctext y='.9em' "
    "font-size='90'%3E%F0%9F%A9%BA%3C/text%3E%3C/svg%3E"
)


def login_page(
    action: str,
    *,
    after: str,
    password: bool,
    providers: Sequence[str] = (),
    message: str | None = None,
    bad: bool = True,
    status: int = 200,
) -> HTMLResponse:
    """Return the page. `action`: where the form goes; `after`: where to go then; `bad`: `message` is an error."""
    body = [_message(message, bad)] if message else []
    if password:
        body.append(_form(action, after, wrong=message is not None and bad))
    if password and providers:
        body.append('<p class="or">or</p>')
    body += [_link(action, provider, first=not password) for provider in providers]
    sub = "Log in to use this lab." if password or providers else ""
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>Log in – Model Health Lab</title><link rel="icon" href="{_ICON}"><style>{_STYLE}</style></head>'
        f'<body><main><h1>{_SIGN} Model Health Lab</h1><p class="sub">{sub}</p>'
        f"{''.join(body)}</main></body></html>"
    )
    return HTMLResponse(page, status, {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"})


def _message(text: str, bad: bool) -> str:
    kind, role = ("message bad", "alert") if bad else ("message", "status")
    return f'<p class="{kind}" role="{role}" id="message">{escape(text)}</p>'


def _form(action: str, after: str, *, wrong: bool) -> str:
    tied = ' aria-invalid="true" aria-describedby="message"' if wrong else ""
    return (
        f'<form method="post" action="{escape(action)}"><input type="hidden" name="next" value="{escape(after)}">'
        '<input type="text" name="username" value="lab" autocomplete="username" hidden>'  # password managers want one
        '<label for="password">Password</label>'
        '<input id="password" name="password" type="password" autocomplete="current-password" maxlength="200" required '
        f'autofocus{tied}><button type="submit">Log in</button></form>'
    )


def _link(action: str, provider: str, *, first: bool) -> str:
    name = "your account" if provider == "default" else provider.replace("_", " ").capitalize()
    kind = "button" if first else "button second"
    query = escape(urlencode({"with": provider}))
    return f'<a class="{kind}" href="{escape(action)}?{query}">Log in with {escape(name)}</a>'
