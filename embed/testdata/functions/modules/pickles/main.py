# A pickle that version 1 has made is loaded by each later version as its own class,
# also by way of another function, and under the name that modules had before.
import base64
import pickle

kept = []


def main(input):
    if not kept:
        kept.extend([keeps(5), keeps(2)])
    results = [keeps({"load": kept[0]})]
    order = pickle.loads(base64.b64decode(kept[0]))[0]
    results.append([type(order).__module__, order.n])
    old = base64.b64decode(kept[1]).replace(b"cfunctions.keeps\n", b"ckeeps@1\n")
    results.append([b"functions.keeps" in old, keeps({"load": base64.b64encode(old).decode()})])
    for wrong in ("import keeps", "import functions.no_such", "import no_such@1", "from functions import nothing"):
        try:
            exec(wrong.replace("import no_such@1", "__import__('no_such@1')"))
        except ImportError as error:
            results.append(str(error))
    import functions.keeps

    return [*results, functions.keeps.VERSION, keeps("reflect")]
