import { dirname } from "node:path";
import { UserError } from "../errors.ts";
import { ifPresent, isAbsence } from "../fs/if_present.ts";
import type { SharedMode } from "../fs/shared_mode.ts";
import { shellName } from "../shell/shell_name.ts";

/** How long others are waited for, and when a holder is given up, in milliseconds. */
export interface LockTimes {
  /** Waiting for others. */
  readonly waitMs: number;
  /** A lock that was not touched for so long has lost its holder. */
  readonly staleMs: number;
}

/** A transaction takes milliseconds; a file system that stands still for longer is not waited for. */
const LOCK_TIMES: LockTimes = { waitMs: 30_000, staleMs: 20_000 };

const PAUSE_MS = 10;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/**
 * A lock for file systems that have no other: a folder with the holder's file in it.
 *
 * It is held as long as something is in the folder. A folder with the own file in it is made elsewhere
 * and renamed: the system puts it in the place of no folder, or of an empty one, and of none that holds
 * something. So there is no moment in which it is not known whose it is, and a lock that a killed process
 * left is broken by removing one file that no other holder ever has.
 */
export class FolderLock {
  readonly #path: string;
  readonly #mode: SharedMode;
  readonly #times: LockTimes;
  #name: string | undefined;

  /** A lock at `path`, in a folder that is there, of those whom `mode` names. Nothing is taken yet. */
  constructor(path: string, mode: SharedMode, times: LockTimes = LOCK_TIMES) {
    this.#path = path;
    this.#mode = mode;
    this.#times = times;
  }

  /**
   * Takes the lock, waiting for whoever has it.
   *
   * What a crash leaves: the lock, which the next who waits takes away once it is old, or a folder
   * `.lock-…` beside it that hinders nobody.
   *
   * @throws {UserError} `STORE_BUSY` if another one keeps it too long.
   */
  take(): void {
    const name = crypto.randomUUID();
    const own = `${this.#path}-${name}`;
    this.#mode.makeFolder(own);
    try {
      this.#mode.makeFile(`${own}/${name}`, describeSelf());
      // The clock that counts is that of the file system: hosts disagree.
      const begunAtMs = mtimeOf(`${own}/${name}`) ?? Date.now();
      this.#acquire(own, begunAtMs);
      this.#name = name;
    } catch (error) {
      Deno.removeSync(own, { recursive: true });
      throw error;
    }
  }

  /** Whether it is still ours: it may have been taken for one that a dead process left. */
  isHeld(): boolean {
    return this.#name !== undefined && mtimeOf(`${this.#path}/${this.#name}`) !== undefined;
  }

  /** Says that its holder lives; `false` if it is not ours any more. */
  renew(): boolean {
    if (this.#name === undefined) return false;
    return ifPresent(() => {
      // Written, not only dated: so it gets its time from the file system's clock.
      Deno.writeTextFileSync(`${this.#path}/${this.#name}`, describeSelf(), { create: false });
      return true;
    }) ?? false;
  }

  /** Gives the lock back. */
  release(): void {
    if (this.#name === undefined) return;
    ifPresent(() => Deno.removeSync(`${this.#path}/${this.#name}`));
    this.#name = undefined;
    removeIfEmpty(this.#path);
  }

  #acquire(own: string, begunAtMs: number): void {
    const { waitMs, staleMs } = this.#times;
    const startMs = performance.now();
    for (;;) {
      if (moveUnlessTaken(own, this.#path)) return;
      const waitedMs = performance.now() - startMs;
      for (const holder of holdersOf(this.#path)) {
        const touchedAtMs = mtimeOf(holder);
        if (touchedAtMs === undefined) continue;
        if (begunAtMs + waitedMs - touchedAtMs > staleMs) ifPresent(() => Deno.removeSync(holder));
        else if (waitedMs > waitMs) throw this.#busy(holder);
      }
      Atomics.wait(sleeper, 0, 0, PAUSE_MS);
    }
  }

  #busy(holder: string): UserError {
    return new UserError(
      "STORE_BUSY",
      `Cannot use the store in "${dirname(this.#path)}": ${describe(holder)} holds its lock`,
      { hint: `wait for it; if you know that it has died: rm -r ${shellName(this.#path)}` },
    );
  }
}

function describeSelf(): string {
  const since = new Date().toISOString();
  return JSON.stringify({ host: Deno.hostname(), pid: Deno.pid, since });
}

function moveUnlessTaken(from: string, to: string): boolean {
  try {
    Deno.renameSync(from, to);
    return true;
  } catch (error) {
    // POSIX lets rename() of a folder onto one that is not empty fail with either.
    if (/^(ENOTEMPTY|EEXIST)$/.test(codeOf(error))) return false;
    throw error;
  }
}

function holdersOf(folder: string): string[] {
  // Not there: released just now.
  const names = ifPresent(() => [...Deno.readDirSync(folder)]) ?? [];
  return names.map(({ name }) => `${folder}/${name}`);
}

function mtimeOf(path: string): number | undefined {
  return ifPresent(() => Deno.statSync(path))?.mtime?.getTime();
}

function describe(holder: string): string {
  try {
    const { pid, host, since } = JSON.parse(Deno.readTextFileSync(holder));
    return `process ${pid} on host "${host}" since ${since}`;
  } catch {
    return "another process"; // it is only for the message
  }
}

/** Where somebody else has it already there is nothing to be done. */
function removeIfEmpty(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!isAbsence(error) && !/^(ENOTEMPTY|EEXIST)$/.test(codeOf(error))) throw error;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error ? String((error as { code?: unknown }).code ?? "") : "";
}
