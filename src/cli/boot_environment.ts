/**
 * What the start script of the built file tells the program.
 *
 * The built `dlslurm` is a shell script that executes an unpacked runtime. Some environment variables
 * steer that runtime, and none of this may reach a child process: `sbatch` exports the environment to
 * the job. So the start script notes each variable that it changes, and the program puts every one of
 * them back before it does anything else:
 *
 * - `DLSLURM_BOOT_SELF`: absolute path of the file that was started.
 * - `DLSLURM_BOOT_NAMES`: names of the variables that the start script set or took away.
 * - `DLSLURM_BOOT_WAS_<NAME>`: the former value of such a variable; absent when it was not set.
 *
 * @module
 */

const PREFIX = "DLSLURM_BOOT_";

/** What {@linkcode takeBootEnvironment} found. */
export interface BootEnvironment {
  /** Absolute path that starts this program again, or `undefined` when it runs from its sources. */
  readonly selfPath: string | undefined;
}

/**
 * Reads what the start script left and restores the environment that the user had.
 *
 * A second call finds nothing left to restore. To be called before any child process starts.
 */
export function takeBootEnvironment(): BootEnvironment {
  const selfPath = Deno.env.get(`${PREFIX}SELF`);
  for (const name of (Deno.env.get(`${PREFIX}NAMES`) ?? "").split(" ")) {
    if (name === "") continue;
    const former = Deno.env.get(`${PREFIX}WAS_${name}`);
    if (former === undefined) Deno.env.delete(name);
    else Deno.env.set(name, former);
  }
  for (const name of Object.keys(Deno.env.toObject())) {
    if (name.startsWith(PREFIX)) Deno.env.delete(name);
  }
  return { selfPath: selfPath ?? (Deno.build.standalone ? Deno.execPath() : undefined) };
}
