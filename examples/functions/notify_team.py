"""Tells the team something. A real one would post it to their chat."""


def notify_team(input):
    channel = input.get("channel", "invoices")
    print(f"[{channel}] {input['message']}")
    return {"notified": True, "channel": channel, "message": input["message"]}
