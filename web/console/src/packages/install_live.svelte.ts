// One install of a package, followed to its end.
import { beginInstall, followInstall, getInstall, type InstallView } from "../api/packages";
import { asProblem, type Problem } from "../api/problem";

export class LiveInstall {
  install = $state.raw<InstallView | null>(null);
  lines = $state.raw<string[]>([]);
  problem = $state.raw<Problem | null>(null);

  readonly #ended: () => void;
  #abort = new AbortController();

  /** ended is called after the end of each install that is followed. */
  constructor(ended: () => void) {
    this.#ended = ended;
  }

  get going(): boolean {
    return this.install !== null && this.install.completed_at === null && this.problem === null;
  }

  /** begin starts an install; its id is for the address of the page. */
  async begin(wanted: { package_name: string; version?: string }): Promise<string> {
    const install = await beginInstall(wanted);
    this.#follow(install);
    return install.id;
  }

  /** open shows an install that was begun before. */
  async open(id: string): Promise<void> {
    if (this.install?.id === id) return;
    this.close();
    try {
      this.#follow(await getInstall(id));
    } catch (error) {
      this.problem = asProblem(error);
    }
  }

  #follow(install: InstallView): void {
    this.close();
    const signal = (this.#abort = new AbortController()).signal;
    this.install = install;
    this.lines = install.completed_at === null ? [] : install.log;
    if (install.completed_at !== null) return;
    void followInstall(install.id, signal, {
      line: (text) => { this.lines = [...this.lines, text]; },
      ended: (problem) => { if (!signal.aborted) void this.#finish(install.id, problem, signal); },
    });
  }

  async #finish(id: string, problem: Problem | null, signal: AbortSignal): Promise<void> {
    try {
      const install = await getInstall(id, signal);
      this.install = install;
      if (install.log.length >= this.lines.length) this.lines = install.log; // the whole log, as it was recorded
      this.problem = install.completed_at === null ? problem : null;
    } catch (error) {
      if (!signal.aborted) this.problem = asProblem(error);
    }
    this.#ended();
  }

  /** close follows it no longer; the install goes on. */
  close(): void {
    this.#abort.abort();
    this.install = null;
    this.lines = [];
    this.problem = null;
  }
}
