import { join } from "node:path";
import { startOwnSlurm } from "../own_slurm.ts";
import { DEMO_STEPS } from "./steps.ts";
import type { DemoStep } from "./steps.ts";

/** A step of the demo that somebody can see, with what it printed. */
export interface PlayedStep {
  /** What it was. */
  readonly step: Exclude<DemoStep, { readonly kind: "wait" }>;
  /** Both streams, without blanks at the end; of a remark nothing. */
  readonly output: string;
}

/**
 * Runs the demo on the embedded Slurm, in the new dataset `folder/climate`.
 *
 * @param project with a slash at its end.
 * @param folder an empty one.
 * @throws {Error} If a command ends with another exit status than it should.
 */
export async function* playDemo(project: string, folder: string): AsyncGenerator<PlayedStep> {
  const shell = await prepare(project, folder);
  for (const step of DEMO_STEPS) {
    if (step.kind === "wait") await waitForJobs(shell);
    else if (step.kind === "remark") yield { step, output: "" };
    else {
      const { code, output } = await shell(step.line);
      if (code !== (step.code ?? 0)) {
        throw new Error(`"${step.line}" ended with exit status ${code}:\n${output}`);
      }
      yield { step, output: output.trimEnd() };
    }
  }
}

type Shell = (line: string) => Promise<{ readonly code: number; readonly output: string }>;

async function prepare(project: string, folder: string): Promise<Shell> {
  const dataset = join(folder, "climate");
  await Deno.mkdir(dataset);
  const env = await startOwnSlurm(folder, project);
  const shell: Shell = async (line) => {
    const { code, stdout } = await new Deno.Command("/bin/sh", {
      args: ["-c", `exec 2>&1; ${line}`],
      ...{ cwd: dataset, env, clearEnv: true, stdin: "null" },
    }).output();
    return { code, output: new TextDecoder().decode(stdout) };
  };
  for await (const { name } of Deno.readDir(join(project, "fixtures", "seed"))) {
    if (name.endsWith(".slurm")) {
      await Deno.copyFile(join(project, "fixtures", "seed", name), join(dataset, name));
    }
  }
  await shell(
    "git init -q -b main && git config user.name Demo && git config user.email demo@example.org && " +
      'git add . && git commit -q -m "Add job scripts"',
  );
  return shell;
}

async function waitForJobs(shell: Shell): Promise<void> {
  while ((await shell('test -z "$(squeue -h)"')).code !== 0) {
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
