import assert from "node:assert/strict";
import { growthOf, longestTimes, parseGrowth } from "../../../src/submit/retry/grow.ts";

const FACTORS = parseGrowth("");
const GIB = 1024 ** 3;
const PLAIN = { longest: undefined, command: "sbatch job.sh" };

Deno.test("growthOf() time after TIMEOUT, memory after OUT_OF_MEMORY, nothing after all else", () => {
  const had = { timeLimit: 3600, reqMem: 4 * GIB, nodes: 2, cpus: 8 };
  const grown = (states: readonly string[], more = {}) =>
    growthOf(states, had, FACTORS, { ...PLAIN, ...more });

  assert.deepEqual(grown(["TIMEOUT"]), { options: ["--time=90"] });
  assert.deepEqual(grown(["OUT_OF_MEMORY"]), { options: ["--mem=4096M"] }, "of each node");
  assert.deepEqual(grown(["OUT_OF_MEMORY"], { command: "sbatch --mem-per-cpu=512M job.sh" }), {
    options: ["--mem-per-cpu=1024M"],
  });
  assert.deepEqual(grown(["TIMEOUT", "COMPLETED", "OUT_OF_MEMORY"]), {
    options: ["--time=90", "--mem=4096M"],
  });
  for (const state of ["PREEMPTED", "NODE_FAIL", "FAILED", "CANCELLED by 7"]) {
    assert.deepEqual(grown([state]), { options: [] });
  }
});

Deno.test("growthOf() goes as far as the partition allows, and says where it cannot go on", () => {
  const grown = (timeLimit: number, longest: number) =>
    growthOf(["TIMEOUT"], { timeLimit }, FACTORS, { ...PLAIN, longest });

  assert.deepEqual(grown(3600, 4000), { options: ["--time=67"] });
  assert.match(grown(3600, 3600).problem!, /longest that its partition has/);
  assert.deepEqual(grown(3600, 3600).options, []);
  assert.match(
    growthOf(["TIMEOUT"], undefined, FACTORS, PLAIN).problem!,
    /does not say what its time limit/,
  );
  assert.match(
    growthOf(["OUT_OF_MEMORY"], {}, FACTORS, PLAIN).problem!,
    /how much memory it was given/,
  );
});

Deno.test("growthOf() takes what was used where that was more than was asked for", () => {
  const had = { reqMem: GIB, maxRss: 3 * GIB };
  assert.deepEqual(growthOf(["OUT_OF_MEMORY"], had, FACTORS, PLAIN), { options: ["--mem=6144M"] });
});

Deno.test("parseGrowth() reads factors and refuses what would not grow", () => {
  assert.deepEqual(parseGrowth(""), { time: 1.5, memory: 2 });
  assert.deepEqual(parseGrowth("memory=1.25"), { time: 1.5, memory: 1.25 });
  assert.deepEqual(parseGrowth("time=2,memory=4"), { time: 2, memory: 4 });
  for (const text of ["time=1", "time=0.5", "cpus=2", "2", "time=2;memory=2"]) {
    assert.throws(() => parseGrowth(text), { code: "USAGE" }, text);
  }
});

Deno.test("longestTimes() of partitions; without sinfo none are known", async () => {
  const client = (code: number, stdout: string) => ({
    runner: {
      run: () => Promise.resolve({ code, stdout: new TextEncoder().encode(stdout), stderr: "" }),
    },
    timeoutMs: 1_000,
    signal: new AbortController().signal,
  });
  const answer = "short|30:00\nlong|7-00:00:00\nmid|2:00:00\nfree|infinite\n";

  const found = await longestTimes(client(0, answer) as never, new Set(["short"]));

  assert.deepEqual([...found], [["short", 1800], ["long", 604800], ["mid", 7200]]);
  assert.deepEqual([...await longestTimes(client(1, "") as never, new Set(["x"]))], []);
  assert.deepEqual([...await longestTimes(client(0, "") as never, new Set())], []);
});
