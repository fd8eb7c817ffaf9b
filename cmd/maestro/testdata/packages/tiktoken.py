import tiktoken

# The encodings of models are downloaded; this one is made here.
encoding = tiktoken.Encoding(
    "bytes", pat_str=r"\w+|\W", special_tokens={}, mergeable_ranks={bytes([n]): n for n in range(256)} | {b"ab": 256, b"abab": 257}
)


def use(input):
    return encoding.encode(double("ab")) == [257] and encoding.decode([256, 99]) == "abc"
