"""Order, reach and rings of nodes."""

from __future__ import annotations

from mini_tb.project import Graph, load_project


def graph_of(**pipes: dict[str, str]) -> Graph:
    """The graph of pipes whose nodes select from the tables named."""
    files = {"t.datasource": "SCHEMA >\n    a Int8\n", "u.datasource": "SCHEMA >\n    a Int8\n"}
    for pipe, nodes in pipes.items():
        files[f"{pipe}.pipe"] = "".join(
            f"NODE {node}\nSQL >\n    SELECT 1 FROM {tables}\n" for node, tables in nodes.items()
        )
    return load_project(files).graph


def test_every_node_comes_after_what_it_reads() -> None:
    graph = graph_of(p={"d": "b, c", "b": "c, t", "c": "q", "idle": "u"}, q={"x": "y", "y": "t"})
    chain = [node for _, node in graph.chain("p", "d")]
    # `q` is its last node, and `x` is not needed for it.
    assert chain == ["y", "c", "b", "d"]
    assert graph.datasources("p", "d") == ["t"]


def test_rings_are_found_once() -> None:
    graph = graph_of(p={"a": "b", "b": "c", "c": "a, t", "d": "a"}, q={"x": "y", "y": "x"})
    rings = [sorted(node for _, node in ring) for ring, _ in graph.cycles()]
    assert rings == [["a", "b", "c"], ["x", "y"]]


def test_a_ring_does_not_hang_the_order() -> None:
    graph = graph_of(p={"a": "b", "b": "a"})
    assert graph.chain("p", "a") == [("p", "b"), ("p", "a")]


def test_a_long_chain_is_no_problem() -> None:
    nodes = {f"n{i}": f"n{i + 1}" for i in range(3000)} | {"n3000": "t"}
    graph = graph_of(p=nodes)
    assert len(graph.chain("p", "n0")) == 3001
    assert list(graph.cycles()) == []
