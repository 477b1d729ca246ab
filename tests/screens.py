"""Open pages without a browser: what Chromium would say to the server over its websocket, in Bokeh's own protocol.

A :class:`Screen` fetches the page, draws its document out of it, says that it is ready, and from then on reads what
the server sends, as an open tab does. It clicks by sending what the page's JavaScript would send.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
from bokeh.client.websocket import WebSocketClientConnectionWrapper
from bokeh.protocol import Protocol
from bokeh.protocol.message import Message
from bokeh.protocol.messages.patch_doc import patch_doc
from bokeh.protocol.receiver import Receiver
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

PATIENCE_SECONDS = 20.0

#: One change that the server told: kind, model, attr, new and so on, as in a PATCH-DOC message.
Event = dict[str, Any]
Sign = Callable[[Event], bool]


class Screen:
    """One open tab. Make it with :meth:`open`, end it with :meth:`close`."""

    def __init__(self, socket: Any, address: str) -> None:
        self.address = address
        self._socket = socket
        self._wrapped = WebSocketClientConnectionWrapper(socket)
        self._protocol = Protocol()
        self._receiver = Receiver(self._protocol)
        #: Every model the server has told of: id -> its name and what was first told of it.
        self.models: dict[str, dict[str, Any]] = {}
        self._waiting: list[tuple[Sign, asyncio.Future[float]]] = []
        self._reading: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, client: httpx.AsyncClient, address: str, query: str = "") -> Screen:
        """The page at ``address`` (with a slash at its end) with ``query``, connected, drawn and ready."""
        page = (await client.get(address + query)).raise_for_status().text
        found = re.search(r'"token":"([^"]+)"', page)
        if found is None:
            raise RuntimeError(f"{address} did not answer with a page of the workbench")
        request = HTTPRequest(address.replace("http", "ws", 1) + "ws")
        socket = await websocket_connect(request, subprotocols=["bokeh", found[1]], max_message_size=100_000_000)
        socket.protocol.set_nodelay(True)  # as every browser does
        self = cls(socket, address)
        await self._expect("ACK")
        await self._send(self._protocol.create("PULL-DOC-REQ"))
        reply = await self._expect("PULL-DOC-REPLY")
        self._learn(reply.content["doc"])
        self._reading = asyncio.create_task(self._read())
        await self._tell(_event("document_ready", []))
        return self

    async def close(self) -> None:
        """Close the tab. The server lets go of its session some seconds later."""
        if self._reading is not None:
            self._reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reading
        self._socket.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._gone(), PATIENCE_SECONDS)

    async def _gone(self) -> None:
        """The server has closed its side too: a loop that ends sooner leaves the socket open."""
        while await self._socket.read_message() is not None:
            pass

    # What is clicked

    async def message(self, component: str, answered: Sign, **message: Any) -> float:
        """Send what a component of ours sends; the seconds until ``answered`` is true of something told."""
        entries = [["model", {"id": self.model(component)}], ["data", _map(message)]]
        return await self._act(_event("data_event", entries), answered)

    async def choose(self, component: str, answered: Sign, *, label: str, value: Any) -> float:
        """Set the value of an input, such as the choice of a Select."""
        data = self._data(self.model(component, label=label))
        self.models[data]["attributes"]["value"] = value  # the server does not tell what it was told
        change = {"kind": "ModelChanged", "model": {"id": data}, "attr": "value", "new": value}
        return await self._act(change, answered)

    async def set(self, component: str, attribute: str, value: Any) -> None:
        """Tell that the browser has changed an attribute of a component, such as a dialog that was closed."""
        data = self._data(self.model(component))
        self.models[data]["attributes"][attribute] = value  # the server does not tell what it was told
        await self._tell({"kind": "ModelChanged", "model": {"id": data}, "attr": attribute, "new": value})

    def model(self, component: str, **attributes: Any) -> str:
        """The id of the newest component of this class whose data have these ``attributes``."""
        for id, model in reversed(self.models.items()):
            if model["attributes"].get("class_name") == component:
                told = self.models[self._data(id)]["attributes"]
                if all(told.get(name) == value for name, value in attributes.items()):
                    return id
        raise LookupError(f"The page shows no {component} {attributes or ''}")

    def latest(self, component: str, **attributes: Any) -> dict[str, Any]:
        """The component's data as last told."""
        data = self.models[self._data(self.model(component, **attributes))]
        return {name: _plain(value) for name, value in data["attributes"].items()}

    def changed(self, component: str, attribute: str, **attributes: Any) -> Sign:
        """A change of ``attribute`` of the newest component with these ``attributes``."""
        data = self._data(self.model(component, **attributes))
        return lambda event: (
            event["kind"] == "ModelChanged" and event["attr"] == attribute and event["model"]["id"] == data
        )

    def shown(self, component: str) -> Sign:
        """A new component of this class."""
        return lambda event: any(model["attributes"].get("class_name") == component for model in _objects(event))

    def _data(self, id: str) -> str:
        return str(self.models[id]["attributes"]["data"]["id"])

    async def told(self, sign: Sign) -> float:
        """When the server next tells something that ``sign`` is true of, by the clock of ``time.perf_counter``."""
        answer = asyncio.get_running_loop().create_future()
        waiting = sign, answer
        self._waiting.append(waiting)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return float(await answer)
        finally:
            self._waiting.remove(waiting)

    async def _act(self, event: Event, answered: Sign) -> float:
        answer = asyncio.get_running_loop().create_future()
        waiting = answered, answer
        self._waiting.append(waiting)
        try:
            began = time.perf_counter()
            await self._tell(event)
            async with asyncio.timeout(PATIENCE_SECONDS):
                return float(await answer - began)
        finally:
            self._waiting.remove(waiting)

    # The wire

    async def _tell(self, event: Event) -> None:
        # Made by hand: Bokeh would want a document of its own to take the change from.
        await self._send(patch_doc(patch_doc.create_header(), {}, {"events": [event]}))

    async def _send(self, message: Message[Any]) -> None:
        await message.send(self._wrapped)

    async def _next(self) -> Message[Any]:
        while True:
            fragment = await self._socket.read_message()
            if fragment is None:
                raise ConnectionError("The server closed the connection")
            message = await self._receiver.consume(fragment)
            if message is not None:
                return message

    async def _expect(self, kind: str) -> Message[Any]:
        message = await self._next()
        if message.msgtype != kind:
            raise RuntimeError(f"{message.msgtype} came in place of {kind}: {message.content}")
        return message

    async def _read(self) -> None:
        while True:
            message = await self._next()
            if message.msgtype == "ERROR":
                raise RuntimeError(message.content["text"])
            if message.msgtype != "PATCH-DOC":
                continue
            arrived = time.perf_counter()
            for event in message.content["events"]:
                self._learn(event)
                if event["kind"] == "ModelChanged" and event["model"]["id"] in self.models:
                    self.models[event["model"]["id"]]["attributes"][event["attr"]] = event["new"]
                for answered, answer in self._waiting:
                    if not answer.done() and answered(event):
                        answer.set_result(arrived)

    def _learn(self, told: object) -> None:
        self.models.update((model["id"], model) for model in _objects(told))


def _objects(told: object) -> Iterator[dict[str, Any]]:
    if isinstance(told, dict):
        if told.get("type") == "object" and "id" in told:
            yield {"attributes": {}, **told}
        told = list(told.values())
    if isinstance(told, list):
        for one in told:
            yield from _objects(one)


def _event(name: str, entries: list[Any]) -> Event:
    values = {"type": "map", "entries": entries}
    return {
        "kind": "MessageSent",
        "msg_type": "bokeh_event",
        "msg_data": {"type": "event", "name": name, "values": values},
    }


def _plain(told: Any) -> Any:
    """Lists and maps as Python has them."""
    if isinstance(told, list):
        return [_plain(one) for one in told]
    if isinstance(told, dict) and told.get("type") == "map":
        return {name: _plain(value) for name, value in told["entries"]}
    return told


def _map(values: dict[str, Any]) -> dict[str, Any]:
    return {"type": "map", "entries": [[name, value] for name, value in values.items()]}
