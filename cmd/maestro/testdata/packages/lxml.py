from lxml import etree, html


def use(input):
    root = etree.fromstring("<orders><order n='1'/><order n='2'/></orders>")
    numbers = [int(n) for n in root.xpath("//order/@n")]
    page = html.fromstring("<p>a<b>c</p>")
    return double(numbers) == [2, 4] and page.text_content() == "ac"
