from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec


def use(input):
    sealed = Fernet(key := Fernet.generate_key()).encrypt(double("secret").encode())
    signer = ec.generate_private_key(ec.SECP256R1())
    signer.public_key().verify(signer.sign(sealed, ec.ECDSA(hashes.SHA256())), sealed, ec.ECDSA(hashes.SHA256()))
    return Fernet(key).decrypt(sealed) == b"secretsecret"
