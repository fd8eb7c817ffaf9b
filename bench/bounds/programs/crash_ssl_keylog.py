# an SSL context without its keylog_filename (fixed in 3.14.8, gh-156099)
def case(input):
    import ssl
    c = ssl.create_default_context()
    del c.keylog_filename
