def choose(_):
    return {"metaclass": True}
