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


def api(routes: Iterable[Route]) -> dict[str, Any]:
    """OpenAPI of the server itself: every route, its parameters, and what its handler says."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        names = [name.strip("{}") for name in route.path.split("/") if name.startswith("{")]
        path = [_text_parameter(name, "path") for name in names]
        query = [_text_parameter(name, "query") for name in route.params.split()]
        summary = (route.handler.__doc__ or "").strip().partition("\n")[0]
        for method in route.methods.split("|"):
            operation: dict[str, Any] = {
                "operationId": f"{method.lower()} {route.path}",
                "summary": summary,
                "parameters": [*path, *query],
                "responses": {"200": {"description": "done"}, "default": _ERROR},
            }
            if route.is_open:
                operation["security"] = []
            if method in ("POST", "PUT"):
                anything = {"schema": {"type": "object"}}
                kinds = ("application/x-www-form-urlencoded", "application/json")
                operation["requestBody"] = {"content": dict.fromkeys(kinds, anything)}
            paths.setdefault(route.path, {})[method.lower()] = operation
    return {
        "openapi": "3.0.3",
        "info": {"title": "mini-tb", "version": __version__},
        "security": [{"bearer": []}, {"query": []}],
        "components": {"securitySchemes": _SECURITY},
        "paths": paths,
    }


def _text_parameter(name: str, place: str) -> dict[str, Any]:
    is_path = place == "path"
    return {"name": name, "in": place, "required": is_path, "schema": {"type": "string"}}


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
