import assert from "node:assert/strict";
import { parseScenario } from "../../src/fake_slurm/scenario/parse_scenario.ts";
import { withFakeSlurm } from "./with_fake_slurm.ts";

const BAD: readonly (readonly [name: string, text: string, says: RegExp])[] = [
  ["no JSON", "{", /it is no JSON: /],
  ["no object", "[]", /its version is none, this program reads 1$/],
  ["no version", "{}", /its version is none, this program reads 1$/],
  ["another version", '{"version":2}', /its version is 2, this program reads 1$/],
  [
    "an unknown key",
    '{"version":1,"job":[]}',
    /it has an unknown key "job", those that there are: version, .*jobs$/,
  ],
  [
    "an unknown key deep inside",
    '{"version":1,"programs":[{"program":"sacct"},{"program":"sacct","fial":{}}]}',
    /unknown key "programs\[1\]\.fial", those that there are: .*\bfail\b/,
  ],
  [
    "an unknown key of accounting",
    '{"version":1,"accounting":{"lagSecond":3}}',
    /unknown key "accounting\.lagSecond", those that there are: storage, lagSeconds, /,
  ],
  [
    "a wrong value",
    '{"version":1,"jobs":[{"state":"DEAD"}]}',
    /"jobs\[0\]\.state" is "DEAD", expected \("BOOT_FAIL" \| /,
  ],
  [
    "a missing key",
    '{"version":1,"programs":[{"hang":true}]}',
    /it lacks "programs\[0\]\.program"$/,
  ],
  [
    "an unknown program",
    '{"version":1,"programs":[{"program":"qsub"}]}',
    /"programs\[0\]\.program" is "qsub", expected /,
  ],
  [
    "a negative time",
    '{"version":1,"accounting":{"lagSeconds":-1}}',
    /"accounting\.lagSeconds" is -1, expected >=0$/,
  ],
];

for (const [name, text, says] of BAD) {
  Deno.test(`parseScenario() refuses ${name} and says where`, () => {
    assert.throws(() => parseScenario(text, "s.json"), (error: Error) => {
      assert.match(error.message, /^Cannot use the scenario "s\.json": /);
      assert.match(error.message, says);
      return true;
    });
  });
}

Deno.test("a scenario that cannot be used is refused by env and by every program", () =>
  withFakeSlurm(async (slurm) => {
    await slurm.write("bad.json", '{"version":1,"programms":[]}');
    const file = `${slurm.workDir}/bad.json`;

    for (
      const [settings, says] of [
        [{ SCENARIO: file }, /unknown key "programms", those that there are: .*\bprograms\b/],
        [{ SCENARIO: "bad.json" }, /"bad\.json": it is no absolute path/],
        [{ SCENARIO: "/nowhere.json" }, /Cannot read the scenario "\/nowhere\.json"/],
      ] as const
    ) {
      const { code, stderr } = await slurm.runWith(settings, "sbatch", "--wrap", "true");
      assert.equal(code, 1);
      assert.match(stderr, says);
    }
    assert.equal((await slurm.run("sacct", "-n")).stdout, "");
  }));

Deno.test("rules can skip calls, end after some, and look at arguments", () =>
  withFakeSlurm(async (slurm) => {
    const codes = async (...argv: [string, ...string[]]) => {
      const found: number[] = [];
      for (let at = 0; at < 4; at++) found.push((await slurm.run(...argv)).code);
      return found;
    };

    assert.deepEqual(await codes("sinfo"), [0, 5, 5, 0]);
    assert.deepEqual(await codes("squeue", "-h"), [0, 0, 0, 0]);
    assert.deepEqual(await codes("squeue", "--me"), [6, 6, 6, 6]);
  }, {
    scenario: {
      version: 1,
      programs: [
        { program: "sinfo", skipCalls: 1, calls: 2, fail: { exitStatus: 5 } },
        { program: ["squeue", "sinfo"], arguments: "--me", fail: { exitStatus: 6 } },
      ],
    },
  }));

Deno.test("a lagging accounting shows what was, a moment ago", () =>
  withFakeSlurm(async (slurm) => {
    const id = await slurm.submit("--wrap", "true");
    await slurm.waitForEnd(id);

    const lagging = await slurm.runWith(
      { SCENARIO: `${slurm.workDir}/lag.json` },
      ...["sacct", "-n", "-X", "-P", "-o", "state,end"] as [string, ...string[]],
    );

    assert.equal(lagging.stdout, "");
  }, { before: { "lag.json": '{"version":1,"accounting":{"lagSeconds":60}}' } }));

Deno.test("jobs take their trouble with them, by name, ID, order and task", () =>
  withFakeSlurm(async (slurm) => {
    await slurm.submit("-J", "sick", "--wrap", "true");
    await slurm.submit("--wrap", "true");
    await slurm.submit("--wrap", "true");
    await slurm.submit("-a", "0-1", "--wrap", "true");
    await slurm.waitForEnd("1,2,3,4");

    assert.deepEqual(await slurm.waitForEnd("1,2,3,4"), [
      "1|TIMEOUT|0:0",
      "2|OUT_OF_MEMORY|0:125",
      "3|NODE_FAIL|0:0",
      "4_0|COMPLETED|0:0",
      "4_1|FAILED|1:0",
    ]);
  }, {
    scenario: {
      version: 1,
      jobs: [
        { name: "sick", state: "TIMEOUT" },
        { jobId: 2, state: "OUT_OF_MEMORY" },
        { order: 3, state: "NODE_FAIL" },
        { order: 4, taskIndex: 1, state: "FAILED" },
      ],
    },
  }));

Deno.test("a preempted job runs again, and both runs stand in accounting", () =>
  withFakeSlurm(async (slurm) => {
    const id = await slurm.submit("--wrap", '[ -n "$SLURM_RESTART_COUNT" ] || sleep 30');
    await slurm.waitFor(id, "COMPLETED");

    const { stdout } = await slurm.run("sacct", "-D", "-X", "-n", "-P", "-o", "jobid,state");

    assert.equal(stdout, "1|PREEMPTED\n1|COMPLETED\n");
    assert.equal(await slurm.read("slurm-1.out"), "");
  }, {
    scenario: { version: 1, jobs: [{ state: "PREEMPTED", afterSeconds: 0.1, requeue: true }] },
    settings: { KILL_WAIT: "0.2" },
  }));
