import assert from "node:assert/strict";
import { dirname } from "node:path";

const SCRIPT = new URL("../../scripts/check_layers.ts", import.meta.url).pathname;

/** A small program that keeps all rules; each case adds to it. */
const SOUND = {
  "main.ts": `import "./src/cli/run.ts";`,
  "src/cli/run.ts":
    `import "../commands/list.ts"; import "../fake_slurm/manager.ts"; import "../recordings/replay.ts";`,
  "src/recordings/replay.ts": `import "../process/runner.ts"; import "../fs/write.ts";`,
  "src/commands/list.ts": `import "../store/rows.ts"; import "../datalad/record.ts";`,
  "src/store/rows.ts": `import type { Job } from "../jobs/job.ts"; import "../errors.ts";`,
  "src/store/open_store.ts": `import "../errors.ts";`,
  "src/jobs/job.ts": `import "../errors.ts"; export type Job = string;`,
  "src/datalad/record.ts": `import "../git/refs.ts"; import "../annex/key.ts";`,
  "src/git/refs.ts": `import "../process/runner.ts";`,
  "src/annex/key.ts": `import "../fs/write.ts";`,
  "src/fake_slurm/manager.ts": `import "../store/open_store.ts"; import "node:path";`,
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
    name: "an import upwards",
    changes: { "src/store/rows.ts": `import "../commands/other.ts";`, "src/commands/other.ts": "" },
    expected: /^src\/store\/rows\.ts imports src\/commands\/other\.ts: store may import jobs/m,
  },
  {
    name: "a type-only import",
    changes: { "src/jobs/job.ts": `import type { Runner } from "../process/runner.ts";` },
    expected: /^src\/jobs\/job\.ts imports src\/process\/runner\.ts: jobs may import errors/m,
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
    changes: { "src/commands/list.ts": `import "../fake_slurm/manager.ts";` },
    expected: /^src\/commands\/list\.ts imports src\/fake_slurm\/manager\.ts/m,
  },
  {
    name: "a command that uses a recording",
    changes: { "src/commands/list.ts": `import "../recordings/replay.ts";` },
    expected: /^src\/commands\/list\.ts imports src\/recordings\/replay\.ts/m,
  },
  {
    name: "a recording that knows the fake",
    changes: {
      "src/cli/run.ts": `import "../recordings/replay.ts";`,
      "src/recordings/replay.ts": `import "../fake_slurm/manager.ts";`,
    },
    expected: /^src\/recordings\/replay\.ts imports src\/fake_slurm\/manager\.ts: recordings may/m,
  },
  {
    name: "the fake using more of the store than its opener",
    changes: { "src/fake_slurm/manager.ts": `import "../store/rows.ts";` },
    expected: /^src\/fake_slurm\/manager\.ts imports src\/store\/rows\.ts/m,
  },
  {
    name: "an import of the command line",
    changes: {
      "src/commands/list.ts": `import "../cli/exit_code.ts";`,
      "src/cli/exit_code.ts": "",
    },
    expected: /^src\/commands\/list\.ts imports src\/cli\/exit_code\.ts/m,
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
