import { join } from "node:path";
import { pollUntil } from "../../tests/support/polling.ts";
import { isEnded } from "../../tests/support/slurm.ts";

/** What a program that has ended said. */
interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A run record as JSON. */
// deno-lint-ignore no-explicit-any -- whatever another program wrote
export type Json = any;

/** A dataset that dlslurm and the Python extension share, on the real Slurm of this machine. */
export class SharedDataset {
  readonly root: string;
  readonly #env: Record<string, string>;
  readonly #program: readonly string[];

  private constructor(root: string, env: Record<string, string>, program: readonly string[]) {
    this.root = root;
    this.#env = env;
    this.#program = program;
  }

  /** Makes a DataLad dataset below `folder`, with job scripts. */
  static async create(
    folder: string,
    name: string,
    env: Record<string, string>,
    program: readonly string[],
  ): Promise<SharedDataset> {
    const root = join(folder, name);
    const dataset = new SharedDataset(root, env, program);
    await dataset.require(["datalad", "create", "-c", "text2git", root], folder);
    await dataset.write("job.sh", '#!/bin/sh\nmkdir -p "$1" && date +%s%N >"$1/result.txt"\n');
    await dataset.write("array.sh", '#!/bin/sh\necho "$SLURM_ARRAY_TASK_ID" >"$1"\n');
    await dataset.write(
      "failing.sh",
      "#!/bin/sh\nmkdir -p broken && date +%s%N >broken/x; exit 3\n",
    );
    await dataset.write("data/in put.txt", "input\n");
    await dataset.write("sub/job.sh", '#!/bin/sh\nmkdir -p "$1" && date +%s%N >"$1/result.txt"\n');
    await dataset.require(["datalad", "save", "-m", "Add job scripts"]);
    return dataset;
  }

  /** Writes a file, making its folders. */
  async write(path: string, text: string): Promise<void> {
    const file = join(this.root, path);
    await Deno.mkdir(join(file, ".."), { recursive: true });
    await Deno.writeTextFile(file, text);
  }

  /** Runs a program; a non-zero exit status is a result. */
  async run(argv: readonly string[], cwd = this.root): Promise<Outcome> {
    const output = await new Deno.Command(argv[0]!, {
      args: argv.slice(1),
      cwd,
      env: this.#env,
      clearEnv: true,
      stdin: "null",
    }).output();
    const decoder = new TextDecoder();
    return {
      code: output.code,
      stdout: decoder.decode(output.stdout),
      stderr: decoder.decode(output.stderr),
    };
  }

  /** Runs a program that has to succeed, and gives its standard output. */
  async require(argv: readonly string[], cwd = this.root): Promise<string> {
    const { code, stdout, stderr } = await this.run(argv, cwd);
    if (code !== 0) throw new Error(`${argv.join(" ")} ended with ${code}:\n${stdout}${stderr}`);
    return stdout.trimEnd();
  }

  /** Runs `dlslurm ARGS…`, which has to succeed. */
  async dlslurm(args: readonly string[], folder = "."): Promise<string> {
    return await this.require([...this.#program, ...args], join(this.root, folder));
  }

  /** Runs `datalad ARGS…`, which has to succeed. */
  async datalad(args: readonly string[], folder = "."): Promise<string> {
    return await this.require(["datalad", ...args], join(this.root, folder));
  }

  /** Schedules with either program and gives the job's ID, once the job has ended. */
  async submit(who: "dlslurm" | "datalad", args: readonly string[], folder = "."): Promise<string> {
    const before = await this.#newestJobId();
    if (who === "dlslurm") await this.dlslurm(args, folder);
    else await this.datalad(args, folder);
    const jobId = await this.#newestJobId();
    if (jobId === before) throw new Error(`${who} ${args.join(" ")} submitted no job`);
    await this.#waitUntilEnded(jobId);
    return jobId;
  }

  /** The record in the message of `revision`, its sidecar unpacked. */
  async record(revision = "HEAD"): Promise<Json> {
    const message = await this.require(["git", "log", "-1", "--format=%B", revision]);
    const text = /lines below ===\n([\s\S]*?)\n\^\^\^/.exec(message)?.[1];
    if (text === undefined) throw new Error(`${revision} has no record:\n${message}`);
    const json = JSON.parse(text);
    if (typeof json !== "string") return json;
    const lines = await this.require(["xz", "-dc", join(this.root, ".datalad/runinfo", json)]);
    return JSON.parse(lines.split("\n")[0]!);
  }

  /** The subject of HEAD. */
  async subject(): Promise<string> {
    return await this.require(["git", "log", "-1", "--format=%s"]);
  }

  /** Writes HEAD's record anew, as another release would have written it. */
  async rewriteRecord(change: (record: Json) => Json): Promise<void> {
    const message = await this.require(["git", "log", "-1", "--format=%B"]);
    const record = JSON.stringify(change(await this.record()), undefined, 1);
    const changed = message.replace(
      /lines below ===\n[\s\S]*?\n\^\^\^/,
      () => `lines below ===\n${record}\n^^^`,
    );
    await this.require(["git", "commit", "-q", "--amend", "--allow-empty", "-m", changed]);
  }

  /** The extension's database of open jobs. */
  async extensionFile(): Promise<string> {
    const dsid = await this.require(
      ["git", "config", "-f", ".datalad/config", "datalad.dataset.id"],
    );
    return join(this.root, ".git", `${dsid}.db`);
  }

  /** Job IDs count up: the newest is that of the submission just made. */
  async #newestJobId(): Promise<string> {
    const rows = await this.require(["squeue", "-h", "-t", "all", "-o", "%F|%Z"]);
    const own = rows.split("\n").map((row) => row.split("|"))
      .filter(([, folder]) => folder?.startsWith(join(this.root, ".."))).map(([id]) => Number(id));
    return String(Math.max(0, ...own));
  }

  async #waitUntilEnded(jobId: string): Promise<void> {
    await pollUntil(`job ${jobId} has ended`, async () => {
      const queued = await this.run(["squeue", "-h", "-j", jobId]);
      const rows = await this.require(["sacct", "-X", "-n", "-P", "-o", "State", "-j", jobId]);
      const states = rows.split("\n").filter((row) => row !== "");
      return queued.stdout.trim() === "" && states.length > 0 && states.every(isEnded);
    });
  }
}
