# a type alias whose argument gains a hook (fixed in 3.14.8, gh-155752)
def case(input):
    class A: pass
    class P:
        __parameters__ = ()
    import typing
    T = typing.TypeVar('T')
    a = A()
    x = list[a, T]
    x.__parameters__
    a.__class__.__typing_subst__ = lambda self, arg: arg
    return str(x[int])
