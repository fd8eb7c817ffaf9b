import { asProblem, type Problem } from "../api/problem";
import { useCredentials } from "../api/request";
import { beginSession, endSession, getSession, type SessionView } from "../api/session";
import { chosenSubtenant, keepSignedIn, keepSubtenant } from "./remembered";
import { router } from "./router.svelte";

/**
 * The state of the session:
 *   starting    → signed in, choosing, signed out, failed
 *   signed out  → signed in, choosing: a token was accepted
 *   choosing    → signed in: the caller has several subtenants, and has named one
 *   signed in   → signed out: by request, or the session has expired; then the page stays
 *                 below the form, and its requests wait
 *   failed      → starting: the server could not be reached before
 */
type State = "starting" | "signed out" | "choosing" | "signed in" | "failed";

let state = $state<State>("starting");
let view = $state.raw<SessionView | null>(null);
let problem = $state.raw<Problem | null>(null);
let expired = $state(false);

let chosen = chosenSubtenant();

export const session = {
  get state(): State { return state; },
  get email(): string { return view?.email ?? ""; },
  get admin(): boolean { return view?.admin ?? false; },
  /** The subtenant that all requests are about. */
  get subtenant(): string { return view?.subtenant_id ?? ""; },
  /** Changes with the caller and the subtenant: what a page shows is of them. */
  get owner(): string { return owner; },
  /** Those of the caller; an administrator has access to all. */
  get subtenants(): string[] { return view?.subtenants ?? []; },
  get version(): string { return view?.server_version ?? ""; },
  /** Why it failed. */
  get problem(): Problem | null { return problem; },
  /** It was signed in, and the session has ended by itself. */
  get expired(): boolean { return expired; },
};

/** Whose session it is, or was until it ended: by another one nothing goes on. */
let owner = $state("");

/** What waits for the session to go on: told true when it does, false when another begins. */
let waiting: ((goesOn: boolean) => void)[] = [];

function expire(): Promise<boolean> {
  if (state !== "signed in" && !expired) return Promise.resolve(false);
  expired = true;
  state = "signed out";
  return new Promise((tell) => waiting.push(tell));
}

function tellWaiting(goesOn: boolean): void {
  const all = waiting;
  waiting = [];
  for (const tell of all) tell(goesOn);
}

function use(subtenant: string | null): void {
  useCredentials({ subtenant, expired: expire });
}

function choose(subtenant: string | null): void {
  chosen = subtenant;
  keepSubtenant(subtenant);
}

/** read asks for the session with the subtenant that is chosen, or without it where the caller has no access to that. */
async function read(): Promise<SessionView> {
  try {
    return await getSession(chosen);
  } catch (error) {
    const { status } = asProblem(error);
    if (!chosen || status !== 403) throw error;
    choose(null);
    return getSession(null);
  }
}

function enter(found: SessionView): void {
  view = found;
  use(found.subtenant_id);
  keepSignedIn(found.signed_in);
  if (!found.signed_in) {
    state = "signed out";
  } else if (!found.subtenant_id) {
    state = "choosing";
  } else {
    expired = false;
    state = "signed in";
    const before = owner;
    owner = JSON.stringify([found.email, found.subtenant_id]);
    tellWaiting(owner === before);
  }
}

/** start finds out whether the browser has a session, or begins one where that needs no token. */
export async function start(): Promise<void> {
  state = "starting";
  try {
    let found = await read();
    if (!found.signed_in && found.signs_in_by_itself) {
      try {
        await beginSession();
        found = await read();
      } catch (error) {
        const { status } = asProblem(error);
        if (status < 400 || status >= 500) throw error; // else it wants a token after all
      }
    }
    enter(found);
  } catch (error) {
    problem = asProblem(error);
    state = "failed";
  }
}

/** signIn takes a token; the view that was asked for follows. */
export async function signIn(token: string): Promise<void> {
  await beginSession(token.trim());
  enter(await read());
}

/** chooseSubtenant makes all requests be about another subtenant; fails without access to it. */
export async function chooseSubtenant(id: string): Promise<void> {
  const found = await getSession(id);
  choose(id);
  enter(found);
}

export async function signOut(): Promise<void> {
  await endSession();
  choose(null);
  keepSignedIn(false);
  use(null);
  expired = false;
  state = "signed out";
  tellWaiting(false);
}

/** linkTo is the address of a view for another person: it names the subtenant too. */
export function linkTo(address = router.address): string {
  const url = new URL(location.href);
  url.search = session.subtenant ? "?" + new URLSearchParams({ subtenant: session.subtenant }).toString() : "";
  url.hash = address;
  return url.href;
}
