# an OrderedDict that changes while it is copied (fixed in 3.14.7, gh-148660)
def case(input):
    import collections
    class D(collections.OrderedDict):
        def __getitem__(self, key):
            self.clear()
            return 1
    for i in range(1000):
        try: D((j, j) for j in range(50)).copy()
        except (RuntimeError, KeyError): pass
    return 1
