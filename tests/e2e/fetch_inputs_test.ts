import assert from "node:assert/strict";
import { join } from "node:path";
import { TestDataset } from "../support/datasets.ts";
import { pollUntil } from "../support/polling.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { DLSLURM, Sandbox } from "../support/sandbox.ts";
import { TestSlurm } from "../support/slurm.ts";
import { screenOf, startOnTerminal } from "../support/terminal.ts";
import { quote, wrapProgram } from "../support/wrapped_programs.ts";

const NAMES = ["one", "two words", "gr\u00fcn"];

testIfAvailable(
  ["git-annex"],
  "e2e: schedule -J on a terminal → inputs come in parallel transfers, with progress, which then goes",
  async () => {
    await using sandbox = await Sandbox.create();
    await using _slurm = await TestSlurm.startFake(sandbox);
    const dataset = await TestDataset.create(sandbox, "git-annex");
    for (const name of NAMES) await dataset.write(`data/${name}`, `content of ${name}\n`);
    await dataset.git("-c", "annex.largefiles=anything", "annex", "add", "-q", "data");
    await dataset.git("commit", "-qm", "Add data");
    const clone = dataset.at(join(sandbox.root, "clone"));
    await sandbox.require(["git", "clone", "-q", dataset.root, clone.root]);
    await clone.git("annex", "init", "-q", "clone");
    const [arguments_, mark] = ["arguments", "go on"].map((name) => join(sandbox.root, name));
    const getting = `echo "$@" >>${quote(arguments_!)}; "$REAL" "$@"; status=$?
while ! test -e ${quote(mark!)}; do sleep 0.1; done; exit $status`;
    const script = `case "$1" in get) ${getting};; esac\nexec "$REAL" "$@"`;
    await wrapProgram(sandbox, "git-annex", script);

    const schedule = startOnTerminal(
      sandbox,
      [...DLSLURM, "schedule", "-J", "3", "-i", "data", "-o", "out", "sbatch", "--wrap", "true"],
      { cwd: clone.root },
    );
    await pollUntil(
      "all three are counted",
      async () => /fetching inputs .*3\/3/.test(await schedule.written()),
    );
    await Deno.writeTextFile(mark!, "");
    const { code, stdout } = await schedule.ended;

    assert.equal(code, 0, stdout);
    assert.match(await Deno.readTextFile(arguments_!), /^get -J3 /);
    assert.match(
      screenOf(stdout.replaceAll("\r\n", "\n")),
      /^Submitted batch job 1\nslurm-schedule\(ok\): .*\n$/,
    );
    for (const name of NAMES) {
      const text = await Deno.readTextFile(join(clone.root, "data", name));
      assert.equal(text, `content of ${name}\n`);
    }
  },
);
