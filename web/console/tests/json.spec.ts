import { ExactNumber, readAnswer, readJSON, writeJSON } from "../src/api/json";
import { same } from "../src/runs/compare";
import { preview } from "../src/runs/run_row";
import { diffLines } from "../src/ui/json_diff";
import { jsonLines, jsonText } from "../src/ui/json_lines";
import { expect, retype, test } from "./console";

test.describe("JSON", () => {
  test("is written as it was read", () => {
    for (const text of [
      "9007199254740993", "-9007199254740993", "1.0", "-0", "-0.0", "1e400", "1E5", "1e-7", "0.0000001", "0.10", "123456789012345.678", "1.7976931348623157e+308",
      "0", "-1", "0.5", "1", "[]", "{}", "null", "true", '"1.0"', '""', '"\\u0000\\"\\\\"', String.raw`"a\\\\\""`,
      "[1.0,2,[3.0]]", '{"a":{"b":[1.0]},"n":null,"t":true,"f":false}', '{"10":1,"2":2,"a":3}', '{"b":1,"a":{"1":0}}', '{"__proto__":1.0}', '{"a, 1.0, b":": 1e5,"}',
      '{"text":"日本 🙂 ‮","n":12345678901234567890}',
    ]) {
      expect(writeJSON(readJSON(text))).toBe(text);
      expect(writeJSON(readJSON(` [ ${text}\n] `))).toBe(`[${text}]`);
      expect(jsonText(readJSON(text))).toBe(writeJSON(readJSON(text), true));
    }
    expect(writeJSON(readJSON('{"a": [1, {}], "b": {}}'), true)).toBe('{\n  "a": [\n    1,\n    {}\n  ],\n  "b": {}\n}');
    expect(writeJSON({ left: undefined, kept: [undefined] })).toBe('{"kept":[null]}');
  });

  test("keeps digits only where a number would lose them", () => {
    expect(readJSON("[1, 1.5, 1e2, 1.50]")).toEqual([1, 1.5, new ExactNumber("1e2"), new ExactNumber("1.50")]);
    expect(readAnswer('{"duration_ms": 1e-07, "output_data": {"duration_ms": 1e-07, "id": 9007199254740993}, "count": 2.0}'))
      .toEqual({ duration_ms: 1e-7, output_data: { duration_ms: new ExactNumber("1e-07"), id: new ExactNumber("9007199254740993") }, count: 2 });
  });

  test("has the faults of JSON", () => {
    for (const text of ["", "01", "1.", "{a:1}", "[1.0,]", '{"a":1.0', "NaN"]) expect(() => readJSON(text), text).toThrow(SyntaxError);
  });

  test("is read however deep it is", () => {
    const text = "[".repeat(50_000) + "1.0" + "]".repeat(50_000);
    let depth = 0;
    for (let at = readJSON(text); Array.isArray(at); at = at[0]!) depth++;
    expect(depth).toBe(50_000);
  });

  test("is shown and compared with all digits", () => {
    const a = readJSON('{"id": 9007199254740993, "rate": 1.0, "10": 1, "2": 2}');
    const b = readJSON('{"id": 9007199254740992, "rate": 1.0, "10": 1, "2": 2}');
    expect(jsonLines(a, 40).tokens.map((token) => token.text).join("")).toBe('{\n  "id": 9007199254740993,\n  "rate": 1.0,\n  "10": 1,\n  "2": 2\n}');
    expect(preview(a)).toBe("{id: 9007199254740993, rate: 1.0, 10: 1, 2: 2}");
    expect(same(a, b)).toBe(false);
    expect(same(a, readJSON(writeJSON(a)))).toBe(true);
    expect(diffLines(a, b).lines.filter((line) => line.kind !== "both").map((line) => line.text.trim())).toEqual(['"id": 9007199254740993,', '"id": 9007199254740992,']);
    expect(same(readJSON("1.0"), readJSON("1"))).toBe(false);
  });
});

