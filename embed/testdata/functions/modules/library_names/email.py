def email(x):
    import email.message
    return email.message.__name__
