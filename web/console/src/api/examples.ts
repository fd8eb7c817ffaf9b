import { request } from "./request";
import { Problem } from "./problem";

interface Source {
  functions: { name: string }[];
  webhooks: { path: string }[];
  schedules: { name: string }[];
}

export interface Applied {
  functions: { name: string; action: string }[];
  webhooks: { path: string; url: string; action: string }[];
  schedules: { name: string; action: string }[];
}

/**
 * Stores the examples of the server. Where another subtenant has one of their public
 * paths, their webhooks require a token.
 */
export async function loadExamples(): Promise<Applied> {
  try {
    return await apply({});
  } catch (error) {
    if (error instanceof Problem && error.code === "path_taken") return apply({ requires_auth: true });
    throw error;
  }
}

async function apply(query: { requires_auth?: boolean }): Promise<Applied> {
  const source = (await request<Source>("GET", "/examples", { query })).data;
  return (await request<Applied>("POST", "/apply", { body: source })).data;
}
