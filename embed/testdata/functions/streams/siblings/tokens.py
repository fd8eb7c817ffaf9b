def tokens(prompt):
    try:
        for word in prompt["words"]:
            yield word
        return {"words": len(prompt["words"])}
    finally:
        print("closed")
