import { DenoRunner } from "../../src/process/deno_runner.ts";
import { type RunResult, textOf } from "../../src/process/runner.ts";
import { readFakeTasks, waitForFakeTasks } from "../support/fake_tasks.ts";
import { pollUntil } from "../support/polling.ts";
import { findProcesses } from "../support/processes.ts";
import { isEnded } from "../support/slurm.ts";
import { FAKE_PROGRAM } from "./fake_program.ts";

/** What one program said, decoded. */
interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A fake Slurm of a test's own, with a work directory. */
export interface FakeSlurm {
  readonly workDir: string;
  readonly stateDir: string;
  /** Runs one program of the fake in the work directory. */
  run(...argv: [string, ...string[]]): Promise<Said>;
  /** The same with more settings, without the `DLSLURM_FAKE_SLURM_` in front. */
  runWith(settings: Settings, ...argv: [string, ...string[]]): Promise<Said>;
  /** Writes `text` to `name` in the work directory. */
  write(name: string, text: string): Promise<void>;
  read(name: string): Promise<string>;
  /** Submits and gives the job ID; throws if sbatch refuses. */
  submit(...args: string[]): Promise<string>;
  /** State of one job or array task as sacct shows it. */
  state(id: string): Promise<string>;
  /** Waits until `sacct` shows one of `states` for `id`. */
  waitFor(id: string, ...states: string[]): Promise<void>;
  /** Waits until every task of `id` has ended; gives `id|state|exitcode` lines. */
  waitForEnd(id: string): Promise<string[]>;
}

type Settings = Readonly<Record<string, string>>;

/** How a fake Slurm is set up. */
interface FakeSlurmOptions {
  /** More variables, without the `DLSLURM_FAKE_SLURM_` in front. */
  readonly settings?: Settings;
  /** What its scenario file holds. */
  readonly scenario?: unknown;
  /** Files in the work directory, by name. */
  readonly before?: Readonly<Record<string, string>>;
}

/** Runs `test` with a fake Slurm in a fresh directory; ends its jobs and removes it afterwards. */
export async function withFakeSlurm(
  test: (slurm: FakeSlurm) => Promise<void>,
  options: FakeSlurmOptions = {},
): Promise<void> {
  const root = await Deno.makeTempDir({ prefix: "fake slurm " });
  const slurm = await setUp(root, options);
  try {
    await test(slurm);
  } finally {
    const isOver = () => readFakeTasks(slurm.stateDir).every(({ state }) => isEnded(state));
    if (!isOver()) await slurm.run("scancel", "--me");
    await until(() => Promise.resolve(isOver()));
    await until(() => Promise.resolve(!hasManager(slurm.stateDir)));
    await Deno.remove(root, { recursive: true });
  }
}

async function setUp(root: string, options: FakeSlurmOptions): Promise<FakeSlurm> {
  const runner = new DenoRunner();
  const workDir = `${root}/work dir`;
  const stateDir = `${root}/state`;
  await Deno.mkdir(workDir);
  for (const [name, text] of Object.entries(options.before ?? {})) {
    await Deno.writeTextFile(`${workDir}/${name}`, text);
  }
  const env: Record<string, string> = { DLSLURM_FAKE_SLURM_CPUS: "8" };
  Object.assign(env, toVariables(options.settings ?? {}));
  const [program = "", ...args] = FAKE_PROGRAM;
  const scenario = ["--scenario", `${root}/scenario.json`];
  await Deno.writeTextFile(scenario[1]!, JSON.stringify(options.scenario ?? null));
  const made = await runner.run([
    ...[program, ...args, "fake-slurm", "env", "--dir", stateDir],
    ...(options.scenario === undefined ? [] : scenario),
  ] as [string, ...string[]], { env });
  if (made.code !== 0) throw new Error(`Cannot set the fake Slurm up: ${made.stderr}`);
  const runWith = async (settings: Settings, ...[name, ...rest]: [string, ...string[]]) =>
    decode(
      await runner.run([`${stateDir}/bin/${name}`, ...rest], {
        cwd: workDir,
        env: { ...env, ...toVariables(settings) },
      }),
    );
  const run = (...argv: [string, ...string[]]) => runWith({}, ...argv);
  const sacct = async (id: string, format: string) =>
    (await run("sacct", "-X", "-n", "-P", "-j", id, "-o", format)).stdout.trim();
  const isOver = (text: string) => text !== "" && !/PENDING|RUNNING/.test(text);
  return {
    workDir,
    stateDir,
    run,
    runWith,
    write: (name, text) => Deno.writeTextFile(`${workDir}/${name}`, text),
    read: (name) => Deno.readTextFile(`${workDir}/${name}`),
    submit: async (...submitArgs) => {
      const said = await run("sbatch", "--parsable", ...submitArgs);
      if (said.code !== 0) throw new Error(`sbatch refused: ${said.stderr}`);
      return said.stdout.trim();
    },
    state: (id) => sacct(id, "state"),
    waitFor: async (id, ...states) => {
      const isOne = (state: string) => states.some((one) => one.startsWith(state));
      await waitForFakeTasks(stateDir, id, (tasks) => tasks.some(({ state }) => isOne(state)));
      await until(async () => states.includes(await sacct(id, "state")));
    },
    waitForEnd: async (id) => {
      for (const one of id.split(",")) {
        await waitForFakeTasks(stateDir, one, (tasks) => tasks.every(({ state }) => isOver(state)));
      }
      await until(async () => isOver(await sacct(id, "state")));
      return (await sacct(id, "jobid,state,exitcode")).split("\n");
    },
  };
}

/** Waits until `condition` holds; throws after a while. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  await pollUntil("what the test waits for is there", condition);
}

/** Process numbers of the managers that work in `stateDir`. */
export function findManagers(stateDir: string): number[] {
  return findProcesses(({ words, env }) =>
    words.at(-1) === "manager" && env.includes(`DLSLURM_FAKE_SLURM_DIR=${stateDir}`)
  );
}

function hasManager(stateDir: string): boolean {
  return findManagers(stateDir).length > 0;
}

function toVariables(settings: Settings): Record<string, string> {
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [`DLSLURM_FAKE_SLURM_${name}`, value]),
  );
}

function decode({ code, stdout, stderr }: RunResult): Said {
  return { code, stdout: textOf(stdout), stderr };
}
