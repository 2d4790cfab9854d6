"""The protocols that the scripted model server speaks: requests read into one form, answers written in each.

OpenAI's chat completions ("chat") and responses, Anthropic's messages, Google's generateContent; whole and as streams.
"""

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Protocol = Literal["chat", "responses", "messages", "google", "other"]
Json = dict[str, Any]
_TOKEN = re.compile(r"[A-Za-z0-9]{1,4}|[^\sA-Za-z0-9]")  # more than real tokenizers count in English: caps must hold
_PIECE = 24  # characters in an event of a stream
_IMAGE_KEYS = {"image_url", "source", "inline_data", "inlineData"}


def count_tokens(text: str) -> int:
    """Return how many tokens the server counts in `text`."""
    return len(_TOKEN.findall(text))


@dataclass(frozen=True, slots=True)
class Request:
    """One request as the server saw it; header names are in small letters."""

    number: int  # from 1, in the order they came
    method: str
    path: str
    protocol: Protocol
    model: str
    stream: bool
    text: str  # of all messages, system and instructions first
    last: str  # of the last message alone
    after_tool: bool  # the last message is the result of a tool
    tools: tuple[str, ...]  # the names of the tools on offer
    images: int
    tokens: int  # of text and tools
    body: Json
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """A text, with what else a model may say with it."""

    text: str
    stop: Literal["stop", "length"] = "stop"
    thinking: str = ""
    cached_tokens: int = 0


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call of a tool by the model, with a text before it if wanted."""

    name: str
    arguments: Mapping[str, Any]
    text: str = ""


# Reading requests


def read_request(number: int, method: str, path: str, body: Json, headers: Mapping[str, str]) -> Request:
    """Return a request of any of the protocols in one form."""
    bare = path.split("?", maxsplit=1)[0]
    endings: dict[str, Protocol] = {"/chat/completions": "chat", "/responses": "responses", "/messages": "messages"}
    protocol: Protocol = next((name for ending, name in endings.items() if bare.endswith(ending)), "other")
    if bare.endswith((":generateContent", ":streamGenerateContent")):
        protocol = "google"
    if method != "POST":
        protocol = "other"
    first = [body.get(name) for name in ("system", "instructions", "systemInstruction", "system_instruction")]
    messages = body.get("messages") or body.get("input") or body.get("contents") or []
    messages = messages if isinstance(messages, list) else [messages]
    last = messages[-1] if messages else ""
    text = "\n\n".join(part for part in (*map(_text, first), *map(_text, messages)) if part)
    tools = body.get("tools") or []
    model = str(body.get("model") or "")
    if protocol == "google":
        model = bare.rsplit("/", 1)[-1].split(":")[0]
    return Request(
        number=number,
        method=method,
        path=path,
        protocol=protocol,
        model=model,
        stream=bool(body.get("stream")) or "streamGenerateContent" in bare,
        text=text,
        last=_text(last),
        after_tool=_is_tool_result(last),
        tools=tuple(_tool_names(tools)),
        images=_images(messages),
        tokens=count_tokens(text) + (count_tokens(json.dumps(tools)) if tools else 0),
        body=body,
        headers=headers,
    )


def _text(value: object) -> str:
    """Return the words in a message of any protocol."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "\n".join(part for part in map(_text, value) if part)
    if isinstance(value, dict):
        keys = ("text", "content", "parts", "output", "arguments", "functionResponse", "response", "tool_calls")
        return "\n".join(part for part in (_text(value.get(key)) for key in (*keys, "function")) if part)
    return ""


def _is_tool_result(message: object) -> bool:
    if not isinstance(message, dict):
        return False
    if message.get("role") == "tool" or str(message.get("type", "")).endswith("_output"):
        return True
    content = message.get("content") or message.get("parts")
    blocks = content if isinstance(content, list) else []
    return any(isinstance(b, dict) and (b.get("type") == "tool_result" or "functionResponse" in b) for b in blocks)


def _tool_names(tools: object) -> Iterator[str]:
    for tool in tools if isinstance(tools, list) else []:
        if not isinstance(tool, dict):
            continue
        declared = tool.get("functionDeclarations") or tool.get("function_declarations")
        if declared:
            yield from (str(one.get("name", "")) for one in declared)
        else:
            yield str(tool.get("name") or (tool.get("function") or {}).get("name") or tool.get("type") or "")


def _images(value: object) -> int:
    if isinstance(value, list):
        return sum(map(_images, value))
    if isinstance(value, dict):
        own = 1 if _IMAGE_KEYS & set(value) else 0
        return own or sum(map(_images, value.values()))
    return 0


# Writing answers


@dataclass(frozen=True, slots=True)
class Wire:
    """An answer in one protocol: whole, and as the events of a stream."""

    whole: Json
    events: tuple[bytes, ...]
    output_tokens: int


def _event(value: Json, name: str = "") -> bytes:
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(value)}\n\n".encode()


def _pieces(text: str) -> list[str]:
    return [text[start : start + _PIECE] for start in range(0, len(text), _PIECE)]


