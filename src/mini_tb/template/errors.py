"""What can be wrong with a template or with the values given to it: one exception, many kinds."""

from __future__ import annotations

from typing import Any

# Every kind of error with its meaning: kinds are for programs, messages for people.
KINDS: dict[str, str] = {
    "cache_ttl_value": "`cache_ttl()` got a time it does not offer",
    "column_arg_type": "`columns()` got something that is not a comma-separated string",
    "column_default_missing": "`column()` has neither a value nor a default",
    "custom_error": "the template called `custom_error()`; its own status is the answer's",
    "date_format": "a date does not fit the format of a date difference",
    "error_function": "the template called `error()`",
    "expression_syntax": "an expression is not valid Python",
    "feature_value": "`activate()` or `disable()` got an unknown feature",
    "forbidden_construct": "an expression uses something that templates do not allow",
    "function_arity": "a function got too few or too many arguments",
    "index_error": "an index is past the end of a list or string",
    "json_get_on_non_object": "`.get()` of a value that is not a JSON object",
    "json_parse": "a value is not valid JSON",
    "missing_key": "a dictionary has no such key",
    "not_a_function": "a name is called that is not a function",
    "null_expression": "`{{…}}` evaluated to null",
    "null_identifier": "the name of a column or table is null",
    "python_type_error": "an operation does not fit the types of its values",
    "required_missing": "a parameter has neither a value nor a default",
    "reserved_parameter_name": "a parameter has a name that is taken, or no name at all",
    "secret_not_available": "the workspace has no such secret and there is no default",
    "sql_and_operand": "`sql_and()` got an unknown operator suffix",
    "template_parse": "a tag is malformed, unknown or forbidden",
    "too_much_work": "the template loops too often or builds too much text",
    "type_validation": "a value does not fit its declared type",
    "unclosed_block": "a block has no `{% end %}`",
    "unknown_named_argument": "a function got a keyword it does not have",
}

# These carry the template author's own words: nothing is added to them.
_BARE = frozenset({"error_function", "custom_error"})


class TemplateError(Exception):
    """The template, or a value given to it, is wrong.

    `kind` is one of `KINDS`; `detail` says what is wrong; `message` is `detail` as an HTTP client
    sees it; `status` is the HTTP status it means; `offset` is where in the template's text (None if
    it has no place); `parameter` is the one whose value does not fit, where it is known; `body` is
    the JSON object given to `custom_error()`, if it was one.
    """

    def __init__(
        self,
        kind: str,
        detail: str,
        *,
        offset: int | None = None,
        status: int = 400,
        body: dict[str, Any] | None = None,
        parameter: str | None = None,
    ) -> None:
        self.kind = kind
        self.detail = detail
        self.offset = offset
        self.status = status
        self.body = body
        self.parameter = parameter
        super().__init__(detail)

    @property
    def message(self) -> str:
        """The text of the error as an HTTP client sees it."""
        return self.detail if self.kind in _BARE else f"Template Syntax Error: {self.detail}"
