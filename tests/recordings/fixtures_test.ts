import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { join } from "node:path";
import { findLeaks } from "../../src/recordings/check.ts";
import { readRecording } from "../../src/recordings/read_recording.ts";
import { CASES } from "../conformance/cases.ts";
import { conformanceFolder } from "../conformance/fixtures_session.ts";
import { Sandbox } from "../support/sandbox.ts";
import { VERSIONS } from "../support/slurm_fixtures.ts";
import { wrapDlslurm } from "../support/wrapped_programs.ts";
import { caseFolder, caseNames } from "./slurm_recordings.ts";

const SCRIPTS = fileURLToPath(new URL("../../scripts/record_fixtures", import.meta.url));
const README = await Deno.readTextFile(
  new URL("../../fixtures/slurm/README.md", import.meta.url),
);
/** Nobody: what a recording says of itself has to be enough. */
const NOBODY = { user: "", host: "", home: "", work: [], findings: [] };
Deno.test("fixtures: every script has a recording of each version, and a line in the README", () => {
  const scripts = [...Deno.readDirSync(join(SCRIPTS, "cases"))]
    .map(({ name }) => name.replace(/\.sh$/, "")).sort();

  for (const version of VERSIONS) assert.deepEqual(caseNames(version), scripts, version);
  for (const name of scripts) assert.match(README, new RegExp(`^\\| \`${name}\` +\\|`, "m"));
});

for (const version of VERSIONS) {
  for (const name of caseNames(version)) {
    Deno.test(`fixtures: ${name} of Slurm ${version} is whole and names nobody`, async () => {
      const recording = await readRecording(caseFolder(version, name));

      assert.deepEqual(findLeaks(recording, NOBODY), []);
      assert.ok(recording.manifest.slurm.startsWith(version));
      assert.equal(recording.manifest.exitCode, 0);
      assert.ok(recording.calls.length > 0);
    });
  }
}

for (const version of VERSIONS) {
  Deno.test(`fixtures: the conformance suite is recorded whole on Slurm ${version}`, async () => {
    const folder = conformanceFolder(version);

    const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();

    assert.deepEqual(names, CASES.map(({ key }) => key).sort());
    for (const name of names) {
      const recording = await readRecording(join(folder, name));
      assert.deepEqual(findLeaks(recording, NOBODY), [], name);
      assert.ok(recording.manifest.slurm.startsWith(version), name);
    }
  });
}

// One process per call: the two versions share the cases.
for (const [index, name] of caseNames("24.11").entries()) {
  const version = VERSIONS[index % 2]!;

  Deno.test(`e2e: fixtures replay answers the script of ${name} of Slurm ${version}`, async () => {
    await using sandbox = await Sandbox.create();
    await wrapDlslurm(sandbox);
    sandbox.env["DLSLURM"] = join(sandbox.programs, "dlslurm");
    const work = join(sandbox.root, "work place");
    await Deno.mkdir(work);
    const script = join(SCRIPTS, "cases", `${name}.sh`);

    const outcome = await sandbox.dlslurm([
      ...["fixtures", "replay", caseFolder(version, name), "--"],
      ...["sh", "-e", "-c", `. "${SCRIPTS}/cases.sh"; . "$0"`, script],
    ], { cwd: work });

    assert.equal(outcome.code, 0, outcome.stderr);
    assert.doesNotMatch(outcome.stdout + outcome.stderr, /not recorded|\/data\/work/);
  });
}
