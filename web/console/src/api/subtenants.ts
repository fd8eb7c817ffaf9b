import { listAll } from "./request";

export interface SubtenantView {
  id: string;
  subtenant_id: string;
  description: string | null;
  created_at: string;
  paused_at: string | null;
  retention_days: number | null;
  effective_retention_days: number;
  lane: "auto" | "embedded" | "process";
  effective_lane: "embedded" | "process";
  lane_reason: string;
}

/** For administrators. */
export function listSubtenants(signal?: AbortSignal): Promise<SubtenantView[]> {
  return listAll<SubtenantView>("/subtenants", { signal, subtenant: null });
}
