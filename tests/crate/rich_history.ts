import type { AccountingEvidence } from "../../src/jobs/evidence.ts";
import { EngineWorld } from "../engine/engine_world.ts";
import { importRuns } from "./import_runs.ts";
import type { ImportedRun } from "./import_runs.ts";

/** A key, and what git has for a link to its object that lies as deep as `path`. */
export function annexed(
  path: string,
  digit: string,
): { readonly key: string; readonly target: string } {
  const key = `SHA256E-s12--${digit.repeat(64)}.dat`;
  const up = "../".repeat(path.split("/").length - 1);
  return { key, target: `${up}.git/annex/objects/Zz/9x/${key}/${key}` };
}

const ACCOUNTING: AccountingEvidence = {
  ...{ state: "COMPLETED", exitCode: "0:0", elapsed: 60, cpu: 55.5, maxRss: 1_000, reqMem: 2_000 },
  ...{ start: "2026-01-02T03:04:05Z", end: "2026-01-02T03:05:05Z", timeLimit: 3600 },
  ...{ nodes: 1, cpus: 4, partition: "debug", tres: "cpu=4,node=1", restarts: 1 },
};

const IMAGE = ".datalad/environments/tools/image";

/** A dataset whose eight jobs have between them all that a record can have. */
export async function createRichHistory(): Promise<EngineWorld> {
  const world = await EngineWorld.create({ "in.txt": "1\n", [IMAGE]: "sif\n" });
  const oid = async (path: string) => (await world.git("rev-parse", `HEAD:${path}`)).trim();
  const script = { path: "job.sh", blob: await oid("job.sh"), saved: true };
  const inputs = [{ path: "in.txt", blob: await oid("in.txt") }];
  const image = { path: IMAGE, blob: await oid(IMAGE) };
  const odd = 'odd: a b#?%[é]"\\.txt';
  const list = ".datalad/slurm/inputs/abc.jsonl";
  await world.write("old.sh", "#!/bin/sh\nfalse\n");
  const oldScript = (await world.git("hash-object", "old.sh")).trim();
  const oldPath = `.datalad/slurm/scripts/${oldScript}`;
  const out = annexed("r/out.dat", "a");
  const common = { version: "0.2.0", script, accounting: ACCOUNTING };
  const runs: readonly ImportedRun[] = [
    {
      evidence: {
        ...common,
        inputs,
        attempts: [{
          jobId: "99",
          state: "TIMEOUT",
          exitCode: "0:15",
          elapsed: 5,
          options: ["-t1"],
          script: { path: "job.sh", blob: oldScript, kept: oldPath },
        }],
      },
      record: { slurmOutputs: ["slurm-1.out", "slurm-job-1.env.json"] },
      files: [
        ["120000", "r/out.dat", out.target],
        ["100644", "r/sum.csv", "1,2\n"],
        ["100644", oldPath, "#!/bin/sh\nfalse\n"],
        ["100644", "slurm-1.out", "log\n"],
        ["100644", "slurm-job-1.env.json", "{}\n"],
      ],
    },
    {
      groupState: "FAILED",
      evidence: {
        ...common,
        inputs,
        accounting: { ...ACCOUNTING, state: "FAILED", exitCode: "3:0" },
        tasks: { count: 3, differing: { "2": { state: "TIMEOUT", exitCode: "0:0" } } },
      },
      record: { slurmOutputs: ["slurm-2.out"] },
      files: [["100644", "slurm-2.out", "no\n"]],
    },
    {
      evidence: { ...common, inputs: [...inputs, image] },
      record: {
        extraInputs: [IMAGE],
        row: {
          table: "t.csv",
          line: 7,
          values: { sample: "x", "a b": "1" },
          cmd: "sbatch {sample}",
        },
      },
      files: [["100644", "r/row.txt", "x\n"]],
    },
    {
      evidence: { ...common, inputs: { count: 10_000, digest: "sha256:0f0f", list } },
      files: [["100644", list, "{}\n"], ["100644", "r/many.txt", "x\n"]],
    },
    {
      evidence: { ...common, script: { wrap: true, blob: script.blob } },
      record: { cmd: "sbatch --wrap 'echo 1 >r/wrap.txt'" },
      files: [["100644", "r/wrap.txt", "1\n"]],
    },
    {
      record: { inputs: ["in.txt"], cmd: "sbatch job.sh" },
      files: [["100644", "r/bare.txt", "1\n"]],
    },
    {
      evidence: { version: "0.2.0", inputs, accounting: ACCOUNTING },
      record: { cmd: "cd x && sbatch job.sh" },
      files: [["100644", odd, "odd\n"]],
    },
    {
      evidence: { ...common, inputs: [{ path: "r/sum.csv", tree: "b".repeat(40) }] },
      files: [["100644", "r/sum.csv", "3,4\n"]],
    },
  ];
  await importRuns(world, runs.length, (at) => runs[at]!);
  await world.git("reset", "--quiet", "--hard");
  return world;
}
