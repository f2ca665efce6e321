"""A ready-made address of an endpoint, for people to try."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from mini_tb.diagnostics import UserError
from mini_tb.server.app import Route
from mini_tb.server.call import Call
from mini_tb.server.reply import Reply
from mini_tb.server.resources import JOB_HOST


def query_http(call: Call) -> Any:
    """The address of `pipe` with the defaults of its parameters. Clients put their own host in
    place of the one it begins with."""
    pipe = call.workspace.pipe(call.required("pipe"), staging=call.staging)
    call.access.check("PIPES:READ", pipe.name)
    if pipe.endpoint is None:
        raise UserError.of("NM303", f"pipe `{pipe.name}` has no endpoint", status=404)
    lineage = call.server.lineages.of(call.workspace)
    values: dict[str, str] = {}
    for node in pipe.nodes:
        for parameter in lineage.parameters(node):
            if parameter.default not in (None, "") and parameter.used_in is None:
                values.setdefault(str(parameter.name), str(parameter.default))
    if call.param("q"):
        values["q"] = call.param("q")
    if call.staging:
        values["__tb__deployment"] = "staging"
    values["token"] = call.token or ""
    extension = call.param("format") or "json"
    return Reply(
        f"{JOB_HOST}/v0/pipes/{pipe.name}.{extension}?{urlencode(values)}",
        content_type="text/plain",
    )


ROUTES = [Route("/examples/query.http", query_http, params="pipe q format __tb__deployment")]
