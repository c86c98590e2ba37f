import { join } from "node:path";
import type { Sandbox } from "../support/sandbox.ts";
import { quote, wrapProgram } from "../support/wrapped_programs.ts";

/** Writes a program in front of PATH. */
export async function writeProgram(sandbox: Sandbox, name: string, body: string): Promise<void> {
  const path = join(sandbox.programs, name);
  await Deno.writeTextFile(path, `#!/bin/sh\n${body}\n`);
  await Deno.chmod(path, 0o755);
}

/**
 * Lets `name` be the user whom id(1) tells of: whoever runs the tests may have a name that is one of
 * Slurm's own words, too.
 */
export async function actAs(sandbox: Sandbox, name: string): Promise<void> {
  sandbox.env["USER"] = name;
  await wrapProgram(
    sandbox,
    "id",
    `case $* in -un) echo ${quote(name)}; exit;; esac\nexec "$REAL" "$@"`,
  );
}

/**
 * A Slurm of four lines, whose answers a test knows: submissions are counted, accounting says RUNNING
 * the first time and COMPLETED from then on.
 */
export async function writeSmallSlurm(sandbox: Sandbox): Promise<void> {
  await writeProgram(
    sandbox,
    "sbatch",
    `case $1 in --version) echo "slurm 23.02.7"; exit;; esac
case $* in *refuse*) echo "sbatch: error: refused for $(id -un)" >&2; exit 7;; esac
n=$(mktemp "${sandbox.root}/tmp/job-XXXXXX"); n=$(ls "${sandbox.root}/tmp" | grep -c '^job-')
echo "Submitted batch job $n"`,
  );
  await writeProgram(
    sandbox,
    "sacct",
    `if mkdir "${sandbox.root}/tmp/asked" 2>/dev/null; then s=RUNNING; else s=COMPLETED; fi
echo "1|$s|2026-11-22T10:00:00|$PWD"`,
  );
  await writeProgram(sandbox, "scontrol", `echo "JobId=$2 UserId=carol(1500) WorkDir=$PWD"`);
}

/** Every byte below a folder, as one text. */
export async function allTextBelow(folder: string): Promise<string> {
  let text = "";
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    text += `${name}\n${isDirectory ? await allTextBelow(path) : await Deno.readTextFile(path)}\n`;
  }
  return text;
}
