import maestro


def inside(input):
    context = dict(maestro.context())
    context["deadline"] = context["deadline"] is not None
    return context
