// The members of a function that its author sets, as they are edited, and the
// request that saves a change of them.

import { readJSON, writeJSON } from "../api/json";

/** Members as the editor holds them: JSON values as texts, so that one may be unfinished. */
export interface Members {
  description: string;
  code: string;
  input_schema: string;
  output_schema: string;
  /** The schemas that follow the type hints of the code. */
  derived_schemas: string[];
  requirements: string[];
  tags: string[];
  timeout_seconds: string;
  retry: string;
  max_concurrency: string;
  notify: string;
  is_active: boolean;
}

/** The stored function, as far as its members go. */
export interface Stored {
  kind: "function" | "module";
  description: string | null;
  code: string;
  input_schema: unknown;
  output_schema: unknown;
  derived_schemas: string[];
  requirements: string[];
  tags: string[];
  timeout_seconds: number | null;
  retry: unknown;
  max_concurrency: number | null;
  notify: unknown;
  is_active: boolean;
}

export type MemberName = keyof Members;

/** The names of the members, in words. */
export const memberTitles: Record<MemberName, string> = {
  code: "Code", input_schema: "Input schema", output_schema: "Output schema", derived_schemas: "Schemas of the type hints", description: "Description", requirements: "Requirements", tags: "Tags",
  timeout_seconds: "Timeout", retry: "Retry policy", max_concurrency: "Concurrency", notify: "Messages", is_active: "State",
};

export const memberNames = Object.keys(memberTitles) as MemberName[];

const inJSON = ["input_schema", "output_schema", "retry", "notify"] as const;
const inNumbers = ["timeout_seconds", "max_concurrency"] as const;

/** editable turns a stored function into members. */
export function editable(stored: Stored): Members {
  const text = (value: unknown): string => (value === null || value === undefined ? "" : writeJSON(value, true));
  return {
    description: stored.description ?? "", code: stored.code, input_schema: text(stored.input_schema), output_schema: text(stored.output_schema),
    derived_schemas: [...stored.derived_schemas], requirements: [...stored.requirements], tags: [...stored.tags], timeout_seconds: text(stored.timeout_seconds), retry: text(stored.retry),
    max_concurrency: text(stored.max_concurrency), notify: text(stored.notify), is_active: stored.is_active,
  };
}

/** changedMembers names the members that differ. */
export function changedMembers(from: Members, to: Members): MemberName[] {
  return memberNames.filter((name) => JSON.stringify(from[name]) !== JSON.stringify(to[name]));
}

/** A member whose text can't be read. */
export class MemberFault extends Error {
  constructor(readonly member: MemberName, message: string) {
    super(message);
  }
}

/**
 * changeOf is the body of the request that saves what differs between two states:
 * only those members, so that a change of others by another author is kept. It
 * throws a MemberFault where a text is not JSON or no number.
 */
export function changeOf(from: Members, to: Members): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  const again = derivedAgain(from, to);
  for (const name of changedMembers(from, to)) if (name !== "derived_schemas" && !again.includes(name)) body[name] = valueOf(name, to);
  if (again.length > 0) body.derived_schemas = [...from.derived_schemas, ...again];
  return body;
}

/** derivedAgain names the schemas that a change takes from the type hints again. */
export function derivedAgain(from: Members, to: Members): string[] {
  return to.derived_schemas.filter((name) => !from.derived_schemas.includes(name));
}

/** followsHints reports whether a schema is the one of the type hints, once the change is saved. */
export function followsHints(name: "input_schema" | "output_schema", base: Members, now: Members): boolean {
  return now.derived_schemas.includes(name) && (now[name] === base[name] || !base.derived_schemas.includes(name));
}

/** valueOf is a member as the API takes it. */
export function valueOf(name: MemberName, members: Members): unknown {
  if ((inJSON as readonly string[]).includes(name)) return parsed(name, members[name] as string);
  if ((inNumbers as readonly string[]).includes(name)) {
    const text = (members[name] as string).trim();
    if (text === "") return null;
    const number = Number(text);
    if (!Number.isFinite(number)) throw new MemberFault(name, `${memberTitles[name]}: ${JSON.stringify(text)} is not a number.`);
    return number;
  }
  if (name === "description") return members.description === "" ? null : members.description;
  return members[name];
}

function parsed(name: MemberName, text: string): unknown {
  if (text.trim() === "") return null;
  try {
    return readJSON(text);
  } catch (error) {
    throw new MemberFault(name, `${memberTitles[name]} is not JSON: ${(error as Error).message}`);
  }
}

/** A member that two authors have changed differently. */
export interface Clash {
  member: MemberName;
  base: Members[MemberName];
  mine: Members[MemberName];
  theirs: Members[MemberName];
}

/** clashesOf lists the members that both sides changed, in different ways. */
export function clashesOf(base: Members, mine: Members, theirs: Members): Clash[] {
  const theirChanges = changedMembers(base, theirs);
  return changedMembers(base, mine)
    .filter((member) => member !== "derived_schemas" && theirChanges.includes(member) && JSON.stringify(mine[member]) !== JSON.stringify(theirs[member]))
    .map((member) => ({ member, base: base[member], mine: mine[member], theirs: theirs[member] }));
}

/** rebased is theirs with what I have changed. */
export function rebased(base: Members, mine: Members, theirs: Members): Members {
  const result: Members = { ...theirs };
  for (const member of changedMembers(base, mine)) Object.assign(result, { [member]: mine[member] });
  result.derived_schemas = [...new Set([...theirs.derived_schemas, ...derivedAgain(base, mine)])];
  return result;
}
