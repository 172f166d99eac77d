"""The network below ccxt: HTTP answers without a network, so that ccxt's own requests, error
handling and parsing run."""

import json
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter

from levtoken.prices.client import Client, connect
from levtoken.prices.exchanges import EXCHANGES

Query = dict[str, str]


@dataclass(frozen=True)
class Answer:
    """An HTTP answer."""

    body: object
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    def to_response(self, request: PreparedRequest) -> Response:
        response = Response()
        response.status_code = self.status
        response.reason = "OK" if self.status == 200 else "Refused"
        response.url, response.request = request.url, request
        response.headers.update({"Content-Type": "application/json", **self.headers})
        text = self.body if isinstance(self.body, str) else json.dumps(self.body)
        response._content = text.encode()
        return response


class Wire(BaseAdapter):
    """Answers what `server` says to a path and its query, unless something else is due: `faults`
    are used up first, those of a path one after the other; None lets the server answer."""

    def __init__(self, server: Callable[[str, Query], object]) -> None:
        super().__init__()
        self.server = server
        self.faults: dict[str, deque[Answer | BaseException | None]] = defaultdict(deque)
        self.asked: list[tuple[str, Query]] = []

    def send(self, request: PreparedRequest, *_: Any, **__: Any) -> Response:
        url = urlsplit(request.url or "")
        query = dict(parse_qsl(url.query))
        self.asked.append((url.path, query))
        fault = self.faults[url.path].popleft() if self.faults[url.path] else None
        if isinstance(fault, BaseException):
            raise fault
        answer = fault or Answer(self.server(url.path, query))
        return answer.to_response(request)

    def close(self) -> None:
        """Nothing is open."""

    def queries(self, path: str) -> list[Query]:
        """What a path was asked."""
        return [query for asked, query in self.asked if asked == path]


def connected(exchange: str, wire: Wire) -> Client:
    """The client that the command uses, on that wire and without its pauses."""
    client: Any = connect(EXCHANGES[exchange])
    client.session.mount("https://", wire)
    client.session.mount("http://", wire)
    client.rateLimit = 0
    return client
