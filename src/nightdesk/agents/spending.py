"""What the requests for one hand-in used together, and what that cost."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from nightdesk.agents.prices import is_free, price
from nightdesk.agents.provider_client import Answer
from nightdesk.agents.providers import ModelSettings
from nightdesk.agents.tasks import Usage

N = TypeVar("N", int, float)


@dataclass(slots=True)
class Spending:
    """What the requests for one hand-in used together."""

    model: str
    usages: list[Usage] = field(default_factory=list)
    unknown: bool = False  # a request was lost of which nobody knows what it used
    seconds: float = 0.0  # of requests without an answer

    def add(self, usage: Usage) -> None:
        """Count what a request used that was answered."""
        self.usages.append(usage)

    def usage(self) -> Usage:
        """Return the sum; None where a part of it is unknown."""
        return Usage(
            model=self.usages[-1].model if self.usages else self.model,
            input_tokens=self._sum([u.input_tokens for u in self.usages]),
            cached_tokens=self._sum([u.cached_tokens for u in self.usages]),
            output_tokens=self._sum([u.output_tokens for u in self.usages]),
            usd=self._sum([u.usd for u in self.usages]),
            seconds=self.seconds + sum(u.seconds for u in self.usages),
        )

    def _sum(self, parts: Sequence[N | None]) -> N | None:
        known = [part for part in parts if part is not None]
        return None if self.unknown or len(known) < len(parts) else sum(known[1:], known[0]) if known else None


def usage_of(answer: Answer, settings: ModelSettings, seconds: float) -> Usage:
    """Return what a request used, with its price where that is known."""
    usd: float | None = 0.0 if is_free(settings.provider, settings.model, settings.base_url) else None
    if answer.input_tokens is not None and answer.output_tokens is not None:
        # providers answer with the exact model, of which the price may not be listed apart
        prices = (
            price(
                model,
                provider=settings.provider,
                base_url=settings.base_url,
                input_tokens=answer.input_tokens,
                output_tokens=answer.output_tokens,
                cached_tokens=answer.cached_tokens or 0,
                written_tokens=answer.written_tokens,
            )
            for model in (answer.model, settings.model)
            if model
        )
        usd = next((p for p in prices if p is not None), None)
    return Usage(
        model=answer.model or settings.model,
        input_tokens=answer.input_tokens,
        cached_tokens=answer.cached_tokens,
        output_tokens=answer.output_tokens,
        usd=usd,
        seconds=seconds,
    )
