import assert from "node:assert/strict";
import { join } from "node:path";
import { ProgressDisplay } from "../../src/cli/progress_display.ts";
import { EngineWorld } from "../engine/engine_world.ts";
import { pollUntil } from "../support/polling.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { DLSLURM } from "../support/sandbox.ts";
import { screenOf, startOnTerminal } from "../support/terminal.ts";
import { quote, wrapProgram } from "../support/wrapped_programs.ts";

/** A display on a terminal that only remembers. */
function display(columns = 80) {
  let written = "";
  const interruption = new AbortController();
  const io = { out: (text: string) => written += text, err: (text: string) => written += text };
  const shown = new ProgressDisplay({
    io,
    terminal: { columns: () => columns },
    interrupted: interruption.signal,
  });
  return {
    shown,
    io: shown.guard(io, { out: true, err: true }),
    interruption,
    written: () => written,
    screen: () => screenOf(written),
    see: async (text: string) =>
      await pollUntil(
        `"${text}" is shown`,
        () => Promise.resolve(screenOf(written).includes(text) || undefined),
      ),
  };
}

Deno.test("ProgressDisplay counts, and leaves an empty line behind", async () => {
  const { shown, see, screen } = display();
  {
    using work = shown.begin("reading outputs", 8);
    for (let done = 0; done < 6; done++) work.advance();
    work.say("job 12");
    await see("reading outputs [==================------] 6/8");
    await see("job 12");
    work.advance(2);
    await see("8/8");
  }
  assert.equal(screen(), "");
});

Deno.test("ProgressDisplay puts the line out of the way of others and takes it up again", async () => {
  const { shown, io, see, screen } = display();
  {
    using _work = shown.begin("asking Slurm");
    await see("asking Slurm");
    io.out("one\n");
    assert.equal(screen(), "one\n");
    await see("one\nasking Slurm");
    io.err("two, ");
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(screen(), "one\ntwo, ");
    io.err("three\n");
    await see("two, three\nasking Slurm");
  }
  assert.equal(screen(), "one\ntwo, three\n");
});

Deno.test("ProgressDisplay names inner work behind the count of the outer one", async () => {
  const { shown, see, screen } = display(160);
  using outer = shown.begin("submitting", 3);
  outer.advance();
  const inner = shown.begin("fetching inputs", 50);
  inner.say("a.nc");
  await see("fetching inputs 0/50, a.nc");
  inner.advance(20);
  await see("fetching inputs 20/50");
  // As many as there are, and the time that the rest will take.
  await see("fetching inputs 20/50 (");
  await see(" left), a.nc");
  inner.advance(40);
  await see("fetching inputs 50/50, a.nc");
  assert.match(screen(), /^submitting \[.*\] 1\/3/);
  inner[Symbol.dispose]();
  outer.advance();
  await see("2/3");
  assert.doesNotMatch(screen(), /fetching/);
  shown[Symbol.dispose]();
  assert.equal(screen(), "");
});

Deno.test("ProgressDisplay goes on to show work that outlasts what it began in", async () => {
  const { shown, see, screen } = display(160);
  const asking = shown.begin("asking for accounting", 3);
  using committing = shown.begin("committing 3 jobs");
  await see("asking for accounting");
  asking[Symbol.dispose]();
  await see("committing 3 jobs");
  assert.doesNotMatch(screen(), /asking/);
  committing.say("moving the branch");
  await see("moving the branch");
  shown[Symbol.dispose]();
  assert.equal(screen(), "");
});

Deno.test("ProgressDisplay fits the terminal, wide characters and line breaks included", async () => {
  const { shown, see, screen, written } = display(20);
  using work = shown.begin("数据数据数据数据数据数据");
  await see("数据数据数据数据数");
  assert.equal(screen(), "数据数据数据数据数"); // 18 of the 19 columns that may be used
  work.say("a\nb\x1b[2J");
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.doesNotMatch(written(), /\n/);
  shown[Symbol.dispose]();
});

Deno.test("ProgressDisplay says that it is stopping", async () => {
  const { shown, see, interruption } = display();
  using _work = shown.begin("submitting", 3);
  interruption.abort();
  await see("stopping: submitting");
  shown[Symbol.dispose]();
});

/** A world with a completed job whose sacct answers only after `release`. */
async function worldWithSlowSacct() {
  const world = await EngineWorld.create();
  await world.slurm.setDescription("JobName=job\n   WorkDir=@PWD@\n   StdOut=/dev/null\n");
  await world.schedule("out");
  await world.write("out/x.txt", "x\n");
  const mark = join(world.sandbox.root, "answer now");
  const sacct = join(world.sandbox.programs, "sacct");
  await Deno.rename(sacct, `${sacct}-real`);
  const wait = `while ! test -e ${quote(mark)}; do sleep 0.1; done`;
  await wrapProgram(world.sandbox, "sacct", `${wait}\nexec ${quote(`${sacct}-real`)} "$@"`);
  return { world, release: () => Deno.writeTextFile(mark, "") };
}