def _spoken_tokens(spoken: Answer | ToolCall) -> int:
    extra = json.dumps(dict(spoken.arguments)) if isinstance(spoken, ToolCall) else spoken.thinking
    return count_tokens(spoken.text) + count_tokens(extra)


def _cached(spoken: Answer | ToolCall) -> int:
    return spoken.cached_tokens if isinstance(spoken, Answer) else 0


def chat_wire(request: Request, spoken: Answer | ToolCall) -> Wire:
    """Return the answer as OpenAI's chat completions say it."""
    written = _spoken_tokens(spoken)
    usage = {
        "prompt_tokens": request.tokens,
        "completion_tokens": written,
        "total_tokens": request.tokens + written,
        "prompt_tokens_details": {"cached_tokens": _cached(spoken)},
    }
    base = {"id": f"chatcmpl-{request.number}", "created": int(time.time()), "model": request.model or "stub"}
    message: Json = {"role": "assistant", "content": spoken.text or None}
    deltas: list[Json] = [{"role": "assistant", "content": ""}, *({"content": p} for p in _pieces(spoken.text))]
    stop = "stop"
    if isinstance(spoken, ToolCall):
        stop = "tool_calls"
        function = {"name": spoken.name, "arguments": json.dumps(dict(spoken.arguments))}
        call = {"id": f"call_{request.number}", "type": "function", "function": function}
        message["tool_calls"] = [call]
        deltas.append({"tool_calls": [{"index": 0, **call, "function": {**function, "arguments": ""}}]})
        deltas += [{"tool_calls": [{"index": 0, "function": {"arguments": p}}]} for p in _pieces(function["arguments"])]
    else:
        stop = spoken.stop
        if spoken.thinking:
            message["reasoning_content"] = spoken.thinking
            deltas.insert(1, {"reasoning_content": spoken.thinking})
    whole = {
        **base,
        "object": "chat.completion",
        "choices": [{"index": 0, "message": message, "finish_reason": stop, "logprobs": None}],
        "usage": usage,
    }
    chunk = {**base, "object": "chat.completion.chunk"}
    events = [_event({**chunk, "choices": [{"index": 0, "delta": d, "finish_reason": None}]}) for d in deltas]
    events.append(_event({**chunk, "choices": [{"index": 0, "delta": {}, "finish_reason": stop}]}))
    if (request.body.get("stream_options") or {}).get("include_usage"):
        events.append(_event({**chunk, "choices": [], "usage": usage}))
    return Wire(whole, (*events, b"data: [DONE]\n\n"), written)


def responses_wire(request: Request, spoken: Answer | ToolCall) -> Wire:
    """Return the answer as OpenAI's responses say it."""
    written = _spoken_tokens(spoken)
    usage = {
        "input_tokens": request.tokens,
        "input_tokens_details": {"cached_tokens": _cached(spoken)},
        "output_tokens": written,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": request.tokens + written,
    }
    base: Json = {
        "id": f"resp_{request.number}",
        "object": "response",
        "created_at": int(time.time()),
        "model": request.model or "stub",
        "parallel_tool_calls": False,
        "tool_choice": "auto",
        "tools": [],
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
    }
    cut = isinstance(spoken, Answer) and spoken.stop == "length"
    ended = {
        **base,
        "status": "incomplete" if cut else "completed",
        "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
        "output": [item for item, _ in _response_items(request, spoken)],
        "usage": usage,
    }
    events: list[tuple[str, Json]] = [
        ("response.created", {"response": {**base, "status": "in_progress", "output": []}})
    ]
    for index, (item, inner) in enumerate(_response_items(request, spoken)):
        empty = {**item, "status": "in_progress"} | ({"content": []} if item["type"] == "message" else {})
        events.append(("response.output_item.added", {"output_index": index, "item": empty}))
        events += [(name, {"output_index": index, "item_id": item["id"], **value}) for name, value in inner]
        events.append(("response.output_item.done", {"output_index": index, "item": item}))
    events.append(("response.incomplete" if cut else "response.completed", {"response": ended}))
    numbered = (_event({"type": name, "sequence_number": n, **value}, name) for n, (name, value) in enumerate(events))
    return Wire(ended, tuple(numbered), written)


