import io

from PIL import Image, ImageDraw


def use(input):
    image = Image.new("RGB", tuple(double([20, 10])), "white")
    ImageDraw.Draw(image).line((0, 0, 39, 19), fill="red")
    file = io.BytesIO()
    image.save(file, "PNG")
    again = Image.open(io.BytesIO(file.getvalue()))
    return again.size == (40, 20) and again.getpixel((0, 0)) == (255, 0, 0)
