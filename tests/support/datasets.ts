import { fileURLToPath } from "node:url";
import { dirname, join } from "node:path";
import type { Requirement } from "./requirements.ts";
import type { Outcome, Sandbox, StartOptions } from "./sandbox.ts";
import { copyTemplate } from "./templates.ts";

/** The kinds of dataset that the program works in. */
export type DatasetKind = "plain git" | "git-annex" | "text2git";

/** What each kind needs beside git. */
export const DATASET_KINDS: Readonly<Record<DatasetKind, readonly Requirement[]>> = {
  "plain git": [],
  "git-annex": ["git-annex"],
  text2git: ["git-annex", "datalad"],
};

const SEED = fileURLToPath(new URL("../../fixtures/seed", import.meta.url));

/** A fresh dataset inside a sandbox, with one commit at least. */
export class TestDataset {
  readonly root: string;
  readonly kind: DatasetKind;
  readonly #sandbox: Sandbox;

  private constructor(sandbox: Sandbox, kind: DatasetKind, root: string) {
    this.#sandbox = sandbox;
    this.kind = kind;
    this.root = root;
  }

  /** Makes a dataset whose first commit holds `files` beside what its kind brings. */
  static async create(
    sandbox: Sandbox,
    kind: DatasetKind,
    files: Readonly<Record<string, string>> = { "README.md": "A dataset\n" },
  ): Promise<TestDataset> {
    const root = join(sandbox.root, "data set");
    const dataset = new TestDataset(sandbox, kind, root);
    await copyTemplate(kind, root, async (folder) => {
      if (kind === "text2git") {
        await sandbox.require(["datalad", "create", "-c", "text2git", folder]);
        return;
      }
      await sandbox.require(["git", "init", "--quiet", folder]);
      if (kind === "plain git") return;
      await sandbox.require(["git", "annex", "init", "--quiet", "test"], { cwd: folder });
    });
    for (const [path, text] of Object.entries(files)) await dataset.write(path, text);
    // Scripts and texts go to git in every kind: they are no outputs of a job.
    await dataset.git("-c", "annex.largefiles=nothing", "add", "--all");
    await dataset.git("commit", "--quiet", "-m", "Add files");
    return dataset;
  }

  /** Makes a dataset with the four job scripts of the seed workflow. */
  static async createSeed(sandbox: Sandbox, kind: DatasetKind): Promise<TestDataset> {
    const files: Record<string, string> = {};
    for await (const { name } of Deno.readDir(SEED)) {
      files[name] = await Deno.readTextFile(join(SEED, name));
    }
    return await TestDataset.create(sandbox, kind, files);
  }

  /** The same dataset seen at another place: a copy of it. */
  at(root: string): TestDataset {
    return new TestDataset(this.#sandbox, this.kind, root);
  }

  /** Runs git in the dataset; it has to succeed. */
  async git(...args: readonly string[]): Promise<string> {
    return await this.#sandbox.require(["git", ...args], { cwd: this.root });
  }

  /** Runs `dlslurm ARGS…` in the dataset's root. */
  async dlslurm(args: readonly string[], options: StartOptions = {}): Promise<Outcome> {
    return await this.#sandbox.dlslurm(args, { cwd: this.root, ...options });
  }

  /** Schedules a job that has to be submitted and gives its ID. */
  async schedule(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.dlslurm(["schedule", ...args]);
    const jobId = /^Submitted batch job ([0-9]+)$/m.exec(stdout)?.[1];
    if (code !== 0 || jobId === undefined) {
      throw new Error(`schedule ended with ${code}:\n${stdout}${stderr}`);
    }
    return jobId;
  }

  /** Writes a file, making its folders. */
  async write(path: string, text: string): Promise<void> {
    const file = join(this.root, path);
    await Deno.mkdir(dirname(file), { recursive: true });
    await Deno.writeTextFile(file, text);
  }

  /** The commits from the newest on, one line each. */
  async log(format = "%s"): Promise<string[]> {
    return (await this.git("log", `--format=${format}`)).split("\n");
  }

  /** The paths in a commit's tree. */
  async tree(revision = "HEAD"): Promise<string[]> {
    const listed = await this.git("ls-tree", "-r", "-z", "--name-only", revision);
    return listed.split("\0").filter((path) => path !== "").sort();
  }
}
