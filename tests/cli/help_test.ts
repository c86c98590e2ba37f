import assert from "node:assert/strict";
import { join } from "node:path";
import { defineProgram } from "../../src/cli/program.ts";
import { writeSmallSlurm } from "../recordings/small_slurm.ts";
import { DLSLURM, Sandbox } from "../support/sandbox.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { startOnTerminal } from "../support/terminal.ts";

const program = await defineProgram(() => Promise.resolve());

for (const command of program.commands) {
  Deno.test(`help ${command.name()}: tells what it is for, and the exit status`, async () => {
    await using sandbox = await Sandbox.create();

    const { code, stdout, stderr } = await sandbox.dlslurm(["help", command.name()]);

    assert.equal(code, 0);
    assert.equal(stderr, "");
    assert.match(stdout, /^Usage: (eval .*)?dlslurm /);
    assert.match(stdout, /^Exit status: /m);
  });
}

Deno.test("help: options stand in the order of their definition, each with what it does", () => {
  for (const command of [program, ...program.commands]) {
    for (const option of command.options) {
      if (!option.hidden) assert.match(option.description, /^\S.{9,}/, option.flags);
    }
  }
});

const MISTAKES: readonly (readonly [args: readonly string[], says: RegExp])[] = [
  [["finsh"], /unknown command 'finsh'\n\(Did you mean finish\?\)/],
  [["finish", "--close-faild-jobs"], /\(Did you mean --close-failed-jobs\?\)/],
  [["list", "--stat", "X"], /\(Did you mean --state\?\)/],
  [["help", "finsh"], /unknown command 'finsh'\n\(Did you mean finish\?\)/],
  [["help", ""], /unknown command ''/],
  [["-f", "generic", "fixtures", "--help"], /Cannot use --output-format with fixtures: .*only -C/],
  [["-C", ".", "-d", ".", "fake-slurm", "env"], /Cannot use --dataset with fake-slurm: .*only -C/],
  [["fake-slurm"], /Cannot use fake-slurm: no program was named\nhint: one of: env, sbatch, /],
  [["fake-slurm", "sstat"], /the fake Slurm has no program "sstat"/],
  [["fixtures"], /Cannot use fixtures: no command was named\nhint: one of: record, replay, check/],
  [["fixtures", "relay"], /there is no "relay"/],
  [["recover", "--not-submitted"], /Cannot use --not-submitted without the number of a submission/],
  [["recover", "--job-id", "7"], /Cannot use --job-id without/],
  [["recover", "7", "--cluster", "big"], /Cannot use --cluster without --job-id/],
  [["completion", "tcsh"], /Allowed choices are bash, zsh, fish/],
  [["completion"], /missing required argument 'shell'/],
  [["--on-failure", "go", "finish"], /Allowed choices are ignore, continue, stop/],
  [["-f", "jsn", "finish"], /"jsn": there is no such format/],
  [["-f", "{status", "finish"], /a "\{" is unmatched/],
  [["list", "-l", "debug"], /Cannot use -l: dlslurm keeps no log/],
  [["--dbg", "list"], /Cannot use --dbg/],
  [["-c", ":user.name", "list"], /":user.name": it is not NAME=VALUE/],
  [["--report-type", "folder", "list"], /"folder": there is no such type/],
];

Deno.test("wrong usage → exit status 2, what is wrong, where help is", async () => {
  await using sandbox = await Sandbox.create();
  for (const [args, says] of MISTAKES) {
    const { code, stdout, stderr } = await sandbox.dlslurm(args);

    assert.equal(code, 2, args.join(" "));
    assert.equal(stdout, "");
    assert.match(stderr, says);
    assert.match(stderr, /^hint: |^\(dlslurm --help/m);
  }
});

Deno.test("-C before fake-slurm and fixtures: they, and what they start, stand in that folder", async () => {
  await using sandbox = await Sandbox.create();
  await writeSmallSlurm(sandbox);
  const folder = join(sandbox.root, "some where");
  await Deno.mkdir(folder);

  const recorded = await sandbox.dlslurm(
    ["-C", "some where", "fixtures", "record", "recording", "--", "pwd"],
  );
  const checked = await sandbox.dlslurm(["-C", folder, "fixtures", "check", "recording"]);
  const shown = await sandbox.dlslurm(["-C", folder, "fake-slurm", "env", "--dir", "slurm"]);
  const nowhere = await sandbox.dlslurm(["-C", "no where", "fake-slurm", "env"]);

  assert.equal(recorded.stdout, `${folder}\n`);
  assert.equal(checked.code, 0, checked.stderr);
  assert.ok(shown.stdout.includes(join(folder, "slurm")), shown.stdout + shown.stderr);
  assert.equal(nowhere.code, 1);
  assert.equal(nowhere.stdout, "");
  assert.match(nowhere.stderr, /Cannot run in ".*no where": there is no such folder/);
});

Deno.test("errors are coloured on a terminal, unless NO_COLOR says otherwise", async () => {
  await using sandbox = await Sandbox.create();
  const written = async (NO_COLOR: string | undefined) => {
    const options = { env: { NO_COLOR } };
    return (await startOnTerminal(sandbox, [...DLSLURM, "list"], options).ended).stdout;
  };

  const coloured = await written(undefined);
  const plain = await written("1");

  // deno-lint-ignore no-control-regex -- the sequences of a terminal
  assert.match(coloured, /\x1b\[31m\x1b\[1merror:\x1b\[22m\x1b\[39m Cannot find a dataset/);
  assert.match(plain, /^error: Cannot find a dataset/);
  // deno-lint-ignore no-control-regex -- the sequences of a terminal
  assert.doesNotMatch(plain, /\x1b/);
  // deno-lint-ignore no-control-regex -- the sequences of a terminal
  assert.match(await written(""), /\x1b\[31m/);
});

testIfAvailable(
  ["mandoc"],
  "help --man: the manual page holds everything, without a warning",
  async () => {
    await using sandbox = await Sandbox.create();

    const page = await sandbox.require([...DLSLURM, "help", "--man"]);

    const lint = await sandbox.run(["mandoc", "-Tlint", "-Wstyle"], { stdin: `${page}\n` });
    assert.equal(lint.stdout + lint.stderr, "");
    const read = await sandbox.run(["mandoc", "-Tascii", "-Owidth=200"], { stdin: `${page}\n` });
    // deno-lint-ignore no-control-regex -- overstriking makes letters bold
    const text = read.stdout.replace(/.\x08/g, "");
    for (const command of [program, ...program.commands]) {
      assert.ok(
        text.includes(`dlslurm ${command === program ? "" : command.name()}`),
        command.name(),
      );
      for (const option of command.options) {
        if (!option.hidden) {
          assert.ok(
            text.includes(option.flags),
            `${command.name()} ${option.flags}`,
          );
        }
      }
    }
    assert.match(text, /dlslurm -f json finish \| jq \.commit/);
  },
);