def _response_items(request: Request, spoken: Answer | ToolCall) -> list[tuple[Json, list[tuple[str, Json]]]]:
    """Return the items of an answer, each with the events between its beginning and its end."""
    items: list[tuple[Json, list[tuple[str, Json]]]] = []
    if spoken.text:
        part = {"type": "output_text", "text": spoken.text, "annotations": [], "logprobs": []}
        at = {"content_index": 0}
        inner: list[tuple[str, Json]] = [("response.content_part.added", {**at, "part": {**part, "text": ""}})]
        inner += [("response.output_text.delta", {**at, "delta": p, "logprobs": []}) for p in _pieces(spoken.text)]
        inner.append(("response.output_text.done", {**at, "text": spoken.text, "logprobs": []}))
        inner.append(("response.content_part.done", {**at, "part": part}))
        message = {"type": "message", "id": f"msg_{request.number}", "role": "assistant", "status": "completed"}
        items.append(({**message, "content": [part]}, inner))
    if isinstance(spoken, ToolCall):
        named = {"id": f"fc_{request.number}", "call_id": f"call_{request.number}", "name": spoken.name}
        kinds = {t.get("name"): t.get("type") for t in request.body.get("tools") or [] if isinstance(t, dict)}
        if kinds.get(spoken.name) == "custom":  # a tool that takes a plain text, such as codex's apply_patch
            given = str(spoken.arguments.get("input", ""))
            call = {"type": "custom_tool_call", **named, "status": "completed", "input": given}
            items.append((call, [("response.custom_tool_call_input.done", {"input": given})]))
        else:
            given = json.dumps(dict(spoken.arguments))
            call = {"type": "function_call", **named, "status": "completed", "arguments": given}
            inner = [("response.function_call_arguments.delta", {"delta": p}) for p in _pieces(given)]
            inner.append(("response.function_call_arguments.done", {"arguments": given, "name": spoken.name}))
            items.append((call, inner))
    return items


def messages_wire(request: Request, spoken: Answer | ToolCall) -> Wire:
    """Return the answer as Anthropic's messages say it."""
    written, cached = _spoken_tokens(spoken), _cached(spoken)
    usage = {
        "input_tokens": request.tokens - cached,
        "cache_read_input_tokens": cached,
        "cache_creation_input_tokens": 0,
    }
    blocks: list[tuple[Json, Json, list[Json]]] = []  # the whole block, its beginning, what is added to it
    if isinstance(spoken, Answer) and spoken.thinking:
        block = {"type": "thinking", "thinking": spoken.thinking, "signature": "s"}
        delta = {"type": "thinking_delta", "thinking": spoken.thinking}
        blocks.append((block, {**block, "thinking": ""}, [delta]))
    if spoken.text:
        deltas: list[Json] = [{"type": "text_delta", "text": p} for p in _pieces(spoken.text)]
        blocks.append(({"type": "text", "text": spoken.text}, {"type": "text", "text": ""}, deltas))
    if isinstance(spoken, ToolCall):
        call: Json = {"type": "tool_use", "id": f"toolu_{request.number}", "name": spoken.name}
        given = json.dumps(dict(spoken.arguments))
        deltas = [{"type": "input_json_delta", "partial_json": p} for p in _pieces(given)]
        blocks.append(({**call, "input": dict(spoken.arguments)}, {**call, "input": {}}, deltas))
        stop = "tool_use"
    else:
        stop = "max_tokens" if spoken.stop == "length" else "end_turn"
    message: Json = {
        "id": f"msg_{request.number}",
        "type": "message",
        "role": "assistant",
        "model": request.model or "stub",
        "content": [block for block, _, _ in blocks],
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": {**usage, "output_tokens": written},
    }
    started = {**message, "content": [], "stop_reason": None, "usage": {**usage, "output_tokens": 1}}
    events: list[Json] = [{"type": "message_start", "message": started}]
    for index, (_, start, deltas) in enumerate(blocks):
        events.append({"type": "content_block_start", "index": index, "content_block": start})
        events += [{"type": "content_block_delta", "index": index, "delta": d} for d in deltas]
        events.append({"type": "content_block_stop", "index": index})
    ended = {"stop_reason": stop, "stop_sequence": None}
    events.append({"type": "message_delta", "delta": ended, "usage": {"output_tokens": written}})
    events.append({"type": "message_stop"})
    return Wire(message, tuple(_event(e, e["type"]) for e in events), written)


def google_wire(request: Request, spoken: Answer | ToolCall) -> Wire:
    """Return the answer as Google's generateContent says it."""
    written = _spoken_tokens(spoken)
    parts: list[Json] = [{"text": p} for p in _pieces(spoken.text)]
    stop = "STOP"
    if isinstance(spoken, ToolCall):
        parts.append({"functionCall": {"name": spoken.name, "args": dict(spoken.arguments)}})
    else:
        stop = "MAX_TOKENS" if spoken.stop == "length" else "STOP"
        parts = [{"text": spoken.thinking, "thought": True}, *parts] if spoken.thinking else parts
    usage = {
        "promptTokenCount": request.tokens,
        "candidatesTokenCount": written,
        "totalTokenCount": request.tokens + written,
        "cachedContentTokenCount": _cached(spoken),
    }
    base = {"modelVersion": request.model, "responseId": f"g{request.number}", "usageMetadata": usage}

    def said(parts: list[Json], stop: str | None) -> Json:
        candidate: Json = {"index": 0, "content": {"role": "model", "parts": parts}}
        return {"candidates": [candidate | ({"finishReason": stop} if stop else {})], **base}

    events = [_event(said([part], None)) for part in parts]
    return Wire(said(parts, stop), (*events, _event(said([{"text": ""}], stop))), written)


WIRES: dict[str, Callable[[Request, Answer | ToolCall], Wire]] = {
    "chat": chat_wire,
    "responses": responses_wire,
    "messages": messages_wire,
    "google": google_wire,
}