const exact = '{"id":9007199254740993,"whole":1.0,"huge":12345678901234567890123,"10":"a","2":"b"}';

/** Sends a text as it is, because JSON.stringify would round it. */
async function post(url: string, token: string, subtenant: string, body: string): Promise<{ execution_id: string }> {
  const response = await fetch(url, { method: "POST", headers: { Authorization: `Bearer ${token}`, "X-Subtenant-ID": subtenant, "Content-Type": "application/json" }, body });
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as { execution_id: string };
}

test("numbers keep their digits from the record to the next run", async ({ page, api, open, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await api.store("echo", "def echo(input):\n    print('kept', input['id'])\n    return inner(input)");
  await api.store("inner", "def inner(input):\n    return input");
  const { execution_id } = await post(`${api.url}/api/v1/executions`, api.token, api.subtenant, `{"function_name": "echo", "input_data": ${exact}}`);

  await open("/runs");
  await expect(page.getByText("id: 9007199254740993, whole: 1.0")).toBeVisible();
  await open("/runs/" + execution_id);
  for (const label of ["Input", "Output"]) {
    const value = page.getByRole("region", { name: label, exact: true });
    await expect(value).toContainText('"id": 9007199254740993,\n  "whole": 1.0,\n  "huge": 12345678901234567890123,\n  "10": "a",\n  "2": "b"');
    await value.getByRole("button", { name: "Copy: " + label }).click();
    await expect.poll(() => page.evaluate(async () => (await navigator.clipboard.readText()).replaceAll(/\s/g, ""))).toBe(exact);
  }

  // Run again sends what it shows; the new run differs from the first in the last digit only.
  await page.getByRole("button", { name: /^Run again/ }).first().click();
  const editor = page.getByRole("dialog").getByRole("textbox", { name: "Input" });
  await expect(editor).toContainText("9007199254740993");
  await expect(editor).toContainText('"whole": 1.0');
  await retype(editor, exact.replace("740993", "740995"));
  await page.getByRole("dialog").getByRole("button", { name: "Run", exact: true }).click();
  await expect(page.getByRole("region", { name: "Output", exact: true })).toContainText('"id": 9007199254740995');
  const second = page.url().match(/runs\/([0-9a-f-]+)/)![1];
  await open(`/runs/${execution_id}/compare/${second}`);
  await expect(page.locator("pre .b").first()).toContainText('"id": 9007199254740995');
  await expect(page.locator("pre .a").first()).toContainText('"id": 9007199254740993');
});

test("schedules and webhooks keep the digits of their values", async ({ page, api, open }) => {
  await api.store("tick", "def tick(input):\n    return input");
  const auth = { Authorization: `Bearer ${api.token}`, "X-Subtenant-ID": api.subtenant };
  const send = async (path: string, body: string) => {
    const response = await fetch(`${api.url}/api/v1${path}`, { method: "POST", headers: { ...auth, "Content-Type": "application/json" }, body });
    if (!response.ok) throw new Error(await response.text());
    return (await response.json()) as { id: string };
  };
  const text = async (path: string) => (await fetch(`${api.url}/api/v1${path}`, { headers: auth })).text();
  const schedule = await send("/schedules", `{"name": "exact", "function_name": "tick", "cron_expression": "0 9 * * *", "input_data": ${exact}}`);
  const webhook = await send("/webhooks", `{"path": "exact-${api.subtenant}", "function_name": "tick", "default_values": ${exact}}`);

  await open("/schedules/" + schedule.id);
  await expect(page.getByText('"whole": 1.0').first()).toBeVisible();
  await page.getByRole("button", { name: "Change" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill("exact, renamed");
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("dialog")).toHaveCount(0);
  expect(await text("/schedules/" + schedule.id)).toContain(exact);

  await open("/webhooks/" + webhook.id);
  await expect(page.getByText(exact)).toBeVisible();
});
