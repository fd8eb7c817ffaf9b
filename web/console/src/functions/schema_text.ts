// Short texts of schemas in the notation of Python's type hints.
import { isObject, writeJSON } from "../api/json";
import { asSchema, itemOf, propertiesOf, resolve, schemasIn, typesOf, type Schema } from "./schema_read";

const names: Record<string, string> = { string: "str", integer: "int", number: "float", boolean: "bool", null: "None", object: "dict", array: "list" };

// Longer lists are cut: the text has to fit beside a name.
const mostChoices = 4;
const mostMembers = 6;

/** typeText is the type of a value, such as `list[int]` or `{name: str, age?: int}`. */
export function typeText(schema: Schema | null, root: Schema | null = schema, depth = 2): string {
  if (schema === null || root === null || schema === true) return "Any";
  if (schema === false) return "Never";
  const one = resolve(schema, root);
  if (one === null || typeof one === "boolean") return "Any";
  if ("const" in one) return literal(one.const);
  if (Array.isArray(one.enum)) return choices(one.enum.map(literal));
  const options = [...schemasIn(one.anyOf), ...schemasIn(one.oneOf)];
  if (options.length > 0 && depth > 0) return choices(options.map((option) => typeText(option, root, depth - 1)));
  const types = typesOf(one);
  if (types.length === 0) return propertiesOf(one, root).length > 0 ? objectText(one, root, depth) : "Any";
  return choices(types.map((type) => (type === "object" ? objectText(one, root, depth) : type === "array" ? listText(one, root, depth) : (names[type] ?? "Any"))));
}

function objectText(schema: Schema, root: Schema, depth: number): string {
  const properties = propertiesOf(schema, root);
  if (properties.length === 0) {
    const values = isObject(schema) ? asSchema(schema.additionalProperties) : null;
    return values !== null && typeof values !== "boolean" && depth > 0 ? `dict[str, ${typeText(values, root, depth - 1)}]` : "dict";
  }
  if (depth <= 0) return "dict";
  const members = properties.slice(0, mostMembers).map((one) => `${one.name}${one.required ? "" : "?"}: ${typeText(one.schema, root, depth - 1)}`);
  if (properties.length > mostMembers) members.push("…");
  return `{${members.join(", ")}}`;
}

function listText(schema: Schema, root: Schema, depth: number): string {
  const item = itemOf(schema, root);
  return item === true || depth <= 0 ? "list" : `list[${typeText(item, root, depth - 1)}]`;
}

function choices(texts: string[]): string {
  const all = [...new Set(texts)];
  const shown = all.slice(0, mostChoices);
  if (all.length > mostChoices) shown.push("…");
  return shown.join(" | ");
}

function literal(value: unknown): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  return writeJSON(value);
}

/** signature is the text of a function's input and result: `(input: str) -> int`. */
export function signature(input: unknown, output: unknown): string {
  const result = asSchema(output);
  return `(input: ${typeText(asSchema(input))})` + (result === null ? "" : ` -> ${typeText(result)}`);
}
