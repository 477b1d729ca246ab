"""Texts from a language model behind any OpenAI-compatible server (vLLM, Ollama, llama.cpp, OpenAI itself)."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from pydantic import SecretStr

from workbench.clock import now
from workbench.enums import Gateway, GatewayState
from workbench.errors import GatewayFault
from workbench.gateways.base import Probe, Scrubber
from workbench.gateways.http import trust
from workbench.gateways.watchdog import Watchdog

if TYPE_CHECKING:  # the client takes most of a second to import: only for who uses a model
    import openai

#: A probe is not a generation: it must not take minutes.
PROBE_SECONDS: Final = 15.0
WARN_BELOW: Final = 0.1


class ModelClient:
    """Asks one model. Safe to use from several threads; each request has a connection of its own."""

    def __init__(self, *, base_url: str, model: str | None, api_key: SecretStr | None, seconds: float) -> None:
        self.base_url, self.model, self._key, self._seconds = base_url, model, api_key, seconds
        self._clean = Scrubber(api_key)

    def __repr__(self) -> str:
        return f"<ModelClient {self.model} at {self.base_url}>"

    def complete(self, system: str, user: str) -> str:
        """The model's answer to ``user`` under the instruction ``system``, stripped.

        Blocks until the answer is whole, at most the time limit. Asks once: nothing is retried.
        Raises :class:`GatewayFault` when there is no answer, or none that is whole.
        """
        if not self.model:
            raise GatewayFault("No model is chosen. Set WORKBENCH_OPENAI_MODEL.")
        with self._client(self._seconds) as client:
            answer: Any = client.chat.completions.create(
                model=self.model,
                messages=[{"role": "system", "content": system}, {"role": "user", "content": user}],
            )
        return whole_text(answer)

    def probe(self) -> Probe:
        """Ask for the list of models. Never raises for what it finds."""
        started = time.perf_counter()
        try:
            with self._client(min(PROBE_SECONDS, self._seconds)) as client:
                reply = client.models.with_raw_response.list()
                # The client's own parser takes anything but a list of models for a fault of the program.
                listed = json.loads(reply.http_response.content)
            state, detail, facts = judge_models(listed, self.model, reply.headers)
        except GatewayFault as fault:
            state = GatewayState.WARN if _is_busy(fault.__cause__) else GatewayState.DOWN
            detail, facts = fault.message, {}
        latency = round((time.perf_counter() - started) * 1000, 1)
        return Probe(Gateway.OPENAI, self.model or "", state, detail, latency, facts)

    @contextmanager
    def _client(self, seconds: float) -> Iterator[openai.OpenAI]:
        """The official client for one request, bounded as a whole. What it raises comes out as GatewayFault."""
        import openai

        watchdog = Watchdog()

        def trace(event: str, info: Mapping[str, Any]) -> None:
            if event.endswith("connect_tcp.complete"):
                watchdog.watch(info["return_value"].get_extra_info("socket"))

        def bound(request: Any) -> None:
            request.extensions["trace"] = trace

        # Organisation and project would be read from the environment, past the settings.
        unset: dict[str, Any] = {"OpenAI-Organization": openai.Omit(), "OpenAI-Project": openai.Omit()}
        try:
            with (
                openai.OpenAI(
                    api_key=self._key.get_secret_value() if self._key else "none",
                    base_url=self.base_url,
                    max_retries=0,
                    timeout=seconds,
                    default_headers=unset,
                    http_client=openai.DefaultHttpxClient(
                        timeout=seconds, verify=trust(), follow_redirects=False, event_hooks={"request": [bound]}
                    ),
                ) as client,
                watchdog.limit(seconds),
            ):
                yield client
        except openai.APIStatusError as error:
            raise self._refused(error) from error
        except (openai.OpenAIError, ValueError) as error:
            if watchdog.expired or isinstance(error, openai.APITimeoutError):
                raise GatewayFault(
                    f"The language model gave no whole answer within {seconds:g} seconds. Try again, or raise "
                    "WORKBENCH_MODEL_TIMEOUT_SECONDS."
                ) from error
            if isinstance(error, openai.APIConnectionError):
                raise GatewayFault(
                    f"The language model at {self.base_url} cannot be reached. Check WORKBENCH_OPENAI_BASE_URL and "
                    "that the server runs."
                ) from error
            raise GatewayFault(
                f"The server at {self.base_url} did not answer as an OpenAI-compatible one does. Check "
                "WORKBENCH_OPENAI_BASE_URL (it often ends in /v1)."
            ) from error
        finally:
            watchdog.close()

    def _refused(self, error: openai.APIStatusError) -> GatewayFault:
        status, said = error.status_code, self._clean(_message(error))
        if status in (401, 403):
            return GatewayFault(
                f"The language model's server refused the key ({status}): {said} Check WORKBENCH_OPENAI_API_KEY."
            )
        if status == 404:
            return GatewayFault(
                f"The language model's server does not know this (404): {said} Check WORKBENCH_OPENAI_MODEL and "
                "WORKBENCH_OPENAI_BASE_URL."
            )
        if status == 429 and error.code == "insufficient_quota":
            return GatewayFault(f"The language model's account has no quota left: {said} Trying again will not help.")
        if status == 429:
            after = error.response.headers.get("retry-after", "")
            moment = now() + timedelta(seconds=int(after)) if after.isdecimal() and len(after) < 7 else None
            return GatewayFault(
                f"The language model's server is asked too often: {said} Try again later.", retry_at=moment
            )
        again = " Try again later." if status >= 500 else ""
        return GatewayFault(f"The language model's server answered {status}: {said}{again}")


def whole_text(answer: Any) -> str:
    """The text of a chat completion. Raises :class:`GatewayFault` when it is cut off, held back, empty or none."""
    choices = getattr(answer, "choices", None)
    if not choices:
        raise GatewayFault(
            "The language model's server answered, but with no text in it. Check WORKBENCH_OPENAI_BASE_URL."
        )
    reason = getattr(choices[0], "finish_reason", None)
    if reason == "length":
        raise GatewayFault(
            "The language model's answer was cut off at its length limit. Ask for less, or raise the limit."
        )
    if reason == "content_filter":
        raise GatewayFault("The language model's server held the answer back (content filter). Change the instruction.")
    content = getattr(getattr(choices[0], "message", None), "content", None)
    if not isinstance(content, str) or not content.strip():
        raise GatewayFault("The language model's answer is empty. Try again, or change the instruction.")
    return content.strip()


def judge_models(
    listed: Any, model: str | None, headers: Mapping[str, str]
) -> tuple[GatewayState, str, dict[str, Any]]:
    """What the list of models and its headers say. Absent headers are unknown, not unhealthy."""
    data = listed.get("data") if isinstance(listed, dict) else None
    if not isinstance(data, list):
        return GatewayState.WARN, "The server answers, but not with a list of models.", {}
    names = [str(entry.get("id", "")) for entry in data if isinstance(entry, dict)]
    facts: dict[str, Any] = {"models": len(names)} | _headroom(headers)
    if not model:
        return GatewayState.WARN, "The server answers. Choose a model: set WORKBENCH_OPENAI_MODEL.", facts
    if model not in names:
        return GatewayState.WARN, f"The server answers, but does not list the model {model}.", facts
    if "remaining" in facts and facts["remaining"] < facts["limit"] * WARN_BELOW:
        return GatewayState.WARN, f"Only {facts['remaining']} of {facts['limit']} requests are left.", facts
    return GatewayState.OK, f"The server answers and has {model}.", facts


def _headroom(headers: Mapping[str, str]) -> dict[str, int]:
    limit, remaining = headers.get("x-ratelimit-limit-requests", ""), headers.get("x-ratelimit-remaining-requests", "")
    if not (limit.isdecimal() and remaining.isdecimal()):
        return {}
    return {"limit": int(limit), "remaining": int(remaining)}


def _is_busy(error: BaseException | None) -> bool:
    """Whether the server only limits how often it is asked, which waiting mends."""
    return getattr(error, "status_code", None) == 429 and getattr(error, "code", None) != "insufficient_quota"


def _message(error: openai.APIStatusError) -> str:
    body = error.body
    said = body.get("message") if isinstance(body, dict) else None
    return said if isinstance(said, str) and said else "no reason given."
