/** Histories of many recorded jobs, made at once with `git fast-import`, as finish would have made them. */
import { renderMessage } from "../../src/datalad/run_record.ts";
import type { RunRecord } from "../../src/datalad/run_record.ts";
import type { RecordedRun } from "../../src/provenance/recorded_runs.ts";

/** A record with nothing in it, to be filled. */
const EMPTY: RunRecord = {
  chain: [],
  cmd: "sbatch job.sh",
  dsid: null,
  extraInputs: [],
  inputs: [],
  outputs: [],
  pwd: ".",
  slurmJobId: "1",
  slurmOutputs: [],
  altDir: null,
  cluster: null,
  subdataset: null,
};

/** A job of a made-up history. */
interface MadeJob extends Partial<RunRecord> {
  /** Slurm's word; COMPLETED unless said otherwise. */
  readonly state?: string;
  /** Files of its commit with their texts. */
  readonly files?: Readonly<Record<string, string>>;
}

/** The stream for `git fast-import` that puts a commit for each job behind `branch`. */
export function* streamOf(jobs: Iterable<MadeJob>, branch = "refs/heads/main"): Generator<string> {
  const blob = (text: string) => `data ${new TextEncoder().encode(text).length}\n${text}\n`;
  let isFirst = true;
  let time = 1_790_000_000;
  for (const { state = "COMPLETED", files = {}, ...record } of jobs) {
    const message = renderMessage({ ...EMPTY, ...record }, { groupState: state, paragraphs: [] });
    yield `commit ${branch}\ncommitter Ada <ada@example.org> ${time += 60} +0000\n${blob(message)}`;
    if (isFirst) yield `from ${branch}^0\n`;
    isFirst = false;
    for (const [path, text] of Object.entries(files)) {
      yield `M 100644 inline ${JSON.stringify(path)}\n${blob(text)}`;
    }
  }
}

/** A campaign of `count` jobs of five steps with accounting, a few of which failed. */
export function* campaign(count: number): Generator<MadeJob> {
  const steps = ["prepare.sh", "clean.sh", "fit.sh", "sample.sh", "figures.sh"];
  let seed = 7;
  const random = () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
  for (let at = 0; at < count; at++) {
    const step = at % steps.length;
    const start = 1_790_000_000 + Math.floor(at / 60) * 900 + Math.floor(random() * 600);
    const isFailed = random() < 0.03;
    const timeLimit = [3600, 7200, 14_400, 28_800, 1800][step]!;
    const elapsed = isFailed && random() < 0.5
      ? timeLimit
      : Math.floor(timeLimit * (0.1 + random() * 0.6));
    const cpus = [1, 2, 8, 16, 1][step]!;
    const reqMem = [2, 4, 16, 32, 4][step]! * 1024 ** 3;
    const iso = (seconds: number) => `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
    const state = !isFailed ? "COMPLETED" : elapsed === timeLimit ? "TIMEOUT" : "FAILED";
    const group = Math.floor(at / steps.length);
    yield {
      state,
      cmd: `sbatch code/${steps[step]} --member ${group}`,
      slurmJobId: String(100_000 + at),
      inputs: step === 0 ? [`raw/${group}.nc`] : [`${steps[step - 1]}-out/${group}`],
      outputs: [`${steps[step]}-out/${group}`, `slurm-${100_000 + at}.out`],
      slurmOutputs: [`slurm-${100_000 + at}.out`],
      evidence: {
        version: "0.2.0",
        submission: { at: iso(start - Math.floor(random() * 3000)) },
        script: { path: `code/${steps[step]}`, saved: true },
        inputs: [{
          path: step === 0 ? `raw/${group}.nc` : `${steps[step - 1]}-out/${group}/data.nc`,
        }],
        accounting: {
          ...{ state, exitCode: state === "FAILED" ? "1:0" : "0:0" },
          ...{ start: iso(start), end: iso(start + elapsed), elapsed, cpus, timeLimit, reqMem },
          cpu: Math.floor(elapsed * cpus * (0.4 + random() * 0.6)),
          maxRss: Math.floor(reqMem * (0.15 + random() * 0.5)),
        },
      },
    };
  }
}

/** A job of a made-up history as it is read back. */
export function runOf(
  { state = "COMPLETED", files: _, ...fields }: MadeJob,
  at: number,
): RecordedRun {
  const record = { ...EMPTY, ...fields };
  const commit = {
    oid: (at + 1).toString(16).padStart(40, "0"),
    author: { name: "Ada", email: "ada@example.org" },
    committedS: 1_790_000_000 + 60 * at,
    authoredS: 1_790_000_000 + 60 * at,
    parents: [],
    message: "",
  };
  return { commit, parsed: { state, text: "", record }, record };
}
