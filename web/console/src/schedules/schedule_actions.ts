import { href } from "../app/router.svelte";
import { runSchedule, updateSchedule, type Schedule } from "../api/schedules";
import { oneLine } from "../ui/text";
import { toast, toastError } from "../ui/toasts.svelte";

/** Runs a schedule now, and says so. */
export async function runNow(s: Schedule): Promise<void> {
  try {
    const run = await runSchedule(s.id);
    toast(`${oneLine(s.name, 60)} was started.`, { label: "Show the run", href: href("/runs/" + run.execution_id) });
  } catch (error) {
    toastError(error, "Not started");
  }
}

/** Pauses a schedule, or resumes one that is paused. The answer is undefined when that failed, and was said. */
export async function pauseSchedule(s: Schedule): Promise<Schedule | undefined> {
  try {
    const changed = await updateSchedule(s.id, { is_active: !s.is_active });
    toast(changed.is_active ? `${oneLine(s.name, 60)} is active again.` : `${oneLine(s.name, 60)} is paused.`);
    return changed;
  } catch (error) {
    toastError(error);
    return undefined;
  }
}
