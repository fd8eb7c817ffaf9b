def fails(x):
    raise KeyError("its own")
