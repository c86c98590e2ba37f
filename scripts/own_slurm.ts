import { join } from "node:path";

/** What the embedded Slurm is started with, beside its folder. */
interface OwnSlurmOptions {
  /** Further variables, its own and others. */
  readonly env?: Readonly<Record<string, string>>;
  /** A file with what goes wrong on purpose. */
  readonly scenario?: string;
}

/**
 * Puts dlslurm, run from its sources, and the embedded Slurm on a PATH.
 *
 * @param folder is HOME, so that nobody's settings show through, and gets `bin` and `slurm`.
 * @param project with a slash at its end.
 * @returns the environment for a shell.
 */
export async function startOwnSlurm(
  folder: string,
  project: string,
  { env = {}, scenario }: OwnSlurmOptions = {},
): Promise<Record<string, string>> {
  const bin = join(folder, "bin");
  await Deno.mkdir(bin);
  // The built file is one executable; here the same program runs from its sources.
  const program = `#!/bin/sh\nexec "${Deno.execPath()}" run -A --quiet --no-check ` +
    `--config "${project}deno.json" "${project}main.ts" "$@"\n`;
  await Deno.writeTextFile(join(bin, "dlslurm"), program, { mode: 0o755 });
  const environment: Record<string, string> = {
    ...Deno.env.toObject(),
    HOME: folder,
    PATH: `${bin}:${Deno.env.get("PATH") ?? ""}`,
    DENO_DIR: Deno.env.get("DENO_DIR") ?? join(Deno.env.get("HOME") ?? folder, ".cache", "deno"),
    GIT_CONFIG_NOSYSTEM: "1",
    NO_COLOR: "1",
    ...env,
  };
  const words = scenario === undefined ? "" : ` --scenario '${scenario}'`;
  const { stdout } = await new Deno.Command("/bin/sh", {
    args: ["-c", `eval "$(dlslurm fake-slurm env --dir '${folder}/slurm'${words})"; env`],
    env: environment,
    clearEnv: true,
  }).output();
  for (const line of new TextDecoder().decode(stdout).split("\n")) {
    const [name, ...value] = line.split("=");
    if (name === "PATH" || name?.startsWith("DLSLURM_")) environment[name] = value.join("=");
  }
  return environment;
}
