import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { join } from "node:path";
import { renderGoals } from "../../scripts/bench/goals.ts";
import { replaceSection } from "../../scripts/bench/publish.ts";
import { parseReport } from "../../scripts/bench/sample.ts";
import type { Sample } from "../../scripts/bench/sample.ts";
import { spreadOf, summarise } from "../../scripts/bench/summary.ts";
import { Sandbox } from "../support/sandbox.ts";
import { pathWithout, quote } from "../support/wrapped_programs.ts";

const PROJECT = fileURLToPath(new URL("../..", import.meta.url));

const SAMPLE: Sample = {
  operation: "schedule",
  slurm: "real",
  jobs: 10,
  files: 0,
  tool: "dlslurm",
  round: 0,
  seconds: 0.08,
  units: 1,
  sbatchSeconds: 0.03,
  peakMb: null,
  processes: null,
};

Deno.test("spreadOf() takes the middle of two for the median", () => {
  assert.deepEqual(spreadOf([4, 1, 3, 2]), { median: 2.5, min: 1, max: 4, count: 4 });
  assert.equal(spreadOf([3, 1, 2]).median, 2);
});

Deno.test("summarise() compares runs of the same round, less what bare sbatch took", () => {
  const other = { ...SAMPLE, tool: "other" };
  const [, summary] = summarise([
    SAMPLE, // 50 ms
    { ...other, seconds: 0.13 }, // 100 ms: twice as long
    { ...SAMPLE, round: 1, seconds: 0.05 }, // 20 ms
    { ...other, round: 1, seconds: 0.23 }, // 200 ms: ten times
    { ...other, round: 2, seconds: 9 }, // nothing to compare with
  ], "dlslurm");

  assert.equal(summary?.of.tool, "other");
  const { min, max, count } = summary?.ratio ?? { min: 0, max: 0, count: 0 };
  assert.deepEqual([min.toFixed(6), max.toFixed(6), count], ["2.000000", "10.000000", 2]);
});

Deno.test("summarise() compares a retry with the bulk schedule of the same jobs", () => {
  const bulk = { ...SAMPLE, operation: "bulk schedule", round: 7, seconds: 2, units: 20 } as const;
  const other = { ...bulk, round: 8, seconds: 9 };
  const retry = { ...bulk, operation: "retry", seconds: 4 } as const;

  const [summary] = summarise([other, bulk, retry], "dlslurm")
    .filter(({ of }) => of.operation === "retry");

  assert.equal(summary?.ratio?.median, 2);
});

Deno.test("summarise() compares a bulk schedule, per job, with bare sbatch", () => {
  const bulk = { ...SAMPLE, operation: "bulk schedule", seconds: 1.2, units: 20 } as const;

  const [summary] = summarise([bulk], "dlslurm");

  assert.equal(summary?.ratio?.median.toFixed(6), "2.000000");
});

Deno.test("renderGoals() says of each goal whether it was reached, or that it was not measured", () => {
  const listing = { ...SAMPLE, operation: "list", jobs: 100, sbatchSeconds: 0 } as const;

  const goals = renderGoals(summarise([SAMPLE, { ...listing, seconds: 0.3 }], "dlslurm"));

  assert.match(goals, /^\| schedule, beyond bare `sbatch` .*\| +50 ms \|.*\| yes /m);
  assert.match(goals, /^\| list 100 open jobs .*\| +300 ms \|.*\| \*\*no\*\* /m);
  assert.match(goals, /^\| finish 1,000 jobs .*\| not measured \|/m);
});

Deno.test("renderGoals() counts the memory of finish beyond that of the start", () => {
  const start = { ...SAMPLE, operation: "start-up", jobs: 0, peakMb: 45 } as const;
  const finish = { ...SAMPLE, operation: "finish", jobs: 10_000, peakMb: 170 } as const;

  const goals = renderGoals(summarise([start, finish], "dlslurm"));

  assert.match(goals, /^\| peak memory of finish, .*\| +125 MB \| +\| \*\*no\*\*/m);
});

Deno.test("replaceSection() leaves what stands around the markers, and needs them", () => {
  const page = "before\n<!-- benchmark -->\nold\n<!-- /benchmark -->\nafter\n";

  const replaced = replaceSection(page, "new\n");

  assert.equal(replaced, "before\n<!-- benchmark -->\n\nnew\n\n<!-- /benchmark -->\nafter\n");
  assert.throws(() => replaceSection("no markers\n", "new\n"), SyntaxError);
});

Deno.test("bench: --quick measures every operation; --redraw draws the same from what it wrote", async () => {
  await using sandbox = await Sandbox.create();
  sandbox.env["PATH"] = await pathWithout(sandbox, ["datalad"]);
  const program = join(sandbox.root, "dlslurm");
  const start = [Deno.execPath(), "run", "-A", "--quiet", "--config", join(PROJECT, "deno.json")];
  const line = `exec ${[...start, join(PROJECT, "main.ts")].map(quote).join(" ")} "$@"\n`;
  await Deno.writeTextFile(program, `#!/bin/sh\n${line}`, { mode: 0o755 });
  const bench = (...args: string[]) =>
    sandbox.require([Deno.execPath(), "run", "-A", join(PROJECT, "scripts/bench.ts"), ...args]);
  const first = join(sandbox.root, "first");
  const second = join(sandbox.root, "second");

  const said = await bench("--quick", "--program", program, "--output", first);
  await bench("--redraw", join(first, "benchmark.jsonl"), "--output", second);

  const { samples } = parseReport(await Deno.readTextFile(join(first, "benchmark.jsonl")));
  for (const operation of ["start-up", "schedule", "bulk schedule", "retry", "list", "finish"]) {
    const own = samples.filter((sample) => sample.operation === operation);
    assert(own.length > 0, operation);
    assert(own.every((sample) => sample.seconds > 0), operation);
    assert.match(said, new RegExp(`^\\| ${operation} +\\|.*\\| dlslurm`, "m"));
  }
  const cases = new Set(samples.map(({ jobs, files }) => `${jobs} ${files}`));
  assert.deepEqual([...cases], ["0 0", "6 0", "12 0", "6 1000"]);
  assert(samples.some((sample) => (sample.peakMb ?? 0) > 10));
  for (const name of ["benchmark_jobs.svg", "benchmark_files.svg"]) {
    const svg = await Deno.readTextFile(join(first, name));
    assert.match(svg, /^<svg [^]*>finish<[^]*<\/svg>\s*$/);
    assert.equal(svg, await Deno.readTextFile(join(second, name)));
  }
  const csv = (await Deno.readTextFile(join(first, "benchmark.csv"))).trimEnd().split("\n");
  assert.equal(csv.length, samples.length + 1);
});
