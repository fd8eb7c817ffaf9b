import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq


def use(input):
    table = pa.table({"city": ["Oslo", "Rome"], "amount": double([1, 2])})
    file = pa.BufferOutputStream()
    pq.write_table(table, file)
    again = pq.read_table(pa.BufferReader(file.getvalue()))
    return again.equals(table) and pc.sum(again["amount"]).as_py() == 6
