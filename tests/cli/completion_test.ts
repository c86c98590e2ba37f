import assert from "node:assert/strict";
import { join } from "node:path";
import { EngineWorld } from "../engine/engine_world.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { CallLog, quote, wrapDlslurm } from "../support/wrapped_programs.ts";
import { defineProgram } from "../../src/cli/program.ts";

/** A world with open jobs 1 and 2, and `dlslurm` on PATH. */
async function createWorld(): Promise<EngineWorld> {
  const world = await EngineWorld.create({ "input file.txt": "x\n" });
  await world.schedule("a");
  await world.must("schedule", "-o", "b", "sbatch", "--wrap", "echo 1\necho 2");
  await wrapDlslurm(world.sandbox);
  return world;
}

/** What may stand in place of the last word, without what is said beside it. */
async function candidates(world: EngineWorld, ...words: string[]): Promise<string[]> {
  const { stdout, stderr } = await world.must("__complete", "--", ...words);
  assert.equal(stderr, "");
  return stdout.split("\n").slice(0, -1).map((line) => line.split("\t")[0]!);
}

Deno.test("completion: commands, options, values, jobs, revisions, files", async () => {
  await using world = await createWorld();
  const log = await CallLog.watch(world.sandbox, ["sacct", "squeue", "scontrol"]);
  const expected: readonly (readonly [readonly string[], readonly string[]])[] = [
    [["fin"], ["finish"]],
    [["slurm-f"], ["slurm-finish"]],
    [["--report-s"], ["--report-status"]],
    [["-f", "json"], ["json", "json_pp"]],
    [["list", "--report-status=n"], ["--report-status=notneeded"]],
    [["finish", ""], ["2", "1"]],
    [["finish", "1", "2"], ["2"]],
    [["slurm-finish", "--slurm-job-id", ""], ["2", "1"]],
    [["finish", "-o", ""], [":files"]],
    [["finish", "--clo"], ["--close-failed-jobs", "--close-unknown-jobs", "--close-waiting-jobs"]],
    [["finish", "--list-open-jobs", "--", "-"], []],
    [["list", "--state", "RUN"], ["RUNNING"]],
    [["list", "x"], []],
    [["reschedule", "m"], ["main"]],
    [["reschedule", "--since", "HE"], ["HEAD"]],
    [["schedule", "-o", "x", "sba"], [":commands", ":files"]],
    [["schedule", "-o", "x", "sbatch", "-"], [":files"]],
    [["completion", ""], ["bash", "zsh", "fish"]],
    [["help", "rec"], ["recover", "record", "recordings"]],
    [["recover", ""], []],
    [["fixtures", ""], []],
    [["nonsense", "--", ""], await candidates(world, "")],
  ];
  for (const [words, found] of expected) {
    assert.deepEqual(await candidates(world, ...words), found, words.join(" "));
  }
  assert.deepEqual(await log.read(), []);
});

Deno.test("completion: labels stand before job IDs, where both can be said", async () => {
  await using world = await createWorld();
  for (const output of ["c", "d"]) {
    await world.must("schedule", "--label", "clean", "-o", output, "sbatch", "job.sh");
  }

  const all = ["clean", "4", "3", "2", "1"];
  assert.deepEqual(await candidates(world, "finish", ""), all);
  assert.deepEqual(await candidates(world, "schedule", "--after", ""), all);
  assert.deepEqual(await candidates(world, "schedule", "--after=cl"), ["--after=clean"]);
  assert.deepEqual(await candidates(world, "recover", "7", "--job-id", ""), ["4", "3", "2", "1"]);
  assert.deepEqual(await candidates(world, "schedule", "--label", ""), []);
});

Deno.test("completion: containers are those that are configured", async () => {
  await using world = await createWorld();
  const config =
    '[datalad "containers.fit"]\n\timage = x\n[datalad "containers.--evil"]\n\timage = x\n';
  await world.write(".datalad/config", config);
  await world.git("config", "datalad.containers.mine.image", "y");

  assert.deepEqual(await candidates(world, "schedule", "--container", ""), ["fit", "mine"]);
  assert.deepEqual(await candidates(world, "schedule", "-x", ""), [":files"]);
});

Deno.test("completion: a job's command stands beside its ID, on one line", async () => {
  await using world = await createWorld();

  const { stdout } = await world.must("__complete", "--", "finish", "2");

  assert.equal(stdout, "2\tsbatch --wrap 'echo 1 echo 2'\n");
});

Deno.test("completion: -C and -d lead to the dataset; elsewhere there are no jobs and no message", async () => {
  await using world = await createWorld();
  const { root } = world;
  world.root = world.sandbox.root;

  assert.deepEqual(await candidates(world, "-C", root, "finish", ""), ["2", "1"]);
  assert.deepEqual(await candidates(world, "finish", `--dataset=${root}`, ""), ["2", "1"]);
  assert.deepEqual(await candidates(world, "finish", "-d", "nowhere", ""), []);
  assert.deepEqual(await candidates(world, "finish", ""), []);
});

Deno.test("completion: no store is made", async () => {
  await using world = await EngineWorld.create();

  assert.deepEqual(await candidates(world, "finish", ""), []);

  await assert.rejects(Deno.stat(join(world.root, ".git", "dlslurm")), Deno.errors.NotFound);
});

Deno.test("completion: every option of every command that help shows", async () => {
  await using world = await EngineWorld.create();
  for (const command of (await defineProgram(() => Promise.resolve())).commands) {
    const found = await candidates(world, command.name(), "--");
    for (const { long, hidden } of command.options) {
      assert.equal(
        found.includes(long!),
        !hidden || OUTER.includes(long!),
        `${command.name()} ${long}`,
      );
    }
  }
});

