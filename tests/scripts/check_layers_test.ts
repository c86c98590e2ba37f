import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { dirname } from "node:path";

const SCRIPT = fileURLToPath(new URL("../../scripts/check_layers.ts", import.meta.url));

/** A small program that keeps all rules; each case adds to it. */
const SOUND = {
  "main.ts": `import "./src/cli/run.ts";`,
  "src/cli/run.ts":
    `import "../commands/list/list.ts"; import "../fake_slurm/mod.ts"; import "../recordings/replay.ts";`,
  "src/recordings/replay.ts": `import "../process/runner.ts"; import "../fs/write.ts";`,
  "src/commands/list/list.ts": `import "../../store/rows.ts"; import "../../datalad/record.ts";`,
  "src/store/rows.ts": `import type { Job } from "../jobs/job.ts"; import "../errors.ts";`,
  "src/sqlite/open_store.ts": `import "../errors.ts";`,
  "src/jobs/job.ts": `import "../errors.ts"; export type Job = string;`,
  "src/datalad/record.ts": `import "../git/refs.ts"; import "../annex/key.ts";`,
  "src/git/refs.ts": `import "../process/runner.ts";`,
  "src/annex/key.ts": `import "../fs/write.ts";`,
  "src/fake_slurm/mod.ts": `import "./adapter/sbatch.ts"; import "./manager/jobs.ts";`,
  "src/fake_slurm/context.ts": "export type Context = string;",
  "src/fake_slurm/adapter/sbatch.ts": `import "../manager/jobs.ts"; import "../context.ts";`,
  "src/fake_slurm/manager/jobs.ts":
    `import "../../sqlite/open_store.ts"; import "../scenario/rules.ts"; import "node:path";`,
  "src/fake_slurm/scenario/rules.ts": `import "../../fs/write.ts"; import "../context.ts";`,
  "src/process/runner.ts": "export type Runner = string;",
  "src/fs/write.ts": `import "../errors.ts";`,
  "src/errors.ts": "export type Code = string;",
};

async function checkLayers(changes: Readonly<Record<string, string>>) {
  const project = await Deno.makeTempDir({ prefix: "layers " });
  try {
    for (const [path, text] of Object.entries({ ...SOUND, ...changes })) {
      await Deno.mkdir(dirname(`${project}/${path}`), { recursive: true });
      await Deno.writeTextFile(`${project}/${path}`, text);
    }
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", SCRIPT, project],
    }).output();
    assert.equal(new TextDecoder().decode(stderr), "");
    return { code, stdout: new TextDecoder().decode(stdout) };
  } finally {
    await Deno.remove(project, { recursive: true });
  }
}

