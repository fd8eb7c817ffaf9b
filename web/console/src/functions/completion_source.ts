// Completions for the code of a stored function: its siblings, the module
// maestro, and the members that schemas describe. The adapter of the editor is
// completion_editor.ts; Python's own names come from the editor's language.
import { contextMembers, logMembers, maestroMembers, predefinedNames, requestMembers, type Member } from "./maestro_module";
import { asSchema, propertiesOf, schemaAt, type Property, type Schema } from "./schema_read";
import { signature, typeText } from "./schema_text";

/** A function or module of the subtenant. */
export interface Sibling {
  name: string;
  kind: "function" | "module";
  description: string | null;
  input_schema: unknown;
  output_schema: unknown;
  /** Names that a module defines at its top level. */
  exports: string[];
}

/** What completions are taken from. */
export interface Catalogue {
  self: string;
  input: unknown;
  siblings: readonly Sibling[];
  secrets: readonly string[];
}

export interface Option {
  label: string;
  type: "function" | "namespace" | "property" | "constant" | "class" | "variable" | "keyword";
  detail?: string;
  info?: string;
  apply?: string;
  boost?: number;
}

/** Completions of what begins at `from`, an offset in the line. */
export interface Found {
  from: number;
  options: Option[];
}

/** Where the cursor is, by the syntax tree. */
export type Place = "code" | "string" | "comment";

/**
 * findCompletions returns the completions at the end of `line`, the text of the
 * cursor's line up to it; null where there are none of this source.
 */
export function findCompletions(line: string, text: string, place: Place, known: Catalogue): Found | null {
  if (place === "comment") return null;
  const quoted = inQuotes(line, text, known);
  if (quoted !== null || place === "string") return quoted;
  if (/^\s*(?:from|import)\s/.test(line)) return afterImport(line, known);
  return ofMaestro(line) ?? plainName(line, known);
}

