# source text nested 100,000 deep
def case(input):
    import ast
    try: ast.parse('(' * 10**5 + ')' * 10**5)
    except Exception as e: return type(e).__name__
