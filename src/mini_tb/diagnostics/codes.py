"""The registry of diagnostic codes: stable for ever, one line of meaning each.

`DF` datafile · `TM` template · `NM` names and graph · `TY` types · `SQ` SQL and dialect ·
`EN` engine difference · `PL` plan safety · `IN` ingestion · `AU` auth · `CF` config · `RT` runtime.
A family adds its rows here; a test checks that every code used in the source is registered.
"""

CODES: dict[str, str] = {
    "SQ001": "the query's syntax is wrong",
    "SQ002": "only one SELECT can run here",
    "SQ003": "the query is nested too deep",
    "SQ004": "the type in a cast does not exist",
}
