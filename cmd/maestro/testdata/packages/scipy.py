from scipy import integrate, optimize, sparse


def use(input):
    root = optimize.brentq(lambda x: x * x - 2, 0, 2)
    area, _ = integrate.quad(lambda x: x, 0, 2)
    return abs(double(root) - 2 * 2**0.5) < 1e-9 and abs(area - 2) < 1e-9 and sparse.eye(3).nnz == 3
