import { listAll, path, request } from "./request";

export interface Secret {
  name: string;
  created_at: string;
  updated_at: string;
  /** To the minute; null: not since this is recorded. */
  last_read_at: string | null;
  /** The function that read it then; null: the server itself, or not known. */
  last_read_by: string | null;
  /** Of the active versions; null: not known yet. */
  readers: SecretReader[] | null;
}

export interface SecretReader {
  function: string;
  kind: "function" | "module";
  version: number;
  /** It does not name the secret but computes names: it may read it. */
  computed: boolean;
}

export function listSecrets(signal?: AbortSignal): Promise<Secret[]> {
  return listAll<Secret>("/secrets", { signal });
}

export async function putSecret(name: string, value: string): Promise<void> {
  await request("PUT", path`/secrets/${name}`, { body: { value } });
}

export async function deleteSecret(name: string): Promise<void> {
  await request("DELETE", path`/secrets/${name}`);
}
