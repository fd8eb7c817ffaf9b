import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Runs SQL in the embedded PostgreSQL of the tests' server, for histories that are too long to be made by calls. */
export function sql(text: string): string {
  const folder = process.env.MAESTRO_TEST_FOLDER ?? "";
  const versions = join(folder, "postgres");
  return execFileSync("psql", ["-qAt", "-v", "ON_ERROR_STOP=1", "-h", join(versions, "socket"), "-U", "maestro", "-d", "maestro", "-c", text], {
    encoding: "utf8", env: { PATH: process.env.PATH, PGPASSWORD: readFileSync(join(folder, "postgres_password"), "utf8").trim() },
  });
}

/** Writes the records of runs of a function, the newest first numbered 1, in one statement. */
export function writeRuns(subtenant: string, name: string, count: number): void {
  sql(`INSERT INTO executions (id, tenant, function_name, function_version, trigger_type, status, input_data, output_data, created_at, started_at, completed_at, duration_us, lane)
    SELECT (lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint - i / 50), 12, '0') || '7' || lpad(to_hex(4095 - i % 50), 3, '0') || '8' || lpad(to_hex(i), 15, '0'))::uuid,
      '${subtenant}', '${name}', 1, 'webhook', 'completed', json_build_object('number', i), to_json(i), at, at, at, 100 + i % 5000, 'embedded'
    FROM generate_series(1, ${count}) i, LATERAL (SELECT now() - i / 50 * interval '1 ms' AS at) moment`);
}
