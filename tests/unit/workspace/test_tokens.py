"""Tokens: made from the seed, found by text; JWTs checked by signature, time and workspace."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC

import jwt
import pytest
from workspace_setup import Clock

from mini_tb.diagnostics import UserError
from mini_tb.workspace import Scope, Workspace


def refused(workspace: Workspace, text: str) -> str:
    with pytest.raises(UserError) as error:
        workspace.tokens.access(text)
    assert error.value.status == 403
    return error.value.diagnostics[0].code


def test_texts_come_from_the_seed(clock: Clock) -> None:
    texts = []
    for seed in (b"a" * 32, b"a" * 32, b"b" * 32):
        with Workspace.open(None, seed=seed, clock=clock) as opened:
            opened.tokens.create("reader", [Scope.parse("DATASOURCES:READ:t")])
            texts.append([token.text for token in opened.tokens.list()])
    assert texts[0] == texts[1]
    assert not set(texts[0]) & set(texts[2])
    assert all(text.startswith("p.ey") for text in texts[0])


def test_a_token_is_found_by_name_id_and_text(workspace: Workspace) -> None:
    token = workspace.tokens.create("reader", [Scope.parse("PIPES:READ:top")], description="d")
    for key in ("reader", token.id, token.text):
        assert workspace.tokens.find(key) == token
    found = workspace.tokens.access(token.text)
    assert found.may("PIPES:READ", "top") and not found.may("PIPES:READ", "other")
    with pytest.raises(UserError) as error:
        workspace.tokens.create("reader", [])
    assert error.value.status == 409


def test_a_refreshed_or_deleted_token_is_worthless(workspace: Workspace) -> None:
    token = workspace.tokens.create("reader", [])
    renewed = workspace.tokens.refresh(token)
    assert refused(workspace, token.text) == "AU001"
    assert workspace.tokens.access(renewed.text).name == "reader"
    workspace.tokens.delete(renewed)
    assert refused(workspace, renewed.text) == "AU001"
    with pytest.raises(UserError):
        workspace.tokens.delete(workspace.tokens.admin)


@pytest.mark.parametrize(
    "text",
    ["DATASOURCES:READ", "PIPES:READ:top:x = 1", "NOPE", "NOPE:x", "ADMIN:x", "DATASOURCES"],
)
def test_unknown_scopes_are_refused(text: str) -> None:
    with pytest.raises(UserError) as error:
        Scope.parse(text)
    assert error.value.diagnostics[0].code == "AU002"


def expire(clock: Clock) -> int:
    return int(clock.now.replace(tzinfo=UTC).timestamp()) + 60


def test_a_jwt_is_good_until_it_expires(workspace: Workspace, clock: Clock) -> None:
    scope = Scope("PIPES:READ", "top", fixed_params={"tenant": "a"})
    text = workspace.tokens.sign("someone", [scope], expire(clock), rps=3)
    found = workspace.tokens.access(text)
    assert (found.name, found.rps, found.fixed_params("top")) == ("someone", 3.0, {"tenant": "a"})
    clock.advance(seconds=61)
    assert refused(workspace, text) == "AU007"


FORGERIES: dict[str, Callable[[dict[str, object], str], str]] = {
    "another key": lambda claims, key: jwt.encode(claims, "k" * 40, algorithm="HS256"),
    "no signature": lambda claims, key: jwt.encode(claims, None, algorithm="none"),
    "another algorithm": lambda claims, key: jwt.encode(claims, key, algorithm="HS512"),
    "another workspace": lambda claims, key: jwt.encode(
        claims | {"workspace_id": "other"}, key, algorithm="HS256"
    ),
    "no expiry": lambda claims, key: jwt.encode(
        {k: v for k, v in claims.items() if k != "exp"}, key, algorithm="HS256"
    ),
    "expiry that is no number": lambda claims, key: jwt.encode(
        claims | {"exp": "tomorrow"}, key, algorithm="HS256"
    ),
    "no scopes": lambda claims, key: jwt.encode(
        {k: v for k, v in claims.items() if k != "scopes"}, key, algorithm="HS256"
    ),
    "garbage": lambda claims, key: "a.b.c",
    "a changed payload": lambda claims, key: (
        jwt.encode(claims, key, algorithm="HS256")[:-4] + "AAAA"
    ),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_forged_jwts_are_refused(workspace: Workspace, clock: Clock, name: str) -> None:
    claims: dict[str, object] = {
        "workspace_id": workspace.id,
        "name": "x",
        "exp": expire(clock),
        "scopes": [{"type": "ADMIN"}],
    }
    admin = workspace.tokens.admin.text
    assert workspace.tokens.access(jwt.encode(claims, admin, algorithm="HS256")).is_admin
    assert refused(workspace, FORGERIES[name](claims, admin)) == "AU001"


def test_refreshing_the_admin_token_ends_its_jwts(workspace: Workspace, clock: Clock) -> None:
    text = workspace.tokens.sign("someone", [], expire(clock))
    workspace.tokens.refresh(workspace.tokens.admin)
    assert refused(workspace, text) == "AU001"
