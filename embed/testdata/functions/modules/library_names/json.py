import json as library
import pickle

class Own:
    pass

def json(x):
    return [library.dumps(x), type(pickle.loads(pickle.dumps(Own()))) is Own, Own.__module__]
