import { readFileSync } from "node:fs";
import { expect, test } from "@playwright/test";
import { exportsOf, findCompletions, type Catalogue, type Place } from "../src/functions/completion_source";
import { contextMembers, maestroMembers, requestMembers } from "../src/functions/maestro_module";
import { propertiesOf, resolve, schemaAt } from "../src/functions/schema_read";
import { signature, typeText } from "../src/functions/schema_text";

const order = {
  type: "object", required: ["customer"], properties: {
    customer: { $ref: "#/$defs/Customer" }, lines: { type: "array", items: { type: "object", properties: { sku: { type: "string" } } } }, "a key": {},
  },
  $defs: { Customer: { type: "object", properties: { email: { type: "string", description: "Where messages go" } }, required: ["email"] } },
};

const known: Catalogue = {
  self: "place_order", input: order, secrets: ["STRIPE_KEY"],
  siblings: [
    { name: "place_order", kind: "function", description: null, input_schema: order, output_schema: null, exports: [] },
    { name: "charge", kind: "function", description: "Charges a card", input_schema: { type: "object", properties: { amount: { type: "integer" }, note: { type: "string" } }, required: ["amount"] }, output_schema: { type: "boolean" }, exports: [] },
    { name: "money", kind: "module", description: null, input_schema: null, output_schema: null, exports: ["cents"] },
  ],
};

const head = "def place_order(order):\n    ";

function labels(line: string, place: Place = "code", text = head + line): string[] | null {
  return findCompletions(line, text, place, known)?.options.map((option) => option.label) ?? null;
}

test.describe("completions", () => {
  test("of siblings with their signatures", () => {
    const found = findCompletions("    cha", head, "code", known);
    expect(found?.from).toBe(4);
    const charge = found?.options.find((option) => option.label === "charge");
    expect(charge).toMatchObject({ detail: "(input: {amount: int, note?: str}) -> bool", info: "Charges a card" });
    expect(labels("    x = ch")).not.toContain("place_order");
    expect(labels("    x = m")).not.toContain("money");
  });
  test("of the module maestro", () => {
    expect(labels("    maestro.s")).toEqual(maestroMembers.map((member) => member.name));
    expect(labels("    maestro.log.in")).toEqual(["debug", "info", "warning", "error"]);
    expect(labels("    maestro.context().")).toContain("deadline");
    expect(labels("    maestro.request().")).toEqual(["method", "url", "headers", "body"]);
    expect(labels("    other.s")).toBeNull();
  });
  test("of names in strings", () => {
    expect(labels('    maestro.call("ch', "string")).toEqual(["place_order", "charge"]);
    expect(labels("    maestro.spawn('", "string")).toEqual(["place_order", "charge"]);
    expect(labels('    maestro.secret("', "string")).toEqual(["STRIPE_KEY"]);
    expect(labels('    print("ch', "string")).toBeNull();
  });
  test("of keys of the input, by the name of its parameter", () => {
    expect(labels('    order["', "string")).toEqual(["customer", "lines", "a key"]);
    expect(labels("    order.get('cu", "string")).toEqual(["customer", "lines", "a key"]);
    expect(labels('    order["customer"]["', "string")).toEqual(["email"]);
    expect(labels('    order["lines"][0]["', "string")).toEqual(["sku"]);
    expect(labels('    order["unknown"]["', "string")).toBeNull();
    expect(labels('    other["', "string")).toBeNull();
    expect(labels('    input["', "string", 'async def place_order(input):\n    input["')).toEqual(["customer", "lines", "a key"]);
  });
  test("of a sibling's arguments", () => {
    expect(labels("    charge(")).toEqual(expect.arrayContaining(["amount=", "note=", "charge"]));
    expect(labels("    charge(amount=1, no")).toEqual(expect.arrayContaining(["note="]));
    expect(labels('    charge({"', "string")).toEqual(["amount", "note"]);
    expect(labels('    charge({"amount": 1, "', "string")).toEqual(["amount", "note"]);
  });
  test("of imports", () => {
    expect(labels("from mo")).toEqual(["money", "maestro"]);
    expect(labels("import json, mo")).toEqual(["money", "maestro"]);
    expect(labels("from money import ce")).toEqual(["cents"]);
    expect(labels("from maestro import Res")).toContain("Response");
    expect(labels("from os import pa")).toBeNull();
  });
  test("nowhere in comments, definitions and numbers", () => {
    expect(labels("    # cha", "comment")).toBeNull();
    expect(labels("def cha")).toBeNull();
    expect(labels("    x = 1e")).toBeNull();
    expect(labels("    ")).toBeNull();
  });
  test("of hostile names and schemas", () => {
    const loop = { $ref: "#" };
    expect(resolve(loop, loop)).toBeNull();
    const tree = { type: "object", properties: { left: { $ref: "#" }, "__proto__x": { type: "string" } }, allOf: [{ $ref: "#" }] };
    expect(propertiesOf(tree, tree).map((one) => one.name)).toEqual(["left", "__proto__x"]);
    expect(schemaAt(tree, tree, ["left", "left", "left"])).toEqual({ $ref: "#" });
    expect(typeText(tree)).toBe("{left?: {left?: dict, __proto__x?: str}, __proto__x?: str}");
    expect(resolve({ $ref: "#/__proto__" }, {})).toBeNull();
    expect(resolve({ $ref: "#/%E0%A4%A" }, {})).toBeNull();
    expect(resolve({ $ref: "https://example.com/x" }, {})).toBeNull();
    expect(labels(`    ${'order["'.repeat(500)}`, "string")).not.toBeUndefined();
  });
  // Patterns that look at each place again and again would take minutes: the test's own limit ends it.
  test("of a long line", () => {
    const line = "    x = " + "charge(1, ".repeat(2000);
    expect(labels(line)).toContain("charge");
    expect(labels(line + '"', "string")).toBeNull();
  });
});

