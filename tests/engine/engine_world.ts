import { dirname, join } from "node:path";
import { TestDataset } from "../support/datasets.ts";
import type { DatasetKind } from "../support/datasets.ts";
import { Sandbox } from "../support/sandbox.ts";
import type { Outcome } from "../support/sandbox.ts";
import { storedJobs } from "../support/snapshots.ts";
import { CallLog, LIMIT_REACHED, MISBEHAVIOUR } from "../support/wrapped_programs.ts";
import { ScriptedSlurm } from "./scripted_slurm.ts";

/** A dataset beside a scripted Slurm: everything is real but the jobs. */
export class EngineWorld implements AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly slurm: ScriptedSlurm;
  /** The work tree that commands run in; a test may point it elsewhere. */
  root: string;

  private constructor(sandbox: Sandbox, slurm: ScriptedSlurm, root: string) {
    this.sandbox = sandbox;
    this.slurm = slurm;
    this.root = root;
  }

  /** Makes a world whose dataset has one commit with `files`. */
  static async create(
    files: Readonly<Record<string, string>> = {},
    kind: DatasetKind = "plain git",
  ): Promise<EngineWorld> {
    const sandbox = await Sandbox.create();
    const slurm = await ScriptedSlurm.install(sandbox);
    const { root } = await TestDataset.create(sandbox, kind, { "job.sh": "#!/bin/sh\n", ...files });
    return new EngineWorld(sandbox, slurm, root);
  }

  /** Runs git; it has to succeed. */
  async git(...args: readonly string[]): Promise<string> {
    return await this.sandbox.require(["git", ...args], { cwd: this.root });
  }

  /** Runs dlslurm; an exit status that is not 0 is a result. */
  async dlslurm(...args: readonly string[]): Promise<Outcome> {
    return await this.sandbox.dlslurm(args, { cwd: this.root });
  }

  /** Runs dlslurm; it has to succeed. */
  async must(...args: readonly string[]): Promise<Outcome> {
    const outcome = await this.dlslurm(...args);
    if (outcome.code === 0) return outcome;
    throw new Error(`${args.join(" ")} ended with ${outcome.code}:\n${saidBy(outcome)}`);
  }

  /** Schedules a job with these outputs and gives its ID. */
  async schedule(...outputs: readonly string[]): Promise<string> {
    const claims = outputs.flatMap((output) => ["-o", output]);
    const { stdout } = await this.must("schedule", ...claims, "sbatch", "job.sh");
    return /^Submitted batch job ([0-9]+)$/m.exec(stdout)![1]!;
  }

  /** Has a row of a table wait for each name, which is its output: the site takes no more jobs meanwhile. */
  async letRowsWait(names: readonly string[], ...options: readonly string[]): Promise<void> {
    await this.write("rows.csv", ["name", ...names, ""].join("\n"));
    const sbatch = join(this.sandbox.programs, "sbatch");
    await Deno.rename(sbatch, `${sbatch}.scripted`);
    const full = `#!/bin/sh\n${MISBEHAVIOUR.fail(LIMIT_REACHED)}\n`;
    await Deno.writeTextFile(sbatch, full, { mode: 0o755 });
    await this.dlslurm(
      ...["schedule", "--from", "rows.csv", ...options, "-o", "{name}"],
      ...["sbatch", "job.sh", "{name}"],
    );
    await Deno.rename(`${sbatch}.scripted`, sbatch);
  }

  /** The stages of all jobs, oldest first. */
  stages(): string[] {
    return storedJobs({ root: this.root } as TestDataset).map((job) => job.stage);
  }

  /** The record in a commit. */
  async record(commit = "HEAD") {
    const message = await this.git("log", "-1", "--format=%B", commit);
    return JSON.parse(/^=== .*\n([\s\S]*)\n\^\^\^/m.exec(message)![1]!);
  }

  /** Watches programs. Slurm's scripts go behind the log: left where they are they would be replaced by it. */
  async watch(names: readonly string[]): Promise<CallLog> {
    const { programs, root, env } = this.sandbox;
    const hidden = join(root, "hidden programs");
    await Deno.rename(programs, hidden);
    await Deno.mkdir(programs);
    env["PATH"] = env["PATH"]!.replace(programs, `${programs}:${hidden}`);
    return await CallLog.watch(this.sandbox, names);
  }

  /** Writes a file, making its folders. */
  async write(path: string, content: string | Uint8Array): Promise<void> {
    const file = join(this.root, path);
    await Deno.mkdir(dirname(file), { recursive: true });
    await Deno.writeFile(
      file,
      typeof content === "string" ? new TextEncoder().encode(content) : content,
    );
  }

  /** Takes a file or folder away. */
  async remove(path: string): Promise<void> {
    await Deno.remove(join(this.root, path), { recursive: true });
  }

  /** Lines of a git command's output; none for no output. */
  async lines(...args: readonly string[]): Promise<string[]> {
    const text = await this.git(...args);
    return text === "" ? [] : text.split("\n");
  }

  /** What a commit changed: `A path`, sorted. */
  async changes(commit = "HEAD"): Promise<string[]> {
    const lines = await this.lines(
      ...["-c", "core.quotePath=false", "diff-tree", "-r", "--no-commit-id", "--name-status"],
      ...["--no-renames", commit],
    );
    return lines.map((line) => line.replace("\t", " ")).sort();
  }

  /** Subjects of the commits from the newest on. */
  async subjects(): Promise<string[]> {
    return await this.lines("log", "--format=%s");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sandbox[Symbol.asyncDispose]();
  }
}

/** Both streams of a program, for messages. */
export function saidBy({ stdout, stderr }: Outcome): string {
  return `${stdout}${stderr}`;
}
