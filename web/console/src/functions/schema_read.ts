// Reads JSON Schemas as far as an editor needs them: which members a value has,
// and a short text of its type. The server alone decides what fits a schema.

import { isObject } from "../api/json";

/** A JSON Schema: an object of keywords, or a boolean. */
export type Schema = boolean | { readonly [keyword: string]: unknown };

/** A member of an object, as a schema describes it. */
export interface Property {
  name: string;
  schema: Schema;
  required: boolean;
}

// mostFollowed bounds how many references and combinations are followed: schemas
// may refer to themselves.
const mostFollowed = 32;

/** asSchema reads an unknown value as a schema; null where it is none. */
export function asSchema(value: unknown): Schema | null {
  if (typeof value === "boolean") return value;
  return isObject(value) ? value : null;
}

/** resolve follows the local references of a schema; null where one leads nowhere. */
export function resolve(schema: Schema, root: Schema): Schema | null {
  let now: Schema | null = schema;
  for (let i = 0; i < mostFollowed; i++) {
    if (now === null || typeof now === "boolean" || typeof now.$ref !== "string") return now;
    const { $ref: reference, ...beside } = now as { $ref: string; [key: string]: unknown };
    const target = pointedAt(reference, root);
    if (target === null || typeof target === "boolean") return target;
    now = { ...target, ...beside };
  }
  return null;
}

// pointedAt is what a reference such as "#/$defs/Address" points at.
function pointedAt(reference: string, root: Schema): Schema | null {
  if (!reference.startsWith("#")) return null;
  let at: unknown = root;
  let parts: string[];
  try {
    parts = decodeURIComponent(reference.slice(1)).split("/").slice(1);
  } catch {
    return null;
  }
  for (const part of parts) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    if ((!isObject(at) && !Array.isArray(at)) || !Object.hasOwn(at, key)) return null;
    at = (at as { [key: string]: unknown })[key];
  }
  return asSchema(at);
}

/** schemasIn lists the schemas of a keyword whose value is a list. */
export function schemasIn(value: unknown): Schema[] {
  return Array.isArray(value) ? value.map(asSchema).filter((schema) => schema !== null) : [];
}

/** typesOf lists the types that a schema allows by its keyword type. */
export function typesOf(schema: Schema): string[] {
  if (typeof schema === "boolean") return [];
  if (typeof schema.type === "string") return [schema.type];
  if (Array.isArray(schema.type)) return schema.type.filter((type) => typeof type === "string");
  if (isObject(schema.properties)) return ["object"];
  return [];
}

/**
 * propertiesOf lists the members that a schema describes, also through allOf,
 * anyOf, oneOf and local references. A member that only an alternative requires
 * is optional.
 */
export function propertiesOf(schema: Schema, root: Schema): Property[] {
  const found = new Map<string, Property>();
  let left = mostFollowed;
  const visit = (from: Schema, certain: boolean): void => {
    if (left-- <= 0) return;
    const one = resolve(from, root);
    if (one === null || typeof one === "boolean") return;
    const required = Array.isArray(one.required) ? one.required : [];
    if (isObject(one.properties)) {
      for (const [name, value] of Object.entries(one.properties)) {
        const property = asSchema(value);
        if (property !== null && !found.has(name)) found.set(name, { name, schema: property, required: false });
      }
    }
    for (const name of certain ? required : []) {
      const property = found.get(name);
      if (property) property.required = true;
    }
    for (const part of schemasIn(one.allOf)) visit(part, certain);
    for (const part of [...schemasIn(one.anyOf), ...schemasIn(one.oneOf)]) visit(part, false);
  };
  visit(schema, true);
  return [...found.values()];
}

/** itemOf is the schema of an array's items; true where anything is allowed. */
export function itemOf(schema: Schema, root: Schema): Schema {
  const one = resolve(schema, root);
  if (one === null || typeof one === "boolean") return true;
  return asSchema(one.items) ?? true;
}

/** schemaAt is the schema of a value within another; keys of arrays are numbers. */
export function schemaAt(schema: Schema, root: Schema, path: readonly (string | number)[]): Schema | null {
  let now: Schema = schema;
  for (const key of path) {
    if (typeof key === "number") {
      now = itemOf(now, root);
      continue;
    }
    const property = propertiesOf(now, root).find((one) => one.name === key);
    if (!property) return null;
    now = property.schema;
  }
  return now;
}
