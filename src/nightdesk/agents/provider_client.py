"""One request to a model: the one place that knows pydantic-ai, and that sends texts to model providers."""

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import CancelledError
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from nightdesk.agents.provider_errors import RequestError, in_one_line, request_error
from nightdesk.agents.providers import ModelSettings
from nightdesk.base.errors import DeskError

if TYPE_CHECKING:
    import httpx2
    from pydantic_ai.messages import ModelMessage, ModelResponse
    from pydantic_ai.models import Model, ModelRequestParameters
    from pydantic_ai.settings import ModelSettings as PydanticSettings

T = TypeVar("T")

NO_KEY = "none"  # clients insist on a key; where there is none, no header with one is sent
_CONNECT_SECONDS = 10
_NO_TAGS = ("<no tag of any model/>", "<nor is this/>")
# All that a request says of itself. What clients add (the system, the language, versions, headers from the environment)
# is nobody's business, and a key that is not this worker's must never leave.
_SENT_HEADERS = {
    "host",
    "connection",
    "accept",
    "accept-encoding",
    "content-type",
    "content-length",
    "transfer-encoding",
    "user-agent",
    "anthropic-version",
    "anthropic-beta",
}
_KEY_HEADERS = {"authorization", "x-api-key", "x-goog-api-key"}
_OWN_ACCOUNT_HEADERS = {"openai-organization", "openai-project"}  # which of a person's accounts pays


