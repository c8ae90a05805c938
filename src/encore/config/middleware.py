"""What surrounds every request: its line in the log, its content policy, and the pages for what goes wrong."""

import logging
import time
import uuid
from collections.abc import Callable
from typing import Any

from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse

from encore.ledger.refusal import Refusal
from encore.web import errors

Respond = Callable[[HttpRequest], HttpResponse]
log = logging.getLogger("encore.request")

CONTENT_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "media-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)


class RequestLog:
    """Gives each request an incident number, and one line in the log when it is answered."""

    def __init__(self, respond: Respond) -> None:
        self.respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.incident = uuid.uuid4().hex[:12]  # type: ignore[attr-defined]
        queries = _Count()
        started = time.perf_counter()
        with connection.execute_wrapper(queries):
            response = self.respond(request)
        match = request.resolver_match
        fields = {
            "request": request.incident,  # type: ignore[attr-defined]
            "method": request.method,
            "route": f"/{match.route}" if match else None,
            "status": response.status_code,
            "ms": round((time.perf_counter() - started) * 1000, 1),
            "queries": queries.number,
        }
        log.info("answered", extra={"fields": fields})
        response["X-Request-Id"] = request.incident  # type: ignore[attr-defined]
        return response


class _Count:
    def __init__(self) -> None:
        self.number = 0

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        self.number += 1
        return execute(sql, params, many, context)


class ContentPolicy:
    """Nothing from elsewhere, and no script or style inside a page."""

    def __init__(self, respond: Respond) -> None:
        self.respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.respond(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_POLICY)
        response.headers.setdefault("Permissions-Policy", "geolocation=(), payment=()")
        return response


class Faults:
    """Turns what views raise into pages that say what happened and what can be done."""

    def __init__(self, respond: Respond) -> None:
        self.respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.respond(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        match exception:
            case Refusal():
                return errors.refused(request, exception)
            case OperationalError() | InterfaceError():
                log.error("database", exc_info=exception, extra={"fields": {"request": errors.incident(request)}})
                return errors.busy(request)
        return None
