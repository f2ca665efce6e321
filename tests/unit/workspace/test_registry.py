"""Many workspaces: made, found by their tokens, opened and closed, deleted."""

from __future__ import annotations

from pathlib import Path

import pytest
from workspace_setup import deployed, rows

from mini_tb.diagnostics import UserError
from mini_tb.workspace import Workspace
from mini_tb.workspace.registry import Registry

EVENTS = {"events.datasource": "SCHEMA >\n  n Int64\n"}


def test_tokens_and_data_stay_across_restarts(tmp_path: Path) -> None:
    with Registry(tmp_path, name="shop") as registry:
        made = registry.create("other")
        workspace, access = registry.authenticate(registry.token(made))
        assert (workspace.name, access.is_admin) == ("other", True)
        deployed(workspace, EVENTS)
        workspace.append("events", b'{"n": 1}')
        tokens = (registry.user_token, registry.admin_token, registry.token(made))
        assert registry.authenticate(registry.user_token)[0] is registry.main
    with Registry(tmp_path, name="shop") as registry:
        assert [entry.name for entry in registry.list()] == ["shop", "other"]
        again = registry.find("other")
        assert again == made
        assert (registry.user_token, registry.admin_token, registry.token(again)) == tokens
        assert rows(registry.get(made.id), "SELECT n FROM events") == [(1,)]
    with Workspace.open(tmp_path) as alone:
        assert alone.id == registry.list()[0].id


def test_workspaces_know_nothing_of_each_other(tmp_path: Path) -> None:
    with Registry(tmp_path) as registry:
        first, second = registry.create("first"), registry.create("second")
        deployed(registry.get(first.id), EVENTS)
        assert not registry.get(second.id).project.datasources
        jwt = registry.get(first.id).tokens.sign("x", [], 2**33)
        assert registry.authenticate(jwt)[0] is registry.get(first.id)
        with pytest.raises(UserError):
            registry.get(second.id).tokens.access(jwt)


@pytest.mark.parametrize("text", ["", "x", "p.x.y", "a.b.c", "p.eyJ1IjogIngifQ.z", "é.é.é"])
def test_what_is_no_token_is_refused(tmp_path: Path, text: str) -> None:
    with Registry(tmp_path) as registry, pytest.raises(UserError) as error:
        registry.authenticate(text)
    assert (error.value.status, error.value.diagnostics[0].code) == (403, "AU001")


def test_idle_workspaces_are_closed_and_open_again(tmp_path: Path) -> None:
    with Registry(tmp_path) as registry:
        entries = [registry.create(f"w{index}") for index in range(3)]
        for entry in entries:
            deployed(registry.get(entry.id), EVENTS)
        assert len(registry.open_workspaces) == 4
        assert registry.close_idle(idle_s=0) == 3
        assert len(registry.open_workspaces) == 1
        assert list(registry.get(entries[0].id).project.datasources) == ["events"]


def test_deleting_a_workspace_removes_it_and_its_branches(tmp_path: Path) -> None:
    with Registry(tmp_path) as registry:
        parent = registry.create("parent")
        branch = registry.create("branch", parent=parent.id)
        registry.get(branch.id)
        token = registry.token(parent)
        places = [tmp_path / ".mini-tb/workspaces" / entry.id for entry in (parent, branch)]
        registry.get(parent.id)
        assert all(place.exists() for place in places)
        registry.delete(parent.id)
        assert not any(place.exists() for place in places)
        assert len(registry.list()) == 1
        with pytest.raises(UserError):
            registry.authenticate(token)
        with pytest.raises(UserError) as error:
            registry.delete(parent.id)
        assert error.value.status == 404
        with pytest.raises(UserError):
            registry.delete(registry.main.id)


def test_names_are_taken_once(tmp_path: Path) -> None:
    with Registry(tmp_path) as registry:
        registry.create("mine")
        with pytest.raises(UserError) as error:
            registry.create("mine")
        assert error.value.status == 409


def test_a_refreshed_admin_token_is_the_workspace_token(tmp_path: Path) -> None:
    with Registry(tmp_path) as registry:
        entry = registry.create("mine")
        old = registry.token(entry)
        workspace = registry.get(entry.id)
        new = workspace.tokens.refresh(workspace.tokens.admin).text
    with Registry(tmp_path) as registry:
        known = registry.find("mine")
        assert known is not None and registry.token(known) == new != old
        assert registry.authenticate(new)[1].is_admin


def test_memory_is_freed_in_all_that_are_open_and_sound(tmp_path: Path) -> None:
    texts = "SELECT 'item ' || i % 50 AS k FROM range(3000) AS t(i)"
    joined = f"SELECT k, count(*) FROM ({texts}) JOIN ({texts} LIMIT 9) USING (k) GROUP BY k"
    notes = "SELECT sum(dead_nodes)::BIGINT FROM duckdb_eviction_queues()"
    with Registry(tmp_path) as registry:
        first, second = (registry.get(registry.create(name).id) for name in ("first", "second"))
        first.engine.close()
        while (before := second.engine.fetch(notes)[0][0]) <= 10_000:
            second.engine.fetch(joined)
        registry.free_memory()
        assert second.engine.fetch(notes)[0][0] < before / 10
