def fails(x):
    raise ValueError("its own")
