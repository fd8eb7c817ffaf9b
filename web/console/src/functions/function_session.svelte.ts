// One function while it is edited: the stored state, the changes, the compiler's
// faults and warnings, and the way to a new version.
import type { FunctionView } from "../api/functions";
import { getFunction } from "../api/functions";
import { checkFunction, updateFunction, type Checked, type FunctionChange } from "../api/function_changes";
import { isAbort, Problem } from "../api/problem";
import { dropDraft, keepDraft, readDraft, type Storage } from "./draft_store";
import { changedMembers, changeOf, clashesOf, editable, followsHints, MemberFault, memberNames, rebased, valueOf, type Clash, type MemberName, type Members, type Stored } from "./function_members";
import type { Problem as Fault } from "./problem_place";
import { mergeTexts, type Merged } from "./three_way";

/** A save that met another version: what it would come to. */
export interface Conflict {
  theirs: FunctionView;
  code: Merged;
  clashes: Clash[];
  merged: Members;
}

// pause is how long typing rests before the code is checked.
const pause = 400;

export class FunctionSession {
  stored = $state.raw<FunctionView>() as FunctionView;
  members = $state() as Members;
  errors = $state.raw<Fault[]>([]);
  warnings = $state.raw<Fault[]>([]);
  /** Faults of other members than the code, by the member's name. */
  faults = $state.raw<Partial<Record<MemberName, string>>>({});
  /** What the last check found: the schemas that the code's type hints give. */
  checked = $state.raw<Checked | null>(null);
  saving = $state(false);
  checking = $state(false);
  failure = $state.raw<unknown>(null);
  conflict = $state.raw<Conflict | null>(null);
  /** Whether changes of an earlier visit were found, and from which version. */
  restored = $state<number | null>(null);
  kept = $state(true);

  readonly #subtenant: string;
  readonly #storage: Storage;
  #base = $state.raw() as unknown as Members;
  #version = $state(0);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #check: AbortController | undefined;

  constructor(stored: FunctionView, subtenant: string, storage: Storage) {
    this.#subtenant = subtenant;
    this.#storage = storage;
    this.stored = stored;
    this.#base = editable(stored as Stored);
    this.#version = stored.version;
    this.members = editable(stored as Stored);
    this.warnings = stored.warnings ?? [];
    const draft = readDraft(storage, subtenant, stored.name);
    if (draft && changedMembers(draft.base, draft.members).length > 0) {
      this.#base = draft.base;
      this.#version = draft.version;
      this.members = draft.members;
      this.restored = draft.version;
    }
    this.check();
  }

