import assert from "node:assert/strict";
import type { Runner } from "../../src/process/runner.ts";
import { queryLogPatterns } from "../../src/slurm/query_log_patterns.ts";

function ask(stdout: string, ...jobIds: readonly string[]) {
  const asked: string[][] = [];
  const runner: Runner = {
    run: (argv) => {
      asked.push([...argv]);
      const bytes = new TextEncoder().encode(stdout);
      return Promise.resolve({ code: 0, signal: null, stdout: bytes, stderr: "" });
    },
  };
  return queryLogPatterns({ runner, timeoutMs: 1_000 }, jobIds, "big")
    .then((patterns) => ({ patterns: [...patterns], asked }));
}

Deno.test("queryLogPatterns() asks once for all arrays, and only for what waits", async () => {
  const { asked } = await ask("", "7", "8");

  assert.equal(asked.length, 1);
  assert.deepEqual(asked[0]!.slice(-4), ["-M", "big", "-j", "7,8"]);
  assert.equal(asked[0]![asked[0]!.indexOf("-t") + 1], "PENDING");
});

Deno.test("queryLogPatterns() asks for 500 arrays a call, each exactly once", async () => {
  const jobIds = Array.from({ length: 1_001 }, (_, index) => String(index + 1));

  const { patterns, asked } = await ask("1|/w/%j|(null)|\n501|/w/%j|(null)|\n", ...jobIds);

  assert.deepEqual(asked.map((argv) => argv.at(-1)!.split(",").length), [500, 500, 1]);
  assert.deepEqual(asked.flatMap((argv) => argv.at(-1)!.split(",")), jobIds);
  assert.deepEqual(patterns.map(([jobId]) => jobId), ["1", "501"]);
});

Deno.test("queryLogPatterns() reads names as they are, blanks and all", async () => {
  const { patterns } = await ask(
    "CLUSTER: big\n7|/w/my log %j|/w/ü %A.err |\n8|/w/%j|(null)|\n9|/w/other|/w/other|\n",
    ...["7", "8"],
  );

  assert.deepEqual(patterns, [
    ["7", { stdout: "/w/my log %j", stderr: "/w/ü %A.err " }],
    ["8", { stdout: "/w/%j", stderr: null }],
  ]);
});

Deno.test("queryLogPatterns() of a name that cannot be told from two → absent", async () => {
  const { patterns } = await ask("7|/w/a|b %j|(null)|\n8|(null)|(null)|\n9|/w/cut", "7", "8", "9");

  assert.deepEqual(patterns, []);
});