// inQuotes completes within a string: names of functions and secrets, and keys.
function inQuotes(line: string, text: string, known: Catalogue): Found | null {
  let match = /\bmaestro\.(?:call|spawn)\(\s*["']([^"'\\]*)$/.exec(line);
  if (match) {
    return at(line, match[1]!, known.siblings.filter((one) => one.kind === "function").map((one) => siblingOption(one)));
  }
  match = /\bmaestro\.secret\(\s*["']([^"'\\]*)$/.exec(line);
  if (match) return at(line, match[1]!, known.secrets.map((label) => ({ label, type: "constant", detail: "secret" })));

  match = /\b(\w+)((?:\[(?:"[^"\\]*"|'[^'\\]*'|-?\d+)\])*)(?:\[|\.(?:get|pop|setdefault)\()\s*["']([^"'\\]*)$/.exec(line);
  const input = asSchema(known.input);
  if (match && input !== null && match[1] === parameterOf(text, known.self)) {
    const schema = schemaAt(input, input, keysIn(match[2]!));
    return schema === null ? null : at(line, match[3]!, propertyOptions(propertiesOf(schema, input), input));
  }

  match = /\b(\w+)\(\s*\{(?:[^{}]*,)?\s*["']([^"'\\]*)$/.exec(line);
  const callee = match && known.siblings.find((one) => one.name === match![1]);
  if (match && callee) return at(line, match[2]!, argumentOptions(callee));
  return null;
}

function afterImport(line: string, known: Catalogue): Found | null {
  let match = /^\s*from\s+(\w+)\s+import\s+(?:\(?\s*(?:\w+(?:\s+as\s+\w+)?\s*,\s*)*)(\w*)$/.exec(line);
  if (match) {
    const [, name, prefix] = match;
    if (name === "maestro") return at(line, prefix!, maestroMembers.map(memberOption));
    const module = known.siblings.find((one) => one.kind === "module" && one.name === name);
    return module ? at(line, prefix!, module.exports.map((label) => ({ label, type: "variable" }))) : null;
  }
  match = /^\s*(?:from\s+|import\s+(?:\w+\s*,\s*)*)(\w*)$/.exec(line);
  if (!match) return null;
  const modules = known.siblings.filter((one) => one.kind === "module" && one.name !== known.self).map((one) => siblingOption(one));
  return at(line, match[1]!, [...modules, { label: "maestro", type: "namespace", detail: "calls, secrets, the log" }]);
}

function ofMaestro(line: string): Found | null {
  const sources: [RegExp, readonly Member[]][] = [
    [/\bmaestro\.log\.(\w*)$/, logMembers],
    [/\bmaestro\.context\(\)\.(\w*)$/, contextMembers],
    [/\bmaestro\.request\(\)\.(\w*)$/, requestMembers],
    [/\bmaestro\.(\w*)$/, maestroMembers],
  ];
  for (const [pattern, members] of sources) {
    const match = pattern.exec(line);
    if (match) return at(line, match[1]!, members.map(memberOption));
  }
  return null;
}

// plainName completes names of siblings, and keywords of a sibling's call.
function plainName(line: string, known: Catalogue): Found | null {
  if (/\.\s*\w*$/.test(line) || /\b(?:def|class|as|global|nonlocal)\s+\w*$/.test(line)) return null;
  const prefix = /\w*$/.exec(line)![0];
  if (/^\d/.test(prefix)) return null;
  const options: Option[] = known.siblings.filter((one) => one.kind === "function" && one.name !== known.self).map((one) => siblingOption(one));
  options.push(...predefinedNames.map(memberOption));
  const call = /\b(\w+)\((?:[^(){}"']*,)?\s*\w*$/.exec(line);
  const callee = call && known.siblings.find((one) => one.kind === "function" && one.name === call[1]);
  if (callee) {
    const keywords = argumentOptions(callee).filter((option) => /^[A-Za-z_]\w*$/.test(option.label));
    options.unshift(...keywords.map((option) => ({ ...option, label: `${option.label}=`, boost: 50 + (option.boost ?? 0) })));
  } else if (prefix === "") {
    return null;
  }
  return at(line, prefix, options);
}

function at(line: string, prefix: string, options: Option[]): Found | null {
  return options.length === 0 ? null : { from: line.length - prefix.length, options };
}

function siblingOption(sibling: Sibling): Option {
  if (sibling.kind === "module") return { label: sibling.name, type: "namespace", detail: "module", info: sibling.description ?? undefined };
  return { label: sibling.name, type: "function", detail: signature(sibling.input_schema, sibling.output_schema), info: sibling.description ?? undefined, boost: 1 };
}

function memberOption(member: Member): Option {
  return { label: member.name, type: member.type, detail: member.detail, info: member.info };
}

function argumentOptions(callee: Sibling): Option[] {
  const schema = asSchema(callee.input_schema);
  return schema === null ? [] : propertyOptions(propertiesOf(schema, schema), schema);
}

function propertyOptions(properties: Property[], root: Schema): Option[] {
  return properties.map((one) => ({
    label: one.name, type: "property", detail: typeText(one.schema, root) + (one.required ? "" : ", optional"),
    info: typeof one.schema === "object" && typeof one.schema.description === "string" ? one.schema.description : undefined,
    boost: one.required ? 2 : 1,
  }));
}

// parameterOf is the name of the stored function's parameter.
function parameterOf(text: string, self: string): string {
  const head = new RegExp(`^(?:async\\s+)?def\\s+${self.replaceAll(/\W/g, "")}\\s*(?:\\[[^\\]]*\\])?\\(\\s*(\\w+)`, "m").exec(text);
  return head?.[1] ?? "input";
}

// keysIn reads the subscripts of an expression such as ["rows"][0].
function keysIn(subscripts: string): (string | number)[] {
  return [...subscripts.matchAll(/\[(?:"([^"]*)"|'([^']*)'|(-?\d+))\]/g)].map((one) => one[1] ?? one[2] ?? Number(one[3]));
}

/** exportsOf lists the public names that code binds at its top level. */
export function exportsOf(code: string): string[] {
  const names = new Set<string>();
  for (const match of code.matchAll(/^(?:(?:async\s+)?def|class)\s+(\w+)|^(\w+)\s*(?::[^=\n]+)?=(?!=)/gm)) {
    const name = match[1] ?? match[2]!;
    if (!name.startsWith("_")) names.add(name);
  }
  return [...names];
}
