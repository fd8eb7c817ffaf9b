def inner(input):
    print("inner")
