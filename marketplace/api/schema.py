"""The API described: each view says what it takes and answers, forms and serializers say how it looks."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from marketplace.api.problems import CONTENT_TYPE, TITLES
from marketplace.api.serializers import ProblemBody

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key", {"type": "string", "pattern": "^[!-~]{1,64}$"}, OpenApiParameter.HEADER, required=True,  # type: ignore[arg-type]
    description="Any fresh text. The same key and request again get the same reply and write once.",
)  # fmt: skip
RESPONSIBLE_PERSON = OpenApiParameter(
    "Responsible-Person", OpenApiTypes.EMAIL, OpenApiParameter.HEADER, required=True,
    description="E-mail of the member who is responsible for this write.",
)  # fmt: skip


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "marketplace.api.authentication.BearerAuthentication"
    name = "credential"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A credential from the page of the organisation."}


class Described(AutoSchema):
    """Reads `tag`, `name`, `about`, `body`, `answers` and `problems` of the view."""

    def get_operation_id(self) -> str:
        return self.view.name_of(self.method).replace("-", "_")

    def get_tags(self) -> list[str]:
        return [self.view.tag]

    def get_summary(self) -> str:
        return str(self.view.about_of(self.method))

    def get_description(self) -> str:
        scope = self.view.scope_needed(self.method)
        return f"Scope: {scope}." if scope else "Needs no credential."

    def get_auth(self) -> list[Any]:
        return [{"credential": []}, *([{}] if self.view.is_public and self.method == "GET" else [])]

    def get_override_parameters(self) -> list[Any]:
        if self.method == "POST":
            return [IDEMPOTENCY_KEY, RESPONSIBLE_PERSON]
        if self.method == "PUT":
            return [RESPONSIBLE_PERSON, *self.view.parameters]
        return list(self.view.parameters)

    def get_request_serializer(self) -> Any:
        return self.view.body()

    def get_response_serializers(self) -> Any:
        problems = {(status, CONTENT_TYPE): ProblemBody for status in self.view.problems_of(self.method)}
        return {**self.view.answers(self.method), **problems}


def share_problems(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Every problem of one status is the same answer: described once."""
    shared = result.setdefault("components", {}).setdefault("responses", {})
    for operation in (one for path in result["paths"].values() for one in path.values()):
        for status, answer in operation["responses"].items():
            if CONTENT_TYPE in answer.get("content", {}):
                shared[f"Problem{status}"] = {**answer, "description": str(TITLES[int(status)])}
                operation["responses"][status] = {"$ref": f"#/components/responses/Problem{status}"}
    return result
