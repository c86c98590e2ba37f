/**
 * A program to build in place of dlslurm: tells in JSON what it sees of the world.
 *
 * Waits first for standard input to end, so that a test can change things while it runs.
 */
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { readFileSync } from "node:fs";
import { takeBootEnvironment } from "../../src/cli/boot_environment.ts";

/** What the probe prints. */
export interface ProbeReport {
  readonly selfPath: string | undefined;
  readonly args: readonly string[];
  readonly cwd: string;
  /** What a child process got as its environment. */
  readonly childEnvironment: Readonly<Record<string, string>>;
  readonly umask: number;
  readonly net: string;
  readonly runtime: string;
  readonly sqlite: string;
  readonly joined: string;
  /** The command line of the runtime itself. */
  readonly runtimeCommand: string;
  /** Length of a file that a module which is loaded late has read. */
  readonly lateLength: number;
}

/** The runtime itself may not look there. */
async function runtimeCommand(): Promise<string> {
  const args = ["-c", "tr '\\0' ' ' </proc/$PPID/cmdline"];
  const { stdout } = await new Deno.Command("/bin/sh", { args }).output();
  return new TextDecoder().decode(stdout);
}

if (import.meta.main) {
  const { selfPath } = takeBootEnvironment();
  await Deno.stdin.readable.pipeTo(new WritableStream());
  const { stdout } = await new Deno.Command("/usr/bin/env", { args: ["-0"] }).output();
  const pairs = new TextDecoder().decode(stdout).split("\0").filter((pair) => pair !== "");
  const database = new DatabaseSync(":memory:");
  const report = {
    selfPath,
    args: Deno.args,
    cwd: Deno.cwd(),
    childEnvironment: Object.fromEntries(
      pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]),
    ),
    umask: Deno.umask(),
    net: (await Deno.permissions.query({ name: "net" })).state,
    runtime: Deno.execPath(),
    sqlite: String(database.prepare("SELECT sqlite_version() AS v").get()?.["v"]),
    joined: join("a", "..", "b"),
    runtimeCommand: await runtimeCommand(),
    lateLength: readFileSync("/etc/passwd", "utf8").length,
  };
  await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(report)));
}
