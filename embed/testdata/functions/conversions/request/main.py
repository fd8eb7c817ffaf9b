def main(input):
    headers = input["headers"]
    return {
        "any case": [headers["x-user-id"], headers.get("ACCEPT"), "x-USER-id" in headers, headers.get("none")],
        "spelling": list(headers),
        "sibling": reads(input),
        "part": reads({"headers": headers}),
    }
