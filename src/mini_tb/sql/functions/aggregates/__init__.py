"""Aggregate functions as a system: descriptions (`base`), combinators over them, one registry.

`rows` is what an aggregate runs over; `base` describes one function; `simple`, `moments`, … are
the functions by family; `combinators` wrap bound aggregates; `registry` reads names.
"""
