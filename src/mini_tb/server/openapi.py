"""OpenAPI 3: of a workspace's endpoints that a token may read, and of the server's own routes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mini_tb import __version__

if TYPE_CHECKING:
    from mini_tb.project import Pipe
    from mini_tb.server.app import Route
    from mini_tb.template import Parameter

_SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    "Boolean": {"type": "boolean"},
    "Date": {"type": "string", "format": "date"},
    "DateTime": {"type": "string"},
    "DateTime64": {"type": "string"},
    "Float32": {"type": "number", "format": "float"},
    "Float64": {"type": "number", "format": "double"},
    "Float": {"type": "number"},
    "Int32": {"type": "integer", "format": "int32"},
    "Int64": {"type": "integer", "format": "int64"},
    "Array": {"type": "array", "items": {"type": "string"}},
    "JSON": {"type": "string"},
}
FORMATS = ("json", "csv", "ndjson", "parquet", "prometheus")


def schema_of(type_name: str) -> dict[str, Any]:
    """The JSON schema of a template type."""
    found = _SCHEMAS.get("Array" if type_name.startswith("Array") else type_name)
    if found is None and type_name.startswith(("Int", "UInt")):
        found = {"type": "integer"}
    return dict(found or {"type": "string"})


def parameter(found: Parameter) -> dict[str, Any]:
    """One query parameter of an endpoint."""
    schema = schema_of(str(found.type))
    if found.default is not None:
        schema["default"] = found.default
    documentation = found.documentation
    if documentation.get("enum"):
        schema["enum"] = documentation["enum"]
    item: dict[str, Any] = {
        "name": str(found.name),
        "in": "query",
        "required": found.is_required,
        "schema": schema,
    }
    if schema.get("type") == "array":
        item |= {"style": "form", "explode": False}
    for key in ("description", "example"):
        if documentation.get(key) is not None:
            item[key] = documentation[key]
    return item


_ERROR = {
    "description": "what is wrong",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["error"],
                "properties": {"error": {"type": "string"}, "documentation": {"type": "string"}},
            }
        }
    },
}


def _answer(columns: Sequence[tuple[str, str]] | None) -> dict[str, Any]:
    row: dict[str, Any] = {"type": "object"}
    if columns is not None:
        row["properties"] = {name: {"description": type_} for name, type_ in columns}
    named = {"name": {"type": "string"}, "type": {"type": "string"}}
    return {
        "type": "object",
        "properties": {
            "meta": {"type": "array", "items": {"type": "object", "properties": named}},
            "data": {"type": "array", "items": row},
            "rows": {"type": "integer"},
            "rows_before_limit_at_least": {"type": "integer"},
            "statistics": {
                "type": "object",
                "properties": {
                    "elapsed": {"type": "number"},
                    "rows_read": {"type": "integer"},
                    "bytes_read": {"type": "integer"},
                },
            },
        },
    }


_FLAG = {"type": "boolean"}
_MODE = {"type": "string", "enum": ["append", "replace"]}
_PARAMETERS: Mapping[str, Mapping[str, Any]] = {
    "_mode": _MODE,
    "allow_destructive_operations": _FLAG,
    "auto_promote": _FLAG,
    "cascade": _FLAG,
    "check": _FLAG,
    "dry_run": _FLAG,
    "expiration_time": {"type": "integer", "minimum": 0},
    "explain": _FLAG,
    "include_deleted": _FLAG,
    "mode": _MODE,
    "only_environments": _FLAG,
    "scope": {"type": "array", "items": {"type": "string", "example": "PIPES:READ:name"}},
    "truncate": _FLAG,
    "wait": _FLAG,
    "with_connections": _FLAG,
    "with_environments": _FLAG,
    "with_organization": _FLAG,
    "with_token": _FLAG,
}
"""The parameters of routes that are more than a text."""
_TEXT = {"type": "string"}
_BYTES = {"type": "string", "format": "binary"}
_SCOPES = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["type"],
        "properties": {
            "type": {"type": "string", "example": "PIPES:READ"},
            "resource": _TEXT,
            "fixed_params": {"type": "object"},
            "filter": _TEXT,
        },
    },
}
_JSON, _FORM = "application/json", "application/x-www-form-urlencoded"
_NDJSON, _PARQUET = "application/x-ndjson", "application/vnd.apache.parquet"


def _body(route: Route) -> dict[str, Any]:
    """What the body of a request may be, by media type."""
    names = route.params.split()
    form = {"type": "object", "properties": {name: _schema(name) for name in names}}
    if route.body == "sql":
        return {"text/plain": {"schema": _TEXT}, _FORM: {"schema": form}, _JSON: {"schema": form}}
    if route.body == "events":
        return {_NDJSON: {"schema": _TEXT}, _JSON: {"schema": {"type": "object"}}}
    if route.body == "file":
        upload = {"type": "object", "properties": {"csv": _BYTES}}
        raw = {kind: {"schema": _BYTES} for kind in ("text/csv", _NDJSON, _PARQUET)}
        return {**raw, "multipart/form-data": {"schema": upload}}
    if route.body == "project":
        files = {"type": "array", "items": _BYTES}
        schema = {"type": "object", "properties": {"data_project://": files}}
        return {"multipart/form-data": {"schema": schema}}
    if route.body == "scopes":
        limits = {"type": "object", "properties": {"rps": {"type": "number"}}}
        named = {"name": _TEXT, "scopes": _SCOPES, "limits": limits}
        return {
            _JSON: {"schema": {"type": "object", "properties": named}},
            _FORM: {"schema": form},
        }
    return {_FORM: {"schema": form}, _JSON: {"schema": form}}


def api(routes: Iterable[Route]) -> dict[str, Any]:
    """OpenAPI of the server itself: every route, its parameters, and what its handler says."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        names = [name.strip("{}") for name in route.path.split("/") if name.startswith("{")]
        path = [_parameter(name, "path") for name in names]
        query = [_parameter(name, "query") for name in route.params.split()]
        summary = (route.handler.__doc__ or "").strip().partition("\n")[0]
        for method in route.methods.split("|"):
            done = {status: {"description": "done"} for status in route.success.split("|")}
            operation: dict[str, Any] = {
                "operationId": f"{method.lower()} {route.path}",
                "summary": summary,
                "parameters": [*path, *query],
                "responses": {**done, "default": _ERROR},
            }
            if route.is_open:
                operation["security"] = []
            if method in ("POST", "PUT"):
                operation["requestBody"] = {"content": _body(route)}
            paths.setdefault(route.path, {})[method.lower()] = operation
    return {
        "openapi": "3.0.3",
        "info": {"title": "mini-tb", "version": __version__},
        "security": [{"bearer": []}, {"query": []}],
        "components": {"securitySchemes": _SECURITY},
        "paths": paths,
    }


def _parameter(name: str, place: str) -> dict[str, Any]:
    return {"name": name, "in": place, "required": place == "path", "schema": _schema(name)}


def _schema(name: str) -> dict[str, Any]:
    return dict(_PARAMETERS.get(name, _TEXT))


_SECURITY = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "query": {"type": "apiKey", "in": "query", "name": "token"},
}


def document(
    endpoints: Iterable[tuple[Pipe, Sequence[Parameter]]],
    *,
    server: str,
    workspace: str,
) -> dict[str, Any]:
    """The document: one path an endpoint."""
    paths: dict[str, Any] = {}
    for pipe, parameters in endpoints:
        content = {"application/json": {"schema": _answer(None)}}
        operation = {
            "operationId": pipe.name,
            "summary": pipe.description.strip().partition("\n")[0] or pipe.name,
            "description": pipe.description.strip(),
            "tags": [workspace],
            "parameters": [parameter(p) for p in parameters],
            "responses": {
                "200": {"description": "the rows", "content": content},
                "400": _ERROR,
                "403": _ERROR,
            },
        }
        paths[f"/v0/pipes/{pipe.name}.json"] = {"get": operation}
    return {
        "openapi": "3.0.3",
        "info": {"title": workspace, "version": __version__},
        "servers": [{"url": server}],
        "security": [{"bearer": []}, {"query": []}],
        "components": {"securitySchemes": _SECURITY},
        "paths": paths,
    }
