import io

import maestro
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt


def use(input):
    figure, axes = plt.subplots()
    axes.plot(double([1, 2, 3]))
    image = io.BytesIO()
    figure.savefig(image, format="png")
    plt.close(figure)
    return maestro.Response(image.getvalue(), headers={"Content-Type": "image/png"})
