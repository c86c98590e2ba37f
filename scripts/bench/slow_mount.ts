import { join } from "node:path";
import { answers, output } from "./measure.ts";

/** How the program that mounts is called, and how slow the file system is. */
export interface SlowMountOptions {
  /**
   * Argument vector with `{backing}`, `{mount}`, `{call}`, `{fsync}` and `{counts}` in it: folders,
   * milliseconds, and a file. It shows the one folder under the other, waits before each look at a name or
   * a file's properties and before each fsync, and goes on until that is unmounted.
   */
  readonly argv: readonly string[];
  /**
   * A name below the mount point. Whoever looks at it has the program write to `{counts}` what was called
   * since the last time, as `getattr=3 fsync=1 all=4`, and count anew; there need be nothing of that name.
   */
  readonly countsName: string;
  /** Milliseconds that each call waits. */
  readonly callMs: number;
  /** Milliseconds that each fsync waits. */
  readonly fsyncMs: number;
}

/** What was called. */
interface Calls {
  /** All, fsyncs among them. */
  readonly calls: number;
  readonly fsyncs: number;
}

const POLL_MS = 50;
const LONGEST_MS = 5_000;

/** A folder on a file system that is as slow as a parallel one, which counts what is called. */
export class SlowMount implements AsyncDisposable {
  /** What is in the folder, at the speed of the disk and without being counted. */
  readonly backing: string;
  /** The folder. */
  readonly folder: string;
  readonly #counts: string;
  readonly #countsName: string;
  readonly #child: Deno.ChildProcess;

  private constructor(place: string, { argv, countsName, callMs, fsyncMs }: SlowMountOptions) {
    this.backing = join(place, "backing");
    this.folder = join(place, "slow");
    this.#counts = join(place, "counts");
    this.#countsName = countsName;
    const values: Readonly<Record<string, string>> = {
      backing: this.backing,
      mount: this.folder,
      call: String(callMs),
      fsync: String(fsyncMs),
      counts: this.#counts,
    };
    const [program, ...args] = argv.map((word) =>
      word.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole)
    );
    this.#child = new Deno.Command(program!, {
      args,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    })
      .spawn();
  }

  /** Mounts below `place`, which is there; to be held with `await using`. */
  static async mount(place: string, options: SlowMountOptions): Promise<SlowMount> {
    for (const name of ["backing", "slow"]) await Deno.mkdir(join(place, name));
    const mount = new SlowMount(place, options);
    const { dev } = await Deno.stat(place);
    const end = performance.now() + LONGEST_MS;
    while ((await Deno.stat(mount.folder)).dev === dev) {
      if (performance.now() > end) {
        await mount[Symbol.asyncDispose]();
        throw new Error(`Cannot measure: "${options.argv.join(" ")}" mounted nothing`);
      }
      await pause(POLL_MS);
    }
    return mount;
  }

  /** What was called since this was asked the last time. */
  async takeCounts(): Promise<Calls> {
    await Deno.remove(this.#counts).catch(() => undefined);
    await Deno.lstat(join(this.folder, this.#countsName)).catch(() => undefined);
    await pause(POLL_MS);
    const text = await Deno.readTextFile(this.#counts).catch(() => "");
    const numberOf = (name: string) =>
      Number(new RegExp(`(?:^|\\s)${name}=(\\d+)`).exec(text)?.[1] ?? 0);
    return { calls: numberOf("all"), fsyncs: numberOf("fsync") };
  }

  /** Unmounts. */
  async [Symbol.asyncDispose](): Promise<void> {
    const unmount = await answers(["fusermount", "-V"]) ? ["fusermount", "-u"] : ["umount"];
    await output([...unmount, this.folder], { cwd: "/", env: {} }).catch(() => undefined);
    try {
      this.#child.kill("SIGTERM");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // it has ended
    }
    await this.#child.status;
  }
}

/** Waits; a file system that keeps names for a second has forgotten them by then. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
