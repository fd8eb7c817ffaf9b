# Only \n, \r and \r\n end a line in Python. A form feed, or another separator
# in a string, does not:

def main(input):
    text = "ab"
    return fails(text)
