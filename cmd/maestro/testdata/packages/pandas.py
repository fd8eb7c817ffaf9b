import io

import pandas as pd


def use(input):
    frame = pd.read_csv(io.StringIO("city,amount\nOslo,1\nRome,2\nOslo,3\n"))
    sums = frame.groupby("city")["amount"].sum()
    return double(sums.to_dict()) == {"Oslo": 8, "Rome": 4}
