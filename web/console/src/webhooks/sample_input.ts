import { isObject, numberOr, type Json } from "../api/json";

/** deepest is how far a sample follows a schema, which may refer to itself. */
const deepest = 5;

/** An input that a schema is likely to accept, to begin a trial with. */
export function sampleInput(schema: Json, depth = 0): Json {
  if (!isObject(schema)) return {};
  if (schema.default !== undefined) return schema.default;
  if (schema.const !== undefined) return schema.const;
  for (const list of [schema.examples, schema.enum]) if (Array.isArray(list) && list[0] !== undefined) return list[0];
  for (const list of [schema.anyOf, schema.oneOf]) {
    if (Array.isArray(list) && list[0] !== undefined && depth < deepest) return sampleInput(list[0], depth + 1);
  }
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  switch (type) {
    case "string":
      return "";
    case "integer":
    case "number":
      return numberOr(schema.minimum, 0);
    case "boolean":
      return false;
    case "null":
      return null;
    case "array":
      return [];
    default:
      return sampleObject(schema, depth);
  }
}

function sampleObject(schema: { readonly [name: string]: Json }, depth: number): Json {
  const properties = schema.properties;
  if (!isObject(properties) || depth >= deepest) return {};
  return Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, sampleInput(one, depth + 1)]));
}