test("signatures of schemas", () => {
  expect(signature(null, null)).toBe("(input: Any)");
  expect(signature({ type: ["string", "null"] }, { enum: ["a", "b", 3, null, true] })).toBe('(input: str | None) -> "a" | "b" | 3 | None | …');
  expect(typeText({ type: "array", items: { type: "number" } })).toBe("list[float]");
  expect(typeText({ type: "object", additionalProperties: { type: "integer" } })).toBe("dict[str, int]");
  expect(typeText({ anyOf: [{ type: "string" }, { type: "string" }, { type: "null" }] })).toBe("str | None");
  expect(typeText(false)).toBe("Never");
});

test("names that a module exports", () => {
  expect(exportsOf("import os\nRATE: int = 3\n_private = 1\ndef clean(x):\n    y = 1\nasync def load(): ...\nclass Money: ...\nif x == 1: pass\n")).toEqual(["RATE", "clean", "load", "Money"]);
});

test("the module maestro as the documents list it", () => {
  const document = readFileSync(new URL("../../../docs/functions.md", import.meta.url), "utf8");
  const table = document.slice(document.indexOf("## The module maestro"));
  for (const member of maestroMembers) expect(table).toContain(`maestro.${member.name}`);
  const sentence = table.slice(table.indexOf("The context has"), table.indexOf("```"));
  for (const member of contextMembers) expect(sentence).toContain(`\`${member.name}\``);
  const request = table.slice(table.indexOf("`maestro.request()`"), table.indexOf("`maestro.secret"));
  for (const member of requestMembers) expect(request).toContain(`\`${member.name}\``);
  const listed = [...table.slice(0, table.indexOf("The context has")).matchAll(/^\|.*?\|/gm)].flatMap(([cell]) => [...cell.matchAll(/`maestro\.(\w+)/g)].map((match) => match[1]!));
  expect([...new Set(listed)].sort()).toEqual(maestroMembers.map((member) => member.name).sort());
});
