"""ClickHouse's own HTTP interface, read-only, for its clients and for BI tools."""

from __future__ import annotations

from mini_tb.server.app import Route

ROUTES: list[Route] = []
