"""What the webhook chat calls: the answer leaves as the model writes it. The record of the
execution has the whole, and a step for the model."""


def chat_webhook(input):
    prompt = input["body"].get("prompt") if isinstance(input["body"], dict) else None
    if not isinstance(prompt, str):
        raise ValueError('the body must be an object with a prompt, {"prompt": "…"}')
    webhooks = input["url"].partition("/chat")[0]
    yield from stream_model({"model_url": f"{webhooks}/example-chat", "prompt": prompt})
