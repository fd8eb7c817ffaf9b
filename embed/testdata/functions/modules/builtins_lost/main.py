def main(input):
    breaks(input)
    try:
        return [part({"a": [1]}), part(3)]
    finally:
        repairs(input)
