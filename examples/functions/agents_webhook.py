"""What the webhooks use-tools and ask-many call: the body, with the address of the example's
own model."""

import maestro


async def agents_webhook(input):
    webhooks = input["url"].rpartition("/")[0]
    name = "use_tools" if input["path"].endswith("/use-tools") else "ask_many"
    return await maestro.call(name, {**input["body"], "model_url": f"{webhooks}/example-chat"})