@dataclass(frozen=True, slots=True)
class Image:
    """A picture to be shown to the model."""

    content: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Question:
    """What the model is asked. `turns` are its earlier answers, each with what is said against it."""

    rules: str
    material: str
    turns: tuple[tuple[str, str], ...] = ()
    schema: Mapping[str, Any] | None = None
    images: tuple[Image, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What it answered and what that used; None is unknown."""

    text: str
    ended: Literal["stop", "length", "filter"]
    model: str
    input_tokens: int | None
    cached_tokens: int | None
    written_tokens: int  # to the provider's cache
    output_tokens: int | None


class ModelClient:
    """Asks one model, from any thread; requests run side by side in one event loop of its own."""

    def __init__(self, settings: ModelSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._model: Model | None = None
        self._http: httpx2.AsyncClient | None = None

    def ask(self, question: Question, *, seconds: float, on_text: Callable[[str], None] | None = None) -> Answer:
        """Return the model's answer. Raises RequestError; DeskError where the library is not installed.

        `on_text` is called with each piece of the answer, from the loop's thread.
        """
        self._start()
        return self._run(self._ask(question, seconds, on_text))

    def has_schemas(self) -> bool:
        """Return whether this model can be held to a JSON schema, as far as is known before asking."""
        self._start()
        return bool(self._model and self._model.profile.get("supports_json_schema_output", False))

    def close(self) -> None:
        """End all requests and close the connections."""
        with self._lock:
            loop, thread, http = self._loop, self._thread, self._http
            self._loop = self._thread = self._model = self._http = None
        if loop is None or thread is None:
            return
        asyncio.run_coroutine_threadsafe(_end_all(http), loop).result(timeout=10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=10)
        loop.close()

    def _start(self) -> None:
        with self._lock:
            if self._model is not None:
                return
            self._http, self._model = _connect(self._settings)
            self._loop = asyncio.new_event_loop()
            # a daemon: Ctrl-C ends the program although a model still answers
            self._thread = threading.Thread(target=self._loop.run_forever, name="model", daemon=True)
            self._thread.start()

    def _run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        assert self._loop is not None  # noqa: S101  # _start made it
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result()
        except CancelledError:
            raise RequestError("the worker was closed", "task") from None
        except BaseException:
            future.cancel()  # after Ctrl-C the request must not go on
            raise

    async def _ask(self, question: Question, seconds: float, on_text: Callable[[str], None] | None) -> Answer:
        from pydantic_ai import direct  # noqa: PLC0415  # 1.2 s: only when a model is asked

        assert self._model is not None  # noqa: S101  # _start made it
        asked: Any = {
            "messages": _messages(question),
            "model_settings": _request_settings(self._settings, seconds),
            "model_request_parameters": _parameters(question),
            "instrument": False,
        }
        try:
            if on_text is None:
                return _answer(await direct.model_request(self._model, **asked))
            async with direct.model_request_stream(self._model, **asked) as stream:
                async for event in stream:
                    if piece := _piece(event):
                        on_text(piece)
                return _answer(stream.get())
        except Exception as error:  # what a strange server makes clients raise must not end a night
            # "from None": the chain holds requests, and those hold the key
            raise request_error(error, self._settings, with_schema=question.schema is not None) from None


async def _end_all(http: "httpx2.AsyncClient | None") -> None:
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    if http is not None:
        await http.aclose()


def _connect(settings: ModelSettings) -> "tuple[httpx2.AsyncClient, Model]":
    """Return the HTTP client and the model that uses it."""
    try:
        import httpx2  # noqa: PLC0415  # comes only with the extra

        import_model = _IMPORTS[settings.api]
    except ImportError:
        raise _no_library(settings) from None
    http = httpx2.AsyncClient(
        trust_env=False,  # no proxies, passwords (.netrc) or certificates but those that the settings name
        proxy=settings.proxy,
        follow_redirects=False,  # what is sent goes to the address that the person named, and to no other
        timeout=httpx2.Timeout(600, connect=_CONNECT_SECONDS),
        limits=httpx2.Limits(max_connections=settings.at_once + 1),
        headers={"User-Agent": "nightdesk"},
        event_hooks={"request": [_header_filter(settings)]},
    )
    try:
        return http, import_model(settings, http)
    except ImportError:
        raise _no_library(settings) from None


def _no_library(settings: ModelSettings) -> DeskError:
    return DeskError(f"{settings.name} needs the extra 'models'", fix="pip install 'nightdesk[models]'")


def _header_filter(settings: ModelSettings) -> "Callable[[httpx2.Request], Coroutine[Any, Any, None]]":
    allowed = _SENT_HEADERS | (_OWN_ACCOUNT_HEADERS if settings.base_url is None else set())

    async def strip(request: "httpx2.Request") -> None:
        for name in list(request.headers):
            is_own_key = name in _KEY_HEADERS and settings.api_key and settings.api_key in request.headers[name]
            if name not in allowed and not is_own_key:
                del request.headers[name]
        request.headers["User-Agent"] = "nightdesk"

    return strip


def _chat_model(settings: ModelSettings, http: "httpx2.AsyncClient") -> "Model":
    from pydantic_ai.models.openai import OpenAIChatModel  # noqa: PLC0415  # heavy
    from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider  # noqa: PLC0415

    provider = OpenAICompatibleProvider(
        settings.provider, base_url=settings.url, api_key=settings.api_key or NO_KEY, http_client=http
    )
    profile: dict[str, Any] = {
        **(provider.model_profile(settings.model) or {}),
        "supports_json_schema_output": True,  # where it is not, the worker finds out
        "thinking_tags": _NO_TAGS,  # agents.answers does it: a text may speak of such tags
    }
    if settings.provider != "openai" or settings.base_url:
        profile["openai_chat_supports_max_completion_tokens"] = False  # the older word is the one that all know
    return OpenAIChatModel(settings.model, provider=provider, profile=profile)  # type: ignore[arg-type]  # a TypedDict


def _responses_model(settings: ModelSettings, http: "httpx2.AsyncClient") -> "Model":
    from pydantic_ai.models.openai import OpenAIResponsesModel  # noqa: PLC0415  # heavy
    from pydantic_ai.providers.openai import OpenAIProvider  # noqa: PLC0415

    provider = OpenAIProvider(base_url=settings.url, api_key=settings.api_key or NO_KEY, http_client=http)
    return OpenAIResponsesModel(settings.model, provider=provider)


def _messages_model(settings: ModelSettings, http: "httpx2.AsyncClient") -> "Model":
    from pydantic_ai.models.anthropic import AnthropicModel  # noqa: PLC0415  # heavy
    from pydantic_ai.providers.anthropic import AnthropicProvider  # noqa: PLC0415

    provider = AnthropicProvider(base_url=settings.url, api_key=settings.api_key or NO_KEY, http_client=http)
    return AnthropicModel(settings.model, provider=provider)


def _google_model(settings: ModelSettings, http: "httpx2.AsyncClient") -> "Model":
    from pydantic_ai.models.google import GoogleModel  # noqa: PLC0415  # heavy
    from pydantic_ai.providers.google import GoogleProvider  # noqa: PLC0415

    # its client warns of variables that it then does not use
    logging.getLogger("google_genai._api_client").setLevel(logging.ERROR)
    provider = GoogleProvider(base_url=settings.url, api_key=settings.api_key or NO_KEY, http_client=http)
    return GoogleModel(settings.model, provider=provider)


_IMPORTS: "Mapping[str, Callable[[ModelSettings, httpx2.AsyncClient], Model]]" = {
    "chat": _chat_model,
    "responses": _responses_model,
    "messages": _messages_model,
    "google": _google_model,
}


def _messages(question: Question) -> "list[ModelMessage]":
    from pydantic_ai.messages import (  # noqa: PLC0415  # heavy
        BinaryContent,
        ModelRequest,
        ModelResponse,
        TextPart,
        UserPromptPart,
    )

    pictures = [BinaryContent(image.content, media_type=image.media_type) for image in question.images]
    prompt = UserPromptPart([question.material, *pictures] if pictures else question.material)
    messages: list[ModelMessage] = [ModelRequest([prompt], instructions=question.rules)]
    for answer, complaint in question.turns:
        messages.append(ModelResponse([TextPart(answer)]))
        messages.append(ModelRequest([UserPromptPart(complaint)], instructions=question.rules))
    return messages


def _parameters(question: Question) -> "ModelRequestParameters":
    from pydantic_ai.messages import InstructionPart  # noqa: PLC0415  # heavy
    from pydantic_ai.models import ModelRequestParameters  # noqa: PLC0415
    from pydantic_ai.output import OutputObjectDefinition  # noqa: PLC0415

    # static, and first in each request: the part that a provider's cache can keep
    rules = [InstructionPart(question.rules, dynamic=False)]
    if question.schema is None:
        return ModelRequestParameters(instruction_parts=rules)
    form = OutputObjectDefinition(json_schema=dict(question.schema), name="hand_in")
    return ModelRequestParameters(instruction_parts=rules, output_mode="native", output_object=form)


def _request_settings(settings: ModelSettings, seconds: float) -> "PydanticSettings":
    asked: Any = {
        "max_tokens": settings.answer_tokens,
        "max_retries": 0,  # the worker retries, and counts
        "timeout": seconds,
        "request_timeout": seconds,
    }
    if settings.api == "messages":
        asked["anthropic_cache_instructions"] = True  # the others keep what requests begin with by themselves
    if settings.api == "responses":
        asked["openai_store"] = False  # what a person reads is kept nowhere else
    given: PydanticSettings = asked
    return given


def _piece(event: object) -> str:
    """Return the text that an event of a stream brings."""
    from pydantic_ai.messages import PartDeltaEvent, PartStartEvent, TextPart, TextPartDelta  # noqa: PLC0415  # heavy

    if isinstance(event, PartStartEvent) and isinstance(event.part, TextPart):
        return event.part.content
    if isinstance(event, PartDeltaEvent) and isinstance(event.delta, TextPartDelta):
        return event.delta.content_delta
    return ""


def _answer(response: "ModelResponse") -> Answer:
    from pydantic_ai.messages import TextPart  # noqa: PLC0415  # heavy

    used = response.usage
    known = not used.unmeasured_requests and bool(used.input_tokens or used.output_tokens)
    endings: dict[str | None, Literal["length", "filter"]] = {"length": "length", "content_filter": "filter"}
    return Answer(
        text="".join(part.content for part in response.parts if isinstance(part, TextPart)),
        ended=endings.get(response.finish_reason, "stop"),
        model=in_one_line(response.model_name or "")[:100],
        input_tokens=used.input_tokens if known else None,
        cached_tokens=used.cache_read_tokens if known else None,
        written_tokens=used.cache_write_tokens if known else 0,
        output_tokens=used.output_tokens if known else None,
    )
