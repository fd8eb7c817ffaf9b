def main(input):
    return [part({"a": [1]}), part(3)]