const RESULTS = [
  "add(ok): out/x.txt (file)",
  "add(ok): slurm-job-1.env.json (file)",
  "save(ok): . (dataset)",
  "action summary:",
  "  add (ok: 2)",
  "  save (ok: 1)",
  "",
].join("\n");

Deno.test("e2e: finish on a terminal → progress while Slurm is slow, then only results", async () => {
  const { world, release } = await worldWithSlowSacct();
  await using _ = world;
  const finish = startOnTerminal(world.sandbox, [...DLSLURM, "finish"], {
    cwd: world.root,
    columns: 44,
  });
  await pollUntil(
    "progress is shown",
    async () => (await finish.written()).includes("asking") || undefined,
  );
  await release();

  const { code, stdout } = await finish.ended;

  assert.equal(code, 0, stdout);
  assert.match(stdout, /asking Slurm \[-{24}\] 0\/1/);
  assert.equal(screenOf(stdout.replaceAll("\r\n", "\n")), RESULTS);
  // deno-lint-ignore no-control-regex -- the sequences of a terminal
  const drawn = stdout.matchAll(/\r([^\r\n\x1b]+)\x1b\[K/g);
  for (const [, line] of drawn) assert.ok(line!.length < 44, line);
});

testIfAvailable(
  ["git-annex"],
  "e2e: finish of many files on a terminal → how many are done of how many, in each step",
  async () => {
    await using world = await EngineWorld.create({}, "git-annex");
    await world.schedule("out");
    for (let at = 0; at < 30; at++) await world.write(`out/${at}`, `${at}\n`);
    const seen = join(world.sandbox.root, "seen");
    // Each step has done its work by the time it is shown; its program ends only then.
    const script = `case " $* " in
*" calckey "*) step=hashing ;; *" fast-import --quiet "*) step=noting ;; *) exec "$REAL" "$@" ;;
esac
"$REAL" "$@"; status=$?
until test -e ${quote(seen)}-$step; do sleep 0.05; done
exit $status`;
    await wrapProgram(world.sandbox, "git", script);
    const finish = startOnTerminal(world.sandbox, [...DLSLURM, "finish"], {
      cwd: world.root,
      columns: 120,
    });
    for (
      const [step, shown] of [["hashing", "hashing contents 31/31"], [
        "noting",
        "noting where contents are",
      ]]
    ) {
      await pollUntil(
        `"${shown}" is shown`,
        async () => (await finish.written()).includes(shown!) || undefined,
      );
      await Deno.writeTextFile(`${seen}-${step}`, "");
    }

    const { code, stdout } = await finish.ended;

    assert.equal(code, 0, stdout);
    assert.match(stdout, /committing 1 job, .*hashing contents 31\/31/);
    assert.match(screenOf(stdout.replaceAll("\r\n", "\n")), /^ {2}save \(ok: 1\)$/m);
  },
);

Deno.test("e2e: finish on a terminal, stopped while Slurm is asked → the line goes", async () => {
  const { world } = await worldWithSlowSacct();
  await using _ = world;
  const finish = startOnTerminal(world.sandbox, [...DLSLURM, "finish"], { cwd: world.root });
  await pollUntil(
    "progress is shown",
    async () => (await finish.written()).includes("asking") || undefined,
  );
  await finish.interrupt();

  const { code, stdout } = await finish.ended;

  assert.equal(code, 130, stdout);
  const screen = screenOf(stdout.replaceAll("\r\n", "\n"));
  assert.match(screen, /^interrupted: /m);
  assert.doesNotMatch(screen, /asking Slurm \[/);
});

for (
  const [name, args, env] of [
    ["with -f json", ["-f", "json"], {}],
    ["on a dumb terminal", [], { TERM: "dumb" }],
  ] as const
) {
  Deno.test(`e2e: finish on a terminal ${name} → no progress`, async () => {
    const { world, release } = await worldWithSlowSacct();
    await using _ = world;
    const argv = [...DLSLURM, ...args, "finish"];
    const finish = startOnTerminal(world.sandbox, argv, { cwd: world.root, env });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await release();

    const { code, stdout } = await finish.ended;

    assert.equal(code, 0, stdout);
    // deno-lint-ignore no-control-regex -- the sequences of a terminal
    assert.doesNotMatch(stdout, /asking|\x1b/);
  });
}

Deno.test("e2e: finish into a pipe → no progress", async () => {
  const { world, release } = await worldWithSlowSacct();
  await using _ = world;
  const finish = world.sandbox.startDlslurm(["finish"], { cwd: world.root });
  await new Promise((resolve) => setTimeout(resolve, 1500));
  await release();

  const { stdout, stderr } = await finish.ended;

  assert.equal(stdout, RESULTS);
  assert.equal(stderr, "");
});
