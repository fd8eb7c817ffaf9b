class Special(LookupError):
    def __init__(self, payload):
        super().__init__("special")
        self.payload = payload
        payload["itself"] = self


def deepest(input):
    raise Special({"callable": lambda x: x + 1})
