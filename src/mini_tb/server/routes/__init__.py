"""The routes of Tinybird's API, one module a family; the ones asked most often come first."""

from mini_tb.server.routes import (
    analyze,
    datasources,
    deployments,
    events,
    examples,
    imports,
    jobs,
    local,
    pipes,
    sql,
    tokens,
    variables,
    workspaces,
)

ROUTES = [
    *pipes.HOT_ROUTES,
    *events.ROUTES,
    *sql.ROUTES,
    *pipes.ROUTES,
    *imports.ROUTES,
    *analyze.ROUTES,
    *datasources.ROUTES,
    *tokens.ROUTES,
    *jobs.ROUTES,
    *deployments.ROUTES,
    *workspaces.ROUTES,
    *variables.ROUTES,
    *examples.ROUTES,
    *local.ROUTES,
]
