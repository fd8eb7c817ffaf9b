import { expect, test } from "@playwright/test";
import { canShow, deepest, fieldOf } from "../src/functions/form_fields";
import { ExactNumber, writeJSON } from "../src/api/json";
import { initialValue, matchingOption, numberFrom, valueAt, withAt } from "../src/functions/form_values";
import type { Schema } from "../src/functions/schema_read";
import { nameFault, templates } from "../src/functions/function_templates";

const kind = (schema: Schema, root = schema): string => fieldOf(schema, root).control.kind;

test.describe("fields of a schema", () => {
  test("of the plain types", () => {
    expect(kind({ type: "string" })).toBe("text");
    expect(fieldOf({ type: "integer", minimum: 1 }, true).control).toEqual({ kind: "number", whole: true, minimum: 1, maximum: null });
    expect(kind({ type: "boolean" })).toBe("switch");
    expect(kind({ enum: [1, "a", null] })).toBe("choice");
    expect(kind({ const: 4 })).toBe("choice");
    expect(kind({ type: "array", items: { type: "string" } })).toBe("list");
    expect(kind({ properties: { a: true } })).toBe("object");
    expect(fieldOf({ type: "string", title: "Name", description: "Of a person" }, true)).toMatchObject({ title: "Name", description: "Of a person" });
  });
  test("of optional and several types", () => {
    expect(fieldOf({ type: ["string", "null"] }, true)).toMatchObject({ nullable: true, control: { kind: "text" } });
    expect(fieldOf({ anyOf: [{ type: "integer" }, { type: "null" }] }, true)).toMatchObject({ nullable: true, control: { kind: "number" } });
    expect(kind({ type: ["string", "integer"] })).toBe("either");
    const control = fieldOf({ oneOf: [{ title: "Card", type: "object" }, { type: "string" }, { const: 3 }] }, true).control;
    expect(control.kind === "either" && control.options.map((option) => option.title)).toEqual(["Card", "string", "3"]);
  });
  test("of combinations", () => {
    const root = { allOf: [{ $ref: "#/$defs/A" }, { properties: { b: { type: "string" } }, required: ["b"] }], $defs: { A: { properties: { a: { type: "integer" } } } } };
    const control = fieldOf(root, root).control;
    expect(control.kind === "object" && control.members.map((member) => [member.name, member.required])).toEqual([["a", false], ["b", true]]);
  });
  test("that no form can show", () => {
    for (const schema of [true, {}, { type: "array", prefixItems: [true] }, { not: { type: "string" } }, { $ref: "#/nowhere" }, { oneOf: [] }, { type: "unheard" }] as Schema[]) expect(canShow(schema)).toBe(false);
    expect(canShow(null)).toBe(false);
  });
  test("of a schema without an end", () => {
    const tree: Schema = { type: "object", required: ["next"], properties: { next: { $ref: "#" } } };
    expect(fieldOf(tree, tree, deepest + 1).control.kind).toBe("json");
    let value = initialValue(tree, tree);
    let depth = 0;
    for (; value !== null; depth++) value = (value as { next: unknown }).next;
    expect(depth).toBe(deepest + 1);
    const either: Schema = { anyOf: [{ $ref: "#" }] };
    expect(fieldOf(either, either).control.kind).toBe("json");
  });
});

test.describe("values of a form", () => {
  test("at first", () => {
    const schema = {
      type: "object", required: ["name", "count", "kind", "rows"], properties: {
        name: { type: "string", examples: ["Ada"] }, count: { type: "integer", minimum: 2 }, kind: { enum: ["x", "y"] }, rows: { type: "array", minItems: 1, items: { type: "boolean" } }, note: { type: "string" },
      },
    };
    expect(initialValue(schema, schema)).toEqual({ name: "Ada", count: 2, kind: "x", rows: [false] });
    expect(initialValue({ type: "array", minItems: 1e9, items: { type: "null" } }, true)).toHaveLength(20);
    expect(initialValue({ default: [1] }, true)).toEqual([1]);
  });
  test("changed at a path", () => {
    const value = { a: [1, { b: 2 }] };
    expect(withAt(value, ["a", 1, "b"], 3)).toEqual({ a: [1, { b: 3 }] });
    expect(withAt(value, ["a", 0], undefined)).toEqual({ a: [{ b: 2 }] });
    expect(withAt(value, ["c"], "x")).toEqual({ a: [1, { b: 2 }], c: "x" });
    expect(withAt(value, ["a"], undefined)).toEqual({});
    expect(withAt(null, ["a", 0], true)).toEqual({ a: [true] });
    expect(value).toEqual({ a: [1, { b: 2 }] });
    expect(valueAt(value, ["a", 1, "b"])).toBe(2);
    expect(valueAt(value, ["a", "b"])).toBeUndefined();
    const hostile = withAt({}, ["__proto__", "polluted"], true);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    expect(Object.keys(hostile as object)).toEqual(["__proto__"]);
    expect(writeJSON(hostile, true)).toBe('{\n  "__proto__": {\n    "polluted": true\n  }\n}');
  });
  test("of numbers with all their digits", () => {
    expect(numberFrom("12345678901234567890")).toEqual(new ExactNumber("12345678901234567890"));
    expect(numberFrom("0.1234567890123456789")).toEqual(new ExactNumber("0.1234567890123456789"));
    expect(numberFrom(" -1.5e3 ")).toEqual(new ExactNumber("-1.5e3"));
    expect(numberFrom("-1.5")).toBe(-1.5);
    expect(numberFrom("007")).toBeUndefined();
    expect(numberFrom("")).toBeUndefined();
    expect(numberFrom("0x10")).toBeUndefined();
    expect(writeJSON({ id: new ExactNumber("12345678901234567890"), list: [], none: {} }, true)).toBe('{\n  "id": 12345678901234567890,\n  "list": [],\n  "none": {}\n}');
  });
  test("that follow one of several schemas", () => {
    const options = [
      { schema: { type: "object", required: ["kind"], properties: { kind: { const: "card" } } } },
      { schema: { type: "object", required: ["kind"], properties: { kind: { const: "cash" } } } },
      { schema: { type: "string" } },
    ];
    expect(matchingOption({ kind: "cash" }, options, true)).toBe(1);
    expect(matchingOption("x", options, true)).toBe(2);
    expect(matchingOption(3, options, true)).toBe(0);
  });
});

test("names of functions", () => {
  for (const name of ["clean", "_a1", "Überall".slice(1)]) expect(nameFault(name)).toBeNull();
  for (const name of ["", "1a", "a-b", "é", "class", "__init__", "maestro", "a".repeat(256), "a b", "a\n"]) expect(nameFault(name)).not.toBeNull();
  for (const template of templates) expect(template.code("clean")).toContain(template.kind === "module" ? "def " : "def clean(input");
});