  get changed(): MemberName[] {
    return changedMembers(this.#base, this.members);
  }

  get dirty(): boolean {
    return this.changed.length > 0;
  }

  /** The version that the changes were made from. */
  get version(): number {
    return this.#version;
  }

  /** edit changes a member, keeps the draft, and has the code checked when typing rests. */
  edit<Name extends MemberName>(name: Name, value: Members[Name]): void {
    this.members[name] = value;
    this.kept = keepDraft(this.#storage, this.#subtenant, this.stored.name, { version: this.#version, base: this.#base, members: $state.snapshot(this.members) });
    if (this.faults[name]) this.faults = { ...this.faults, [name]: undefined };
    this.checkSoon();
  }

  /** derives reports whether a schema follows the type hints of the code. */
  derives(name: "input_schema" | "output_schema"): boolean {
    return followsHints(name, this.#base, this.members);
  }

  /** editSchema sets a schema of the author's own. */
  editSchema(name: "input_schema" | "output_schema", text: string): void {
    if (!this.#base.derived_schemas.includes(name)) this.members.derived_schemas = this.members.derived_schemas.filter((one) => one !== name);
    this.edit(name, text);
  }

  /** useHints has a schema follow the type hints again, in place of an own one. */
  useHints(name: "input_schema" | "output_schema"): void {
    if (!this.members.derived_schemas.includes(name)) this.members.derived_schemas = [...this.members.derived_schemas, name];
    this.edit(name, this.#base[name]);
  }

  checkSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.check(), pause);
  }

  /** check has the server compile the code as it would be saved; nothing is changed. */
  async check(): Promise<void> {
    this.#check?.abort();
    const abort = (this.#check = new AbortController());
    this.checking = true;
    try {
      this.checked = await checkFunction(this.stored.name, this.members.code, this.#whole(), abort.signal);
      this.errors = [];
      this.warnings = this.checked.warnings;
      this.faults = {};
    } catch (error) {
      if (abort.signal.aborted || isAbort(error)) return;
      if (error instanceof Problem && error.status === 422) this.#take(error);
    } finally {
      if (!abort.signal.aborted) this.checking = false;
    }
  }

  // whole is the function as it would be saved, without members that can't be read yet.
  #whole(): FunctionChange {
    const whole: FunctionChange = { kind: this.stored.kind };
    for (const name of memberNames) {
      if (name === "code") continue;
      if (name === "derived_schemas" || ((name === "input_schema" || name === "output_schema") && this.derives(name)) || (this.stored.kind === "module" && !["description", "tags", "requirements"].includes(name))) continue;
      try {
        whole[name] = valueOf(name, this.members);
      } catch (error) {
        if (!(error instanceof MemberFault)) throw error;
      }
    }
    return whole;
  }

  // take puts the faults of a refused check or save where they belong.
  #take(problem: Problem): void {
    const faults: Partial<Record<MemberName, string>> = {};
    const errors: Fault[] = [];
    for (const fault of problem.faults) {
      const pointer = fault.pointer ?? "";
      const member = memberNames.find((name) => pointer === `/${name}` || pointer.startsWith(`/${name}/`));
      if (fault.line || member === "code" || (!member && pointer === "")) errors.push(fault);
      else if (member) faults[member] = faults[member] ? `${faults[member]} ${fault.message}` : `${pointer.slice(member.length + 1)} ${fault.message}`.trim();
    }
    if (problem.faults.length === 0) errors.push({ message: problem.message });
    this.errors = errors;
    this.warnings = [];
    this.faults = faults;
  }

  /** save stores the changes as a new version; false when it was refused. */
  async save(): Promise<boolean> {
    if (this.saving) return false;
    this.failure = null;
    const sent = $state.snapshot(this.members);
    let change: FunctionChange;
    try {
      change = changeOf(this.#base, sent);
    } catch (error) {
      if (error instanceof MemberFault) this.faults = { ...this.faults, [error.member]: error.message };
      this.failure = error;
      return false;
    }
    if (Object.keys(change).length === 0) return true;
    this.saving = true;
    try {
      this.#settle(await updateFunction(this.stored.name, this.#version, change), sent);
      return true;
    } catch (error) {
      if (error instanceof Problem && error.status === 412) await this.#meet();
      else {
        if (error instanceof Problem && error.status === 422) this.#take(error);
        this.failure = error;
      }
      return false;
    } finally {
      this.saving = false;
    }
  }

  // settle takes over a stored function; changes made since `sent` stay.
  #settle(stored: FunctionView, sent: Members): void {
    clearTimeout(this.#timer);
    this.#check?.abort();
    this.checking = false;
    const next = editable(stored as Stored);
    const now = rebased(sent, $state.snapshot(this.members), next);
    this.stored = stored;
    this.#base = next;
    this.#version = stored.version;
    this.members = now;
    this.errors = [];
    this.faults = {};
    this.warnings = stored.warnings ?? [];
    this.restored = null;
    if (!this.dirty) dropDraft(this.#storage, this.#subtenant, stored.name);
    else this.kept = keepDraft(this.#storage, this.#subtenant, stored.name, { version: stored.version, base: next, members: now });
  }

  // meet reads the version that another author has saved, and merges it.
  async #meet(): Promise<void> {
    try {
      const theirs = await getFunction(this.stored.name);
      const mine = $state.snapshot(this.members);
      const other = editable(theirs as Stored);
      const code = mergeTexts(this.#base.code, mine.code, other.code, { mine: "your change", theirs: `version ${theirs.version}` });
      const merged = { ...rebased(this.#base, mine, other), code: code.text };
      this.conflict = { theirs, code, clashes: clashesOf(this.#base, mine, other).filter((clash) => clash.member !== "code"), merged };
    } catch (error) {
      this.failure = error;
    }
  }

  /** resolve makes the other version the base, and these members the changes; save then stores them. */
  resolve(members: Members): void {
    if (!this.conflict) return;
    const theirs = this.conflict.theirs;
    this.stored = theirs;
    this.#base = editable(theirs as Stored);
    this.#version = theirs.version;
    this.members = members;
    this.conflict = null;
    this.restored = null;
    this.kept = keepDraft(this.#storage, this.#subtenant, theirs.name, { version: theirs.version, base: this.#base, members });
    this.check();
  }

  /** discard gives up the changes. */
  discard(): void {
    dropDraft(this.#storage, this.#subtenant, this.stored.name);
    this.#base = editable(this.stored as Stored);
    this.#version = this.stored.version;
    this.members = editable(this.stored as Stored);
    this.restored = null;
    this.failure = null;
    this.check();
  }

  /** accept takes over the function after a change that is not of its members, such as a pause or a roll-back. */
  accept(stored: FunctionView): void {
    // With changes from an older version, the save has to meet the new one first.
    if (this.dirty && stored.version !== this.#version) this.stored = stored;
    else this.#settle(stored, this.#base);
  }

  /** close ends the check in progress. */
  close(): void {
    clearTimeout(this.#timer);
    this.#check?.abort();
  }
}
