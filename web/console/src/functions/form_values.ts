// The values of a form: JSON values in which numbers keep the digits that were
// typed, because a number of JavaScript has only 53 bits.
import { exactNumber, ExactNumber, isObject, writeJSON } from "../api/json";
import { fieldOf } from "./form_fields";
import { resolve, type Schema } from "./schema_read";

/** One step into a value: the name of a member or the position of an item. */
export type Step = string | number;

/** numberFrom reads a number that was typed; undefined for text that is none. */
export function numberFrom(text: string): number | ExactNumber | undefined {
  const trimmed = text.trim();
  return /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/.test(trimmed) ? exactNumber(trimmed) : undefined;
}

/** valueAt is the value at a path; undefined where there is none. */
export function valueAt(value: unknown, path: readonly Step[]): unknown {
  let now = value;
  for (const step of path) {
    if (Array.isArray(now) && typeof step === "number") now = now[step];
    else if (isObject(now) && typeof step === "string" && Object.hasOwn(now, step)) now = now[step];
    else return undefined;
  }
  return now;
}

/** withAt is the value with another one at a path; undefined removes a member or item. */
export function withAt(value: unknown, path: readonly Step[], next: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return next;
  if (typeof step === "number") {
    const items = Array.isArray(value) ? [...(value as unknown[])] : [];
    const changed = withAt(items[step], rest, next);
    if (changed === undefined) items.splice(step, 1);
    else items[step] = changed;
    return items;
  }
  const before = isObject(value) ? value : {};
  const changed = withAt(Object.hasOwn(before, step) ? before[step] : undefined, rest, next);
  const entries = Object.entries(before).filter(([name]) => name !== step || changed !== undefined);
  const at = entries.findIndex(([name]) => name === step);
  if (changed !== undefined) {
    if (at >= 0) entries[at] = [step, changed];
    else entries.push([step, changed]);
  }
  return Object.fromEntries(entries); // also of a member __proto__
}

/** initialValue is a first value for a schema: its default, an example, or the least of its type. */
export function initialValue(schema: Schema, root: Schema, depth = 0): unknown {
  const one = resolve(schema, root);
  if (one === null || typeof one === "boolean") return null;
  if ("default" in one) return one.default;
  if ("const" in one) return one.const;
  if (Array.isArray(one.examples) && one.examples.length > 0) return one.examples[0];
  const { control, nullable } = fieldOf(one, root, depth);
  if (nullable) return null;
  switch (control.kind) {
    case "text":
      return "";
    case "number":
      return control.minimum !== null ? (control.whole ? Math.ceil(control.minimum) : control.minimum) : 0;
    case "switch":
      return false;
    case "choice":
      return control.values[0] ?? null;
    case "object":
      return Object.fromEntries(control.members.filter((member) => member.required).map((member) => [member.name, initialValue(member.schema, root, depth + 1)]));
    case "list":
      return Array.from({ length: Math.min(control.atLeast, 20) }, () => initialValue(control.item, root, depth + 1));
    case "either":
      return initialValue(control.options[0]!.schema, root, depth + 1);
    case "json":
      return null;
  }
}

/** matchingOption is the alternative that a value seems to follow; 0 where none does. */
export function matchingOption(value: unknown, options: readonly { schema: Schema }[], root: Schema): number {
  const at = options.findIndex((option) => seemsLike(value, option.schema, root));
  return Math.max(at, 0);
}

// seemsLike compares the kind of a value, and the members that are constant or required.
function seemsLike(value: unknown, schema: Schema, root: Schema): boolean {
  const { control, nullable } = fieldOf(schema, root);
  if (value === null) return nullable || control.kind === "json" || (control.kind === "choice" && control.values.includes(null));
  switch (control.kind) {
    case "text":
      return typeof value === "string";
    case "number":
      return typeof value === "number" || value instanceof ExactNumber;
    case "switch":
      return typeof value === "boolean";
    case "choice":
      return control.values.some((one) => writeJSON(one) === writeJSON(value));
    case "list":
      return Array.isArray(value);
    case "object":
      return (
        isObject(value) &&
        control.members.every((member) => {
          const has = Object.hasOwn(value, member.name);
          if (!has) return !member.required;
          const one = resolve(member.schema, root);
          return one === null || typeof one === "boolean" || !("const" in one) || writeJSON(one.const) === writeJSON(value[member.name]);
        })
      );
    case "either":
      return control.options.some((option) => seemsLike(value, option.schema, root));
    case "json":
      return true;
  }
}
