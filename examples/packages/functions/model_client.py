"""A module of the agents: the client of the model, and the objects that it answers
with. Without the secrets OPENAI_BASE_URL and OPENAI_API_KEY, the model is the example's
own; with them it is a real one, and OPENAI_MODEL names it."""

from typing import Literal

import maestro
import openai
import pydantic


class Analysis(pydantic.BaseModel):
    category: Literal["invoice", "complaint", "report", "other"]
    sentiment: Literal["positive", "neutral", "negative"]
    amounts: list[float]
    risk_score: float = pydantic.Field(ge=0, le=1)
    reasons: list[str]


def setting(name, default):
    try:
        return maestro.secret(name)
    except maestro.SecretNotFound:
        return default


def connect(model_url):
    """Returns the client and the name of the model."""
    client = openai.OpenAI(
        base_url=setting("OPENAI_BASE_URL", model_url),
        api_key=setting("OPENAI_API_KEY", "none-is-needed"),
        max_retries=1,
        timeout=30,
    )
    return client, setting("OPENAI_MODEL", "example-model")


def tool(name, description, **properties):
    """Describes a function to the model."""
    parameters = {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
    return {"type": "function", "function": {"name": name, "description": description, "strict": True, "parameters": parameters}}
