def main(input):
    return which()
