"""Bodies of requests: read with limits and in words, and described by the models that the validator itself uses.

flask-openapi would answer a wrong body in pydantic's words and at its first level; the one validator says what would be
right, by field, and for the command line just the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Request, request
from flask_openapi import RequestBody
from pydantic import BaseModel
from werkzeug.exceptions import UnsupportedMediaType

from app import texts
from dhcpcore import interchange
from dhcpcore.errors import Fault, InvalidDocument

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"

#: Models that bodies are described by; the document takes their schemas from here.
_DESCRIBED: dict[str, type[BaseModel]] = {}


def json_object(*also: str) -> dict[str, Any]:
    """The request's body, a JSON object; ``also`` names further media types that hold one."""
    if request.mimetype not in {JSON, *also}:
        raise UnsupportedMediaType(f"The body is a JSON object: send it with Content-Type: {JSON}.")
    value = interchange.read_json(request.get_data(), "body")
    if not isinstance(value, dict):
        raise InvalidDocument((Fault("body", 'is not a JSON object such as {"key": "value"}'),))
    return value


def sent() -> Any:
    """The request's body as it is told back: what is no JSON that can be read, or is none at all, is None."""
    try:
        return interchange.read_json(request.get_data(), "body") if request.is_json else None
    except InvalidDocument:
        return None


class StrictRequest(Request):
    """A request whose body flask-openapi, too, reads with our limits.

    By itself it fails on what is too deep, takes the last of a key that is there twice, nothing for what is no JSON.
    Of forms, it refuses what no text of ours may hold.
    """

    def _load_form_data(self) -> None:
        super()._load_form_data()
        texts.refuse_unfit(self.form.items(multi=True))

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:
        """The body; refused in words where it is no object."""
        return json_object()


def described(models: type[BaseModel] | tuple[type[BaseModel], ...], example: Mapping[str, Any], *also: str,
              ) -> RequestBody:
    """A body for the OpenAPI document: the schema of a model, or of one of several, and an example."""
    content = {"schema": _schema(models), "example": dict(example)}
    return RequestBody.model_validate({"required": True, "content": dict.fromkeys((JSON, *also), content)})


def answered(description: str, model: type[BaseModel]) -> dict[str, Any]:
    """An answer for the OpenAPI document, by the schema of a model that the document's own keys come from."""
    return {"description": description, "content": {JSON: {"schema": _schema(model)}}}


def _schema(models: type[BaseModel] | tuple[type[BaseModel], ...]) -> dict[str, Any]:
    some = models if isinstance(models, tuple) else (models,)
    _DESCRIBED.update({model.__name__: model for model in some})
    refs = [{"$ref": f"#/components/schemas/{model.__name__}"} for model in some]
    return refs[0] if len(refs) == 1 else {"anyOf": refs}


def schemas() -> dict[str, Any]:
    """The schemas of all described bodies, by name."""
    made: dict[str, Any] = {}
    for name, model in _DESCRIBED.items():
        schema = model.model_json_schema(by_alias=True, ref_template="#/components/schemas/{model}")
        made |= schema.pop("$defs", {})
        made[name] = schema
    return made