const VIOLATIONS = [
  {
    name: "an engine that uses a command",
    changes: {
      "src/commands/list/list.ts": `import "../../commit/build.ts";`,
      "src/commit/build.ts": `import "../commands/list/table.ts";`,
      "src/commands/list/table.ts": "",
    },
    expected: /^src\/commit\/build\.ts imports src\/commands\/list\/table\.ts: commit may import/m,
  },
  {
    name: "a command that no rule knows",
    changes: {
      "src/cli/run.ts": `import "../commands/novel/run.ts";`,
      "src/commands/novel/run.ts": "",
    },
    expected: /^src\/commands\/novel\/run\.ts belongs to no layer/m,
  },
  {
    name: "an import upwards",
    changes: { "src/store/rows.ts": `import "../commands/other.ts";`, "src/commands/other.ts": "" },
    expected:
      /^src\/store\/rows\.ts imports src\/commands\/other\.ts: store may import sqlite, jobs/m,
  },
  {
    name: "a type-only import",
    changes: { "src/jobs/job.ts": `import type { Runner } from "../process/runner.ts";` },
    expected:
      /^src\/jobs\/job\.ts imports src\/process\/runner\.ts: jobs may import paths, errors/m,
  },
  {
    name: "a type-only re-export",
    changes: { "src/jobs/job.ts": `export type { Runner } from "../process/runner.ts";` },
    expected: /^src\/jobs\/job\.ts imports src\/process\/runner\.ts/m,
  },
  {
    name: "a dynamic import",
    changes: { "src/git/refs.ts": `await import("../annex/key.ts");` },
    expected: /^src\/git\/refs\.ts imports src\/annex\/key\.ts: git may import/m,
  },
  {
    name: "a command that uses the fake",
    changes: { "src/commands/list/list.ts": `import "../../fake_slurm/mod.ts";` },
    expected: /^src\/commands\/list\/list\.ts imports src\/fake_slurm\/mod\.ts/m,
  },
  {
    name: "a command that uses a recording",
    changes: { "src/commands/list/list.ts": `import "../../recordings/replay.ts";` },
    expected: /^src\/commands\/list\/list\.ts imports src\/recordings\/replay\.ts/m,
  },
  {
    name: "a recording that knows the fake",
    changes: {
      "src/cli/run.ts": `import "../recordings/replay.ts";`,
      "src/recordings/replay.ts": `import "../fake_slurm/mod.ts";`,
    },
    expected: /^src\/recordings\/replay\.ts imports src\/fake_slurm\/mod\.ts: recordings may/m,
  },
  {
    name: "the fake using more of the store than its opener",
    changes: { "src/fake_slurm/manager/jobs.ts": `import "../../store/rows.ts";` },
    expected: /^src\/fake_slurm\/manager\/jobs\.ts imports src\/store\/rows\.ts/m,
  },
  {
    name: "a program of the fake that opens its store itself",
    changes: { "src/fake_slurm/adapter/sbatch.ts": `import "../../sqlite/open_store.ts";` },
    expected: /^src\/fake_slurm\/adapter\/sbatch\.ts imports src\/sqlite\/open_store\.ts/m,
  },
  {
    name: "jobs of the fake that know how they are shown",
    changes: { "src/fake_slurm/manager/jobs.ts": `import "../adapter/sbatch.ts";` },
    expected: /^src\/fake_slurm\/manager\/jobs\.ts imports src\/fake_slurm\/adapter\/sbatch\.ts/m,
  },
  {
    name: "a scenario that knows the jobs",
    changes: { "src/fake_slurm/scenario/rules.ts": `import "../manager/jobs.ts";` },
    expected: /^src\/fake_slurm\/scenario\/rules\.ts imports src\/fake_slurm\/manager\/jobs\.ts/m,
  },
  {
    name: "a room of the fake that knows its door",
    changes: { "src/fake_slurm/adapter/sbatch.ts": `import "../mod.ts";` },
    expected: /^src\/fake_slurm\/adapter\/sbatch\.ts imports src\/fake_slurm\/mod\.ts/m,
  },
  {
    name: "a room of the fake that no rule knows",
    changes: {
      "src/fake_slurm/mod.ts": `import "./network/listen.ts";`,
      "src/fake_slurm/network/listen.ts": "",
    },
    expected: /^src\/fake_slurm\/network\/listen\.ts belongs to no layer/m,
  },
  {
    name: "an import of the command line",
    changes: {
      "src/commands/list/list.ts": `import "../../cli/exit_code.ts";`,
      "src/cli/exit_code.ts": "",
    },
    expected: /^src\/commands\/list\/list\.ts imports src\/cli\/exit_code\.ts/m,
  },
  {
    name: "main.ts reaching past the command line",
    changes: { "main.ts": `import "./src/cli/run.ts"; import "./src/errors.ts";` },
    expected: /^main\.ts imports src\/errors\.ts: main may import cli/m,
  },
  {
    name: "a folder that no rule knows",
    changes: { "src/cli/run.ts": `import "../helpers/text.ts";`, "src/helpers/text.ts": "" },
    expected: /^src\/helpers\/text\.ts belongs to no layer/m,
  },
  {
    name: "a circle within a layer",
    changes: {
      "src/git/refs.ts": `import "./tree.ts";`,
      "src/git/tree.ts": `import type {} from "./refs.ts";`,
    },
    expected: /^src\/git\/refs\.ts imports src\/git\/tree\.ts imports src\/git\/refs\.ts: imports/m,
  },
];

Deno.test("check_layers accepts a program that keeps the rules", async () => {
  assert.deepEqual(await checkLayers({}), { code: 0, stdout: "" });
});

for (const { name, changes, expected } of VIOLATIONS) {
  Deno.test(`check_layers refuses ${name}`, async () => {
    const { code, stdout } = await checkLayers(changes);

    assert.equal(code, 1);
    assert.match(stdout, expected);
  });
}
