"""Requests that schemathesis makes of the server's own OpenAPI document, over all its routes, in a
workspace that holds something: no answer is a 5xx, and every error has the one shape.

Long: 5,000 requests.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from http_client import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from populated import new_workspace, populate

from mini_tb.server.openapi import api
from mini_tb.server.routes import ROUTES

if TYPE_CHECKING:
    from schemathesis import APIOperation, Case

FULL = os.environ.get("MINI_TB_SECURITY") == "full"
EXAMPLES = 55 if FULL else 1
"""Requests of each operation; those that take nothing have one."""
SPENDING = ("truncate", "delete", "/v1/build", "/v1/deploy", "set-live", "refresh", "replace")
"""Calls that take away what other requests would look for; so does the method DELETE."""


@dataclass
class World:
    """A workspace that is filled again when a request has taken something from it."""

    client: Client
    names: dict[str, list[str]] = field(default_factory=dict)
    is_spent: bool = True
    asked: int = 0

    def renew(self) -> None:
        if self.is_spent:
            self.client = new_workspace(self.client)
            self.names = populate(self.client)
            self.is_spent = False

    def ask(self, case: Case) -> None:
        """Send the request, and check what comes."""
        self.asked += 1
        authorization = f"Bearer {self.client.token}"
        response = case.call(self.client.url, headers={"Authorization": authorization})
        said = f"{case.as_curl_command()}\n{response.status_code} {response.content[:500]!r}"
        assert response.status_code < 500, said
        if response.status_code >= 400:
            assert response.headers["content-type"] == ["application/json"], said
            error = response.json()["error"]
            assert isinstance(error, str) and error and "Traceback" not in error, said
        elif case.method == "DELETE" or any(part in case.path for part in SPENDING):
            self.is_spent = case.method != "GET"


@st.composite
def cases(draw: st.DrawFn, operation: APIOperation, names: dict[str, list[str]]) -> Case:
    """A request that fits the document or does not; its path often leads to something."""
    from schemathesis import GenerationMode

    modes = [GenerationMode.POSITIVE]
    if next(iter(operation.iter_parameters()), None) is not None:
        modes.append(GenerationMode.NEGATIVE)
    case: Case = draw(operation.as_strategy(generation_mode=draw(st.sampled_from(modes))))
    for parameters in (case.path_parameters, case.query):
        for name in list(parameters or ()):
            if name in names and draw(st.integers(0, 3)):
                parameters[name] = draw(st.sampled_from(names[name]))
    return case


def ask(world: World, operation: APIOperation) -> None:
    """Make requests of one operation."""

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=not FULL,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    def once(data: Any) -> None:
        world.renew()
        world.ask(data.draw(cases(operation, world.names)))

    once()


def test_every_operation(admin: Client) -> None:
    from schemathesis import openapi

    found = openapi.from_dict(api(ROUTES)).get_all_operations()
    operations = [operation.ok() for operation in found]
    described = {(operation.method.upper(), operation.path) for operation in operations}
    assert described == {(m, route.path) for route in ROUTES for m in route.methods.split("|")}
    world = World(admin)
    for operation in operations if FULL else operations[::3]:
        ask(world, operation)
    assert world.asked >= (5000 if FULL else len(operations) // 3)
