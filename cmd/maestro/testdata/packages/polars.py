import polars as pl


def use(input):
    frame = pl.DataFrame({"city": ["Oslo", "Rome", "Oslo"], "amount": double([1, 2, 3])})
    sums = frame.lazy().group_by("city").agg(pl.col("amount").sum()).sort("city").collect()
    return sums.rows() == [("Oslo", 8), ("Rome", 4)]
