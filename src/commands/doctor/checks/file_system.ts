import { join } from "node:path";
import { UserError } from "../../../errors.ts";
import { removeTreeIfPresent } from "../../../fs/if_present.ts";
import { errnoOf } from "../../../process/system_limits.ts";
import { toUserError } from "../../../process/system_error.ts";
import { openStore } from "../../../sqlite/open_store.ts";
import { problemOf } from "../finding.ts";
import type { Finding } from "../finding.ts";

/** What a file system can do; of what it cannot, the system's word for why. */
export interface FileSystem {
  /** Why nothing can be made there; the rest was not tried then. */
  readonly refusal?: UserError;
  /** Locks as SQLite takes them, fcntl(2). */
  readonly posixLocks?: string;
  /** Locks of flock(2). */
  readonly flock?: string;
  /** link(2). */
  readonly hardLinks?: string;
  /** symlink(2). */
  readonly symbolicLinks?: string;
  /** Whether a file can be put in another one's place. */
  readonly rename?: string;
  /** Whether `a` and `A` are two names. */
  readonly hasCase: boolean;
  /** How long a new file takes until it is on the disk: the median of some. */
  readonly newFileMs: number;
  /** How far the clock of the file system is ahead of this machine's. */
  readonly clockAheadMs: number;
}

const TIMED_FILES = 5;

/**
 * Tries what a file system can do, in a folder of its own below `place` that is gone afterwards.
 *
 * @param now wall clock.
 */
export async function probeFileSystem(place: string, now: () => Date): Promise<FileSystem> {
  const folder = join(place, `dlslurm-doctor-${crypto.randomUUID()}`);
  try {
    await Deno.mkdir(folder);
  } catch (error) {
    const nothing = { hasCase: true, newFileMs: 0, clockAheadMs: 0 };
    return { refusal: toUserError(error), ...nothing };
  }
  try {
    return await probe(folder, now);
  } finally {
    await removeTreeIfPresent(folder);
  }
}

async function probe(folder: string, now: () => Date): Promise<FileSystem> {
  const at = (name: string) => join(folder, name);
  const beforeMs = now().getTime();
  await Deno.writeTextFile(at("file"), "x");
  const afterMs = now().getTime();
  const writtenMs = (await Deno.stat(at("file"))).mtime?.getTime() ?? afterMs;
  // What lies between is right; some file systems keep whole seconds.
  const clockAheadMs = writtenMs > afterMs
    ? writtenMs - afterMs
    : writtenMs < beforeMs - 2_000
    ? writtenMs - beforeMs
    : 0;
  const tried = {
    hardLinks: await reasonAgainst(() => Deno.link(at("file"), at("hard"))),
    symbolicLinks: await reasonAgainst(() => Deno.symlink("nowhere", at("link"))),
    rename: await reasonAgainst(async () => {
      await Deno.writeTextFile(at("new"), "y");
      await Deno.rename(at("new"), at("file"));
    }),
    flock: await reasonAgainst(async () => {
      using file = await Deno.open(at("file"), { write: true });
      await file.lock(true);
      await file.unlock();
    }),
    posixLocks: await reasonAgainst(() => {
      const database = openStore({
        path: at("locks.sqlite"),
        migrations: ["CREATE TABLE tried (at INTEGER)"],
        busyTimeoutMs: 2_000,
      });
      database.close();
      return Promise.resolve();
    }),
  };
  await Deno.writeTextFile(at("case"), "");
  const hasCase = await isAbsent(at("CASE"));
  return {
    ...Object.fromEntries(Object.entries(tried).filter(([, reason]) => reason !== undefined)),
    ...{ hasCase, clockAheadMs, newFileMs: await timeNewFiles(folder) },
  };
}

async function timeNewFiles(folder: string): Promise<number> {
  const times: number[] = [];
  for (let index = 0; index < TIMED_FILES; index++) {
    const beganMs = performance.now();
    using file = await Deno.open(join(folder, `timed-${index}`), { write: true, createNew: true });
    await file.write(new Uint8Array([index]));
    await file.sync();
    times.push(performance.now() - beganMs);
  }
  return times.sort((a, b) => a - b)[Math.floor(TIMED_FILES / 2)]!;
}

