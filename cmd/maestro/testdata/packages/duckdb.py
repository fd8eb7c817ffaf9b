import duckdb


def use(input):
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE orders (city TEXT, amount INTEGER)")
        connection.executemany("INSERT INTO orders VALUES (?, ?)", [["Oslo", n] for n in double([1, 2])])
        rows = connection.execute("SELECT city, sum(amount)::INTEGER FROM orders GROUP BY city").fetchall()
    return rows == [("Oslo", 6)]
