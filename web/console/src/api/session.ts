import { request } from "./request";

/** The session, as GET /session shows it; the API answers it to callers without one too. */
export interface SessionView {
  signed_in: boolean;
  email: string | null;
  admin: boolean;
  /** Null: name one of the caller's subtenants. */
  subtenant_id: string | null;
  subtenants: string[];
  ends_at: string | null;
  /** A session needs no token here: development mode on loopback. */
  signs_in_by_itself: boolean;
  server_version: string;
}

const apart = { subtenant: null, anonymous: true };

export async function getSession(subtenant: string | null): Promise<SessionView> {
  return (await request<SessionView>("GET", "/session", { ...apart, subtenant })).data;
}

/** beginSession trades a token for a cookie that scripts can't read; where the server signs in by itself it needs none. */
export async function beginSession(token?: string): Promise<void> {
  await request("POST", "/session", { ...apart, ...(token ? { body: { token } } : {}) });
}

export async function endSession(): Promise<void> {
  await request("DELETE", "/session", apart);
}
