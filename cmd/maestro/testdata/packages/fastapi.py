from fastapi import FastAPI
from fastapi.encoders import jsonable_encoder
from pydantic import BaseModel


class Item(BaseModel):
    name: str
    amount: int


app = FastAPI()


@app.post("/items")
def create(item: Item) -> Item:
    return item


def use(input):
    document = app.openapi()
    item = Item(**double({"name": "a", "amount": 3}))
    return "Item" in document["components"]["schemas"] and jsonable_encoder(item) == {"name": "aa", "amount": 6}
