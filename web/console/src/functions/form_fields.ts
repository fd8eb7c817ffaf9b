// Maps a JSON Schema to the fields of a form, one level at a time: a schema that
// refers to itself has no end, so that children are mapped when they are shown.
import { isObject, numberOr, writeJSON } from "../api/json";
import { asSchema, propertiesOf, resolve, schemasIn, typesOf, type Property, type Schema } from "./schema_read";

/** A field, as its schema describes it. */
export interface Field {
  control: Control;
  title: string;
  description: string;
  nullable: boolean;
}

export type Control =
  | { kind: "text"; format: string; long: boolean; maxLength: number | null }
  | { kind: "number"; whole: boolean; minimum: number | null; maximum: number | null }
  | { kind: "switch" }
  | { kind: "choice"; values: unknown[] }
  | { kind: "object"; members: Property[]; others: Schema }
  | { kind: "list"; item: Schema; atLeast: number; atMost: number | null }
  | { kind: "either"; options: { title: string; schema: Schema }[] }
  | { kind: "json" };

// deepest bounds nested fields: beyond it a value is edited as JSON.
export const deepest = 8;

/** fieldOf maps a schema, whose references are in root, at a depth of the form. */
export function fieldOf(schema: Schema, root: Schema, depth = 0): Field {
  const one = resolve(schema, root);
  if (one === null || typeof one === "boolean") return { control: { kind: "json" }, title: "", description: "", nullable: false };
  const { control, nullable } = controlOf(one, root, depth);
  return { control, nullable, title: textOf(one.title), description: textOf(one.description) };
}

type Keywords = Exclude<Schema, boolean>;

function controlOf(schema: Keywords, root: Schema, depth: number): { control: Control; nullable: boolean } {
  if (depth > deepest) return { control: { kind: "json" }, nullable: false };
  if ("const" in schema) return { control: { kind: "choice", values: [schema.const] }, nullable: false };
  if (Array.isArray(schema.enum)) return { control: { kind: "choice", values: schema.enum }, nullable: false };

  const alternatives = schemasIn(schema.oneOf ?? schema.anyOf);
  if (alternatives.length > 0) return eitherOf(schema, alternatives, root, depth);
  if (Array.isArray(schema.allOf)) {
    const members = propertiesOf(schema, root);
    return { control: members.length > 0 ? { kind: "object", members, others: othersOf(schema) } : { kind: "json" }, nullable: false };
  }
  const types = typesOf(schema);
  const nullable = types.length > 1 && types.includes("null");
  const rest = types.filter((type) => type !== "null" || !nullable);
  if (rest.length !== 1) {
    if (rest.length === 0) return { control: { kind: "json" }, nullable };
    return { control: { kind: "either", options: rest.map((type) => ({ title: type, schema: { ...schema, type } })) }, nullable };
  }
  return { control: ofType(rest[0]!, schema, root), nullable };
}

// eitherOf makes alternatives of which one may be null, as an optional value has
// them, or several.
function eitherOf(schema: Keywords, alternatives: Schema[], root: Schema, depth: number): { control: Control; nullable: boolean } {
  const isNull = (option: Schema): boolean => {
    const one = resolve(option, root);
    return one !== null && typeof one === "object" && (one.type === "null" || one.const === null && "const" in one);
  };
  const rest = alternatives.filter((option) => !isNull(option));
  const nullable = rest.length < alternatives.length;
  const { oneOf: _one, anyOf: _any, title: _title, description: _description, ...beside } = schema;
  if (rest.length === 1) {
    const inner = resolve(rest[0]!, root);
    if (inner !== null && typeof inner === "object") return { control: controlOf({ ...beside, ...inner }, root, depth + 1).control, nullable };
  }
  if (rest.length === 0 || propertiesOf(beside, root).length > 0) return { control: { kind: "json" }, nullable };
  const options = rest.map((option, at) => ({ title: optionTitle(option, root, at), schema: option }));
  return { control: { kind: "either", options }, nullable };
}

function optionTitle(option: Schema, root: Schema, at: number): string {
  const one = resolve(option, root);
  if (one === null || typeof one === "boolean") return `Form ${at + 1}`;
  if (typeof one.title === "string" && one.title !== "") return one.title;
  if ("const" in one) return writeJSON(one.const);
  if (isObject(option) && typeof option.$ref === "string") return option.$ref.split("/").at(-1) ?? `Form ${at + 1}`;
  return typesOf(one).join(" or ") || `Form ${at + 1}`;
}

function ofType(type: string, schema: Keywords, root: Schema): Control {
  switch (type) {
    case "string": {
      const format = textOf(schema.format);
      const maxLength = numberOf(schema.maxLength);
      return { kind: "text", format, maxLength, long: format === "" && (maxLength === null || maxLength > 200) };
    }
    case "integer":
    case "number":
      return { kind: "number", whole: type === "integer", minimum: numberOf(schema.minimum), maximum: numberOf(schema.maximum) };
    case "boolean":
      return { kind: "switch" };
    case "null":
      return { kind: "choice", values: [null] };
    case "object": {
      const members = propertiesOf(schema, root);
      const others = othersOf(schema);
      return { kind: "object", members, others };
    }
    case "array":
      if (Array.isArray(schema.prefixItems)) return { kind: "json" };
      return { kind: "list", item: asSchema(schema.items) ?? true, atLeast: numberOf(schema.minItems) ?? 0, atMost: numberOf(schema.maxItems) };
    default:
      return { kind: "json" };
  }
}

// othersOf is the schema of members that properties does not name.
function othersOf(schema: Keywords): Schema {
  return asSchema(schema.additionalProperties) ?? true;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function numberOf(value: unknown): number | null {
  const number = numberOr(value, null);
  return number !== null && Number.isFinite(number) ? number : null;
}

/** canShow reports whether a form shows more of a schema than a text of JSON. */
export function canShow(schema: Schema | null): schema is Schema {
  return schema !== null && fieldOf(schema, schema).control.kind !== "json";
}
