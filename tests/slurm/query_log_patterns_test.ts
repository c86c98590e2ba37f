import assert from "node:assert/strict";
import type { Runner } from "../../src/process/runner.ts";
import { queryLogPatterns } from "../../src/slurm/query_log_patterns.ts";

/** Rows as squeue prints them: "|" stands for the end of a field, ";" for that of a row. */
const shown = (text: string) => text.replaceAll("|", "\x1f").replaceAll(";", "\x1e\n");

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

  const { patterns, asked } = await ask(shown("1|/w/%j|(null);501|/w/%j|(null);"), ...jobIds);

  assert.deepEqual(asked.map((argv) => argv.at(-1)!.split(",").length), [500, 500, 1]);
  assert.deepEqual(asked.flatMap((argv) => argv.at(-1)!.split(",")), jobIds);
  assert.deepEqual(patterns.map(([jobId]) => jobId), ["1", "501"]);
});

Deno.test("queryLogPatterns() reads names as they are, blanks and all", async () => {
  const { patterns } = await ask(
    shown("CLUSTER: big\n7|/w/my log %j|/w/ü %A.err ;8|/w/%j|(null);9|/w/other|/w/other;"),
    ...["7", "8"],
  );

  assert.deepEqual(patterns, [
    ["7", { stdout: "/w/my log %j", stderr: "/w/ü %A.err " }],
    ["8", { stdout: "/w/%j", stderr: null }],
  ]);
});

Deno.test("queryLogPatterns() reads names with bars and line breaks, and of one row nothing of another", async () => {
  const { patterns } = await ask(
    shown("7|/w/a@b %j\n8@/evil|(null);8|(null)|(null);9|/w/cut").replaceAll("@", "|"),
    ...["7", "8", "9"],
  );

  assert.deepEqual(patterns, [["7", { stdout: "/w/a|b %j\n8|/evil", stderr: null }]]);
});
