import { SandboxRunner } from "../support/sandbox_runner.ts";
import type { Sandbox } from "../support/sandbox.ts";
import type { TestSlurm } from "../support/slurm.ts";

/** What a case works with. Scripts and logs are in the sandbox's root, where programs start as well. */
export interface ConformanceWorld {
  readonly sandbox: Sandbox;
  readonly slurm: TestSlurm;
  /** The version of this Slurm: `22.05`. */
  readonly version: string;
  /** Number of the user who submits, as Slurm shows it. */
  readonly uid: number;
}

/** One thing that a fake and a real Slurm have in common. */
export interface ConformanceCase {
  /** Name of the folder of its recordings. */
  readonly key: string;
  /** `program situation → answer` */
  readonly name: string;
  /** What its recordings keep of what would be replaced as a name. */
  readonly keep?: readonly string[];
  /** Settings of the fake that make the case quick; the real one has its own. */
  readonly fake?: Readonly<Record<string, string>>;
  run(world: ConformanceWorld): Promise<void>;
}

/** Writes an executable shell script into the sandbox's root. */
export async function writeScript(
  { sandbox }: ConformanceWorld,
  name: string,
  ...lines: readonly string[]
): Promise<void> {
  await Deno.writeTextFile(`${sandbox.root}/${name}`, `#!/bin/sh\n${lines.join("\n")}\n`);
}

/** Reads a log that a job wrote into the sandbox's root. */
export async function readLog({ sandbox }: ConformanceWorld, name: string): Promise<string> {
  return await Deno.readTextFile(`${sandbox.root}/${name}`);
}

/** Whether this Slurm does as 24.11 does where that differs from 22.05. */
export function isLike2411({ version }: ConformanceWorld): boolean {
  return Number(version) >= 24.11;
}

/** A point in time as Slurm prints it, for regular expressions. */
export const TIME = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}";

/** Asks Slurm as the program does; the runner keeps the raw text of the last answer. */
export function clientOf({ sandbox }: ConformanceWorld) {
  const runner = new SandboxRunner(sandbox);
  return { runner, client: { runner, timeoutMs: 60_000 } };
}

/** Writes a script `wait.sh` that waits until its first argument is a file. */
export async function writeWaitingScript(world: ConformanceWorld): Promise<void> {
  await writeScript(world, "wait.sh", 'while [ ! -e "$1" ]; do sleep 0.05; done');
}
