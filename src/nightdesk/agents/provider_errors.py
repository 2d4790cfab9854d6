"""Why a model gave no answer, in one line without keys, and what helps."""

import re
from typing import Any, Literal

from nightdesk.agents.providers import ModelSettings

_SHOWN_CHARS = 240  # of what a provider says in an error
_KEY_LIKE = re.compile(r"\b(?:sk|pk|key|AIza|gsk|xai|or)[-_][A-Za-z0-9_*.-]{6,}|\bAIza[A-Za-z0-9_*-]{6,}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+")
_TOO_LONG = re.compile(
    r"context (?:size|length|window)|maximum context|exceed_context|prompt is too long", re.IGNORECASE
)


class RequestError(Exception):
    """No answer. `kind` says what helps.

    "again": the same request a little later. "unsent": the same, nobody was reached. "unreadable": the same, once more
    at most. "schema": perhaps the request without a schema. "task": not this request. "worker": no request of this
    worker until the person mends something.
    """

    def __init__(
        self,
        message: str,
        kind: Literal["again", "unsent", "unreadable", "schema", "task", "worker"],
        *,
        fix: str | None = None,
        retry_after: float | None = None,
        refused: bool = False,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.fix = fix
        self.retry_after = retry_after
        self.refused = refused  # the provider said no before it began: nothing was generated


def request_error(error: Exception, settings: ModelSettings, *, with_schema: bool) -> RequestError:
    """Return what `error` means for the request, the task and the worker; the key is nowhere in it."""
    from pydantic_ai import exceptions as e  # noqa: PLC0415  # heavy

    said = shown(error, settings)
    name = settings.name
    status = _status(error)
    match error:
        case e.ModelRateLimitError() | e.ModelUnavailableError() | e.ModelServerError():
            after = error.retry_after
            return RequestError(f"{name}: {said}", "again", retry_after=after, refused=True)
        case e.ModelConnectionError(phase="connect"):
            fix = "start it, or mend the address" if settings.base_url or settings.provider == "ollama" else None
            return RequestError(f"{name}: nothing answers at {settings.url}", "unsent", fix=fix, refused=True)
        case e.ModelConnectionError() | e.ModelRequestTimeout():
            return RequestError(f"{name}: {said}", "again")
        case e.ModelAuthenticationError():
            return RequestError(f"{name}: the key was refused: {said}", "worker", fix="check the key", refused=True)
        case e.ModelQuotaExceededError():
            fix = "look at the account at the provider"
            return RequestError(f"{name}: no credit is left: {said}", "worker", fix=fix, refused=True)
        case e.ModelNotFoundError():
            fix = "check the model's name" + (" and the address" if settings.base_url else "")
            return RequestError(f"{name}: no such model: {said}", "worker", fix=fix, refused=True)
        case e.ModelContextWindowExceededError():
            return _too_long(settings, said)
        case e.ModelRequestRejectedError() if _TOO_LONG.search(said):
            return _too_long(settings, said)
        case e.ContentFilterError():
            return RequestError(f"{name}: the provider withheld the answer: {said}", "task")
        case e.ModelRequestRejectedError() | e.UserError():
            return RequestError(f"{name}: refused: {said}", "schema" if with_schema else "task", refused=True)
        case e.ModelHTTPError() if 400 <= status < 500:
            return RequestError(f"{name}: refused: {said}", "task", refused=True)
    if 300 <= status < 400:  # each client has an error of its own for it
        fix = "write the address that it leads to in the settings"
        return RequestError(f"{name}: {settings.url} leads elsewhere", "worker", fix=fix, refused=True)
    return RequestError(f"{name}: an answer that cannot be read: {said}", "unreadable")


def _status(error: BaseException) -> int:
    """Return the HTTP status that `error`, or what it comes from, speaks of; 0 where none does."""
    at: BaseException | None = error
    while at is not None:
        for word in ("status_code", "code"):
            status = getattr(at, word, None)
            if isinstance(status, int):
                return status
        at = at.__cause__
    return 0


def _too_long(settings: ModelSettings, said: str) -> RequestError:
    fix = f"set context_tokens (now {settings.context_tokens}) to what the model can hold"
    return RequestError(f"{settings.name}: the task is too long for it: {said}", "task", fix=fix, refused=True)


def shown(error: Exception, settings: ModelSettings) -> str:
    """Return in one line what a provider says, without keys and without signs that could fool a terminal."""
    body: Any = getattr(error, "body", None)
    if isinstance(body, dict):
        inner = body.get("error", body)
        body = inner.get("message") if isinstance(inner, dict) else inner
    status = getattr(error, "status_code", None)
    text = str(body) if body else getattr(error, "message", "") or str(error) or type(error).__name__
    if settings.api_key:
        text = text.replace(settings.api_key, "…")
    text = _KEY_LIKE.sub("…", in_one_line(text))
    text = text if len(text) <= _SHOWN_CHARS else text[:_SHOWN_CHARS] + "…"
    return f"{status}: {text}" if status else text


def in_one_line(text: str) -> str:
    """Return `text` without line breaks, escape sequences, and signs that cannot be seen."""
    return _CONTROL.sub(" ", text).strip()