async function isAbsent(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return false;
  } catch {
    return true;
  }
}

/** Why something does not work, in a word; `undefined` if it does. */
async function reasonAgainst(work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return error instanceof UserError ? error.message : errnoOf(error) || (error as Error).message;
  }
}

/** A schedule writes to the disk some ten times: with more it takes longer than a second. */
const SLOW_MS = 50;
/** nfs(5), `acregmax`: what is later may be a clock. */
const CLOCK_NOTE_MS = 2_000;
const CLOCK_PROBLEM_MS = 60_000;

/** Says what follows from what a file system can do. */
export function judgeFileSystem(found: FileSystem, isWithoutLocks: boolean): Finding[] {
  const check = "file-system";
  const { refusal } = found;
  if (refusal !== undefined) {
    return [problemOf(check, refusal, "nothing can be scheduled or finished here; list works")];
  }
  const findings: Finding[] = [];
  const add = (verdict: Finding["verdict"], message: string, consequence: string, hint?: string) =>
    findings.push({
      ...{ check, verdict, message, consequence },
      ...(hint === undefined ? {} : { hint }),
    });
  if (found.posixLocks !== undefined && !isWithoutLocks) {
    add(
      "problem",
      `POSIX locks do not work: ${found.posixLocks}`,
      "the job store cannot be used",
      "git config dlslurm.store.vfs unix-dotfile",
    );
  }
  if (found.rename !== undefined) {
    add(
      "problem",
      `renaming over an existing file fails: ${found.rename}`,
      "neither git nor dlslurm can work here",
      "keep the dataset on another file system",
    );
  }
  if (found.hardLinks !== undefined) {
    add(
      "note",
      `there are no hard links: ${found.hardLinks}`,
      "git and git-annex copy where they would link, which takes time and space",
    );
  }
  if (found.symbolicLinks !== undefined) {
    add(
      "note",
      `there are no symbolic links: ${found.symbolicLinks}`,
      "git-annex keeps files unlocked here; locks of dlslurm are files",
    );
  }
  if (found.flock !== undefined) {
    add(
      "note",
      `flock does not work: ${found.flock}`,
      "dlslurm does not need it; other programs may",
    );
  }
  if (!found.hasCase) {
    add(
      "note",
      "this file system ignores case in names",
      "two outputs whose names differ only in case are one file, which dlslurm does not notice",
      "give outputs names that differ in more than case",
    );
  }
  if (found.newFileMs > SLOW_MS) {
    add(
      "note",
      `a new file takes ${Math.round(found.newFileMs)} ms until it is on the disk`,
      "schedule and finish wait for the disk several times each",
      "schedule many jobs with one call (--from): they share these",
    );
  }
  if (findings.length === 0) {
    const message = "locks, links and renames work; a new file takes " +
      `${Math.max(1, Math.round(found.newFileMs))} ms until it is on the disk`;
    findings.push({ check, verdict: "ok", message });
  }
  return [...findings, judgeClock(found.clockAheadMs)];
}

function judgeClock(aheadMs: number): Finding {
  const check = "file-system-clock";
  const off = Math.abs(aheadMs);
  if (off <= CLOCK_NOTE_MS) {
    return { check, verdict: "ok", message: "the file system's clock agrees with this machine's" };
  }
  return {
    ...{ check, verdict: off > CLOCK_PROBLEM_MS ? "problem" : "note" },
    message: `the file system's clock is ${Math.round(off / 1000)} s ` +
      `${aheadMs > 0 ? "ahead of" : "behind"} this machine's`,
    consequence: aheadMs > 0
      ? "outputs seem to change after their job has ended: finish waits for them"
      : "a job that still writes after its end is not noticed",
    hint: "have the clocks set (timedatectl); report it to your site",
  };
}