/** Hidden in the help of commands, shown in that of the program. */
const OUTER = [
  ...["--folder", "--config", "--output-format", "--on-failure", "--report-status"],
  "--report-type",
];

const LINES: readonly (readonly [line: string, expected: readonly string[]])[] = [
  ["dlslurm fin", ["finish"]],
  ["dlslurm finish ", ["2", "1"]],
  ["dlslurm finish --close", [
    "--close-failed-jobs",
    "--close-unknown-jobs",
    "--close-waiting-jobs",
  ]],
  ["dlslurm -f json_", ["json_pp"]],
  ["dlslurm finish -o inp", ["input file.txt"]],
];

Deno.test("completion in bash", async () => {
  await using world = await createWorld();
  for (
    const [line, expected] of [
      ...LINES,
      ["dlslurm list --report-status = no", ["notneeded"]] as const,
    ]
  ) {
    const words = line.split(" ");
    const script = [
      'eval "$(dlslurm completion bash)"',
      "complete -p dlslurm >/dev/null || exit 9",
      `COMP_WORDS=(${words.map(quote).join(" ")}) COMP_CWORD=${words.length - 1}`,
      "_dlslurm",
      "printf '%s\\n' \"${COMPREPLY[@]}\"",
    ].join("\n");

    const { code, stdout, stderr } = await world.sandbox.run(
      ["bash", "--norc", "-c", script],
      { cwd: world.root },
    );

    assert.equal(code, 0, stderr);
    assert.equal(stderr, "");
    assert.deepEqual(stdout.split("\n").filter((each) => each !== ""), expected, line);
  }
});

Deno.test("completion: what somebody else has called a branch or a commit does nothing", async () => {
  await using world = await createWorld();
  const branch = "z;touch${IFS}taken;'\"`id`$(id)";
  for (const name of [branch, "-x", "z\u202ey"]) {
    await world.git("update-ref", `refs/heads/${name}`, "HEAD");
  }
  const subject = "[DATALAD SLURM RUN] \x1b[2J\u202e Slurm job 1: Completed";
  await world.git("commit", "--quiet", "--allow-empty", "-m", subject);

  const { stdout } = await world.must("__complete", "--", "reschedule", "");

  const found = stdout.split("\n").map((line) => line.split("\t")[0]);
  assert(found.includes(branch), stdout);
  assert(!found.includes("-x") && !found.includes("z\u202ey"), stdout);
  assert(stdout.includes("\\x1b[2J\\u202e Slurm job"), stdout);
  const script = [
    'eval "$(dlslurm completion bash)"; COMP_WORDS=(dlslurm reschedule z) COMP_CWORD=2',
    '_dlslurm; eval "words=($COMPREPLY)"; printf %s "${words[@]}"',
  ].join("\n");
  const typed = await world.sandbox.run(["bash", "--norc", "-c", script], { cwd: world.root });
  assert.equal(typed.stdout, branch);
});

testIfAvailable(["fish"], "completion in fish", async () => {
  await using world = await createWorld();
  for (
    const [line, expected] of [
      ...LINES,
      ["dlslurm list --report-status=n", ["--report-status=notneeded"]] as const,
    ]
  ) {
    const script = `dlslurm completion fish | source; complete -C ${quote(line)}`;

    const { code, stdout, stderr } = await world.sandbox.run(
      ["fish", "--no-config", "-c", script],
      {
        cwd: world.root,
        env: { TERM: "xterm" },
      },
    );

    assert.equal(code, 0, stderr);
    const found = stdout.split("\n").slice(0, -1).map((each) => each.split("\t")[0]!);
    assert.deepEqual(found.map((each) => each.replaceAll("\\ ", " ")), expected, line);
  }
});

testIfAvailable(["zsh"], "completion in zsh", async () => {
  await using world = await createWorld();
  // A terminal of its own, where keys are typed; the line as it stands in the end is written to a file.
  const script = `
zmodload zsh/zpty
zpty shell zsh -f -i
tell() { zpty -w shell "$1" }
tell 'PS1= RPS1= ; unsetopt beep; autoload -U compinit; compinit -u -D; eval "$(dlslurm completion zsh)"'
tell 'report() { print -r -- "$BUFFER" >"$OUT.part"; mv "$OUT.part" "$OUT" }; zle -N report; bindkey "^X" report'
tell 'print ready >"$OUT.ready"'
repeat 300; do [[ -e $OUT.ready ]] && break; sleep 0.1; zpty -r -t shell drop; done
zpty -w -n shell "$1"$'\\t\\x18'
repeat 300; do [[ -e $OUT ]] && break; sleep 0.1; zpty -r -t shell drop; done
cat "$OUT"
zpty -d shell
`;
  const file = join(world.sandbox.root, "zsh test");
  await Deno.writeTextFile(file, script);
  for (
    const [line, completed] of [
      ["dlslurm fin", "dlslurm finish "],
      ["dlslurm finish --close-f", "dlslurm finish --close-failed-jobs "],
      ["dlslurm list --report-status=n", "dlslurm list --report-status=notneeded "],
      ["dlslurm finish -o inp", "dlslurm finish -o input\\ file.txt "],
      ["dlslurm reschedule ma", "dlslurm reschedule main "],
    ] as const
  ) {
    const out = join(world.sandbox.root, `zsh line ${crypto.randomUUID()}`);

    const { stdout, stderr } = await world.sandbox.run(["zsh", "-f", file, line], {
      cwd: world.root,
      env: { OUT: out, TERM: "xterm" },
    });

    assert.equal(stdout.replace(/\n$/, ""), completed, stderr);
  }
});
