import numpy as np


def use(input):
    matrix = np.arange(6.0).reshape(2, 3)
    doubled = np.array(double(matrix.tolist()))
    return bool(np.allclose(doubled, matrix * 2)) and round(float(np.linalg.det(np.eye(3) * 2))) == 8
