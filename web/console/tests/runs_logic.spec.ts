import { expect, test } from "@playwright/test";
import { headText } from "../src/runs/run_row";
import { above } from "../src/runs/run_window";
import { integer } from "../src/ui/text";

const rows = (...ids: string[]) => ids.map((id) => ({ id }));

test("rows above a page that was read again: no gap, and none twice", () => {
  expect(above(rows("9", "8", "7", "6"), rows("7", "6", "5"))).toEqual(rows("9", "8"));
  expect(above(rows("9", "8"), rows("9", "8", "7"))).toEqual([]);
  expect(above(rows("3", "2"), rows("9", "8"))).toEqual([]);
  expect(above(rows("2", "1"), [])).toEqual(rows("2", "1"));
});

test("the start of an input as the list shows it", () => {
  for (const [head, shown] of [
    ["", "a large input"], ["null", ""], ["{}", ""], ["[]", ""], ['{"n":1}', "{n: 1}"], ["12345678901234567890", "12345678901234567890"],
    ['"text"', '"text"'], ['{"n": 1, "text": "cut he', '{"n": 1, "text": "cut he…'],
    ['{"truncated":true,"bytes":400000,"preview":"{\\"n\\":4,\\"noise\\":[0.1', '{"n":4,"noise":[0.1'], ['{"truncated":true,"bytes":400000,"preview":"ends in \\', "ends in "],
  ] as const) expect(headText(head), head).toBe(shown);
});

test("numbers have commas between thousands, as Intl.NumberFormat writes them", () => {
  const format = new Intl.NumberFormat("en-GB");
  for (const value of [0, 7, 999, 1000, 12_345, 999_999, 1_000_000, 9_007_199_254_740_991, -1, -999, -1000, -1_234_567, 0.5, 1234.5678, 1999.9999, NaN]) {
    expect(integer(value)).toBe(format.format(value));
  }
});
