import pydantic


class Item(pydantic.BaseModel):
    name: str
    amount: int = pydantic.Field(gt=0)


def use(input):
    item = Item.model_validate_json('{"name": "a", "amount": "3"}')
    doubled = double(item.model_dump())
    try:
        Item(name="b", amount=-1)
    except pydantic.ValidationError as error:
        return doubled == {"name": "aa", "amount": 6} and error.error_count() == 1
