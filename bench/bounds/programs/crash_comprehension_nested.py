# comprehensions nested deeper than the compiler allows (fixed in 3.14.8, gh-156091)
def case(input):
    text = 'x'
    for i in range(40): text = '[' + text + ' for x in y]'
    compile('def f(y): return ' + text, 'x', 'exec')
