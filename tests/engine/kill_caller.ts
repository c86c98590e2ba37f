import { join } from "node:path";
import { quote, unwrapProgram, wrapProgram } from "../support/wrapped_programs.ts";
import type { EngineWorld } from "./engine_world.ts";

/** When the caller dies: before the program has done anything, or once it has done everything. */
export type Moment = "before" | "after";

/**
 * Has a program kill the one that called it, as `kill -9` or a power cut would.
 *
 * @param word arguments of the calls that count, with blanks between them; empty for all.
 * @param nth which of these calls does it.
 */
export async function killCallerOf(
  world: EngineWorld,
  program: string | { readonly bulk: "sbatch" },
  word: string,
  moment: Moment,
  nth = 1,
): Promise<void> {
  const kill = typeof program === "object"
    ? KILL_BULK
    : program === "sbatch"
    ? KILL_GRANDPARENT
    : 'kill -9 "$PPID"';
  if (typeof program === "object") program = program.bulk;
  const deed = moment === "before" ? `${kill}; exit 1` : `"$REAL" "$@"; ${kill}`;
  if (program in SLURM_SCRIPTS) {
    // The scripted program itself is what is wrapped.
    const path = join(world.sandbox.programs, program);
    await Deno.rename(path, `${path}.scripted`);
    const others = word === "" ? "" : `case "$*" in *${word}*) ;; *) exec "$REAL" "$@" ;; esac\n`;
    await Deno.writeTextFile(path, `#!/bin/sh\nREAL="$0.scripted"\n${others}${deed}\n`);
    await Deno.chmod(path, 0o755);
    return;
  }
  const calls = quote(join(world.sandbox.root, "calls before the kill"));
  // Which call it is its own line tells: two at the same time may both see two of them.
  const count = `echo $$ >>${calls}; [ "$(sed -n ${nth}p <${calls})" = $$ ] || exec "$REAL" "$@"`;
  await Deno.remove(join(world.sandbox.root, "calls before the kill")).catch(() => undefined);
  const script = `case " $* " in *" ${word} "*) ${count}; ${deed}; exit ;; esac\nexec "$REAL" "$@"`;
  await wrapProgram(world.sandbox, program, script);
}

/** Between the program and sbatch stands the shell that runs the command line: proc(5), field 4. */
export const KILL_GRANDPARENT = 'kill -9 "$(cut -d " " -f 4 "/proc/$PPID/stat")"';
/** The same where many are submitted: one shell more, which runs one command line after the other. */
export const KILL_BULK = 'up=$(cut -d " " -f 4 "/proc/$PPID/stat"); ' +
  'kill -9 "$(cut -d " " -f 4 "/proc/$up/stat")"';
const SLURM_SCRIPTS = { sbatch: true, sacct: true, scontrol: true };

/** Gives the program back as it was. */
export async function mend(world: EngineWorld, program: string): Promise<void> {
  const path = join(world.sandbox.programs, program);
  if (program in SLURM_SCRIPTS) await Deno.rename(`${path}.scripted`, path);
  else await unwrapProgram(world.sandbox, program);
}
