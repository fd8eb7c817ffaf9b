# a key derivation in C without the GIL
def case(input):
    import hashlib
    return hashlib.pbkdf2_hmac('sha256', b'a', b'b', 10**9).hex()
