/**
 * What to do about file systems on which each look at a name takes a millisecond, as on Lustre, GPFS and
 * NFS: where the looks are many, several are under way at a time. On a local disk that would cost more
 * than it gains, so there it is not done.
 *
 * @module
 */

/** How long a look takes: next to nothing, or long enough to have several under way. */
export type Pace = "quick" | "slow";

const PROBES = 3;
/** A local disk takes a hundredth of it, a parallel file system three times as long and more. */
const SLOW_MS = 0.3;
/** So much is asked at a time of servers that all users of a cluster share. */
const SIDE_BY_SIDE = 16;

/** How quick the file system of `folder` is: the shortest of some looks at names that nothing has. */
export function paceOf(folder: string): Pace {
  for (let probe = 0; probe < PROBES; probe++) {
    const name = `${folder}/no-${crypto.randomUUID()}`;
    const startMs = performance.now();
    try {
      Deno.lstatSync(name);
    } catch {
      // That there is nothing is what is expected.
    }
    if (performance.now() - startMs < SLOW_MS) return "quick";
  }
  return "slow";
}

/** What is asked of a file system, at once or by and by; all of it as the runtime's own. */
export interface FileCalls {
  /** What is there itself. */
  readonly lstat: (path: string) => Deno.FileInfo | Promise<Deno.FileInfo>;
  /** Where a link leads. */
  readonly readLink: (path: string) => string | Promise<string>;
  /** All of a file. */
  readonly readFile: (path: string) => Uint8Array | Promise<Uint8Array>;
  /** Sets permissions. */
  readonly chmod: (path: string, mode: number) => void | Promise<void>;
  /** Makes a folder. */
  readonly mkdir: (path: string, options?: Deno.MkdirOptions) => void | Promise<void>;
  /** Gives a file a second name. */
  readonly link: (path: string, name: string) => void | Promise<void>;
  /** Makes a link. */
  readonly symlink: (target: string, name: string) => void | Promise<void>;
  /** Puts something in the place of something else. */
  readonly rename: (from: string, to: string) => void | Promise<void>;
}

const QUICK_CALLS: FileCalls = {
  lstat: Deno.lstatSync,
  readLink: Deno.readLinkSync,
  readFile: Deno.readFileSync,
  chmod: Deno.chmodSync,
  mkdir: Deno.mkdirSync,
  link: Deno.linkSync,
  symlink: Deno.symlinkSync,
  rename: Deno.renameSync,
};

const SLOW_CALLS: FileCalls = Deno;

/**
 * The calls to be used within {@linkcode sideBySide}. On a quick file system they wait for each answer:
 * going through the event loop takes longer than that.
 */
export function callsFor(pace: Pace): FileCalls {
  return pace === "slow" ? SLOW_CALLS : QUICK_CALLS;
}

/** Does `work` for each item, several at a time on a slow file system; none is begun after an error. */
export async function sideBySide<T>(
  pace: Pace,
  items: Iterable<T>,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = Iterator.from(items);
  const failures: unknown[] = [];
  const lane = async () => {
    while (failures.length === 0) {
      const next = iterator.next();
      if (next.done) return;
      await work(next.value).catch((error) => failures.push(error));
    }
  };
  // All are waited for: what is under way must not go on behind the caller.
  await Promise.all(Array.from({ length: pace === "slow" ? SIDE_BY_SIDE : 1 }, lane));
  if (failures.length > 0) throw failures[0];
}

async function lookAt(path: string): Promise<void> {
  try {
    if ((await Deno.lstat(path)).isDirectory) await Array.fromAsync(Deno.readDir(path));
  } catch {
    // Nothing there, or nothing to be seen, is nobody's matter here.
  }
}

/** What was looked at ahead is kept for some seconds only: so many at a time. */
const AHEAD = 64;

/**
 * Gives the items in groups, once a slow file system's client has fetched what it will be asked for in a
 * moment: names and properties, which it keeps for some seconds. What is there decides whoever asks then.
 *
 * @param placesOf the absolute paths that will be looked at for an item, or listed.
 * @returns on a quick file system all items at once.
 */
export async function* lookingAhead<T>(
  pace: Pace,
  items: readonly T[],
  placesOf: (item: T) => readonly string[],
): AsyncGenerator<readonly T[]> {
  const size = pace === "slow" ? AHEAD : Math.max(items.length, 1);
  for (let start = 0; start < items.length; start += size) {
    const group = items.slice(start, start + size);
    if (pace === "slow") {
      await sideBySide(pace, new Set(group.flatMap(placesOf)), lookAt);
    }
    yield group;
  }
}
