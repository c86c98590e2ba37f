import assert from "node:assert/strict";
import { explainEnd } from "../../src/cli/explain_end.ts";
import type { GlobalSettings } from "../../src/cli/global_options.ts";
import type { ProcessEnvironment } from "../../src/cli/process_environment.ts";
import { ResultReporter, StoppedAtFailure } from "../../src/cli/result_reporter.ts";
import { UserError } from "../../src/errors.ts";

/** What is said on standard error, which records are shown, and the exit status. */
async function ended(
  thrown: unknown,
  settings: Partial<GlobalSettings> = {},
  interrupted = new AbortController().signal,
) {
  const all: GlobalSettings = {
    ...{ outputFormat: "tailored", onFailure: "continue", reportStatus: undefined },
    ...{ reportTypes: [], folders: [], overrides: [] },
    ...settings,
  };
  const records: string[] = [];
  const renderer = {
    show: ({ status, errorCode }: { status: string; errorCode?: string }) =>
      void records.push(`${status} ${errorCode}`),
    finish: () => {},
  };
  const reporter = new ResultReporter(renderer, all);
  let err = "";
  const io = {
    out: () => assert.fail("nothing goes to standard output"),
    err: (text: string) => err += text,
  };
  const command = { action: "slurm-finish", settings: all, reporter };
  const environment = { io, interrupted } as unknown as ProcessEnvironment;
  const status = await explainEnd(thrown, command, environment);
  return { status, records, err };
}

const DISK = new UserError("DISK", "Cannot write it", { hint: "df ." });

Deno.test("explainEnd() shows an error to a person, and as a record to a program", async () => {
  assert.deepEqual(await ended(DISK), {
    ...{ status: 1, records: [], err: "error: Cannot write it\nhint: df .\n" },
  });
  assert.deepEqual(await ended(DISK, { outputFormat: "json" }), {
    ...{ status: 1, records: ["impossible DISK"], err: "" },
  });
});

Deno.test("explainEnd() gives 2 for wrong usage, and 0 where failures are to be ignored", async () => {
  const usage = new UserError("USAGE", "Cannot use x");

  assert.equal((await ended(usage)).status, 2);
  assert.equal((await ended(usage, { onFailure: "ignore" })).status, 2);
  assert.equal((await ended(DISK, { onFailure: "ignore" })).status, 0);
});

Deno.test("explainEnd() shows a bug on standard error also where results are for programs", async () => {
  const { status, records, err } = await ended(new TypeError("x is not a function"), {
    ...{ outputFormat: "json", onFailure: "ignore" },
  });

  assert.deepEqual([status, records], [1, ["error BUG"]]);
  assert.match(err, /^error: this is a bug in dlslurm, .*\nTypeError: x is not a function/);
});

Deno.test("explainEnd() shows no record that was not asked for, but the error then", async () => {
  const { records, err } = await ended(DISK, { outputFormat: "json", reportStatus: "success" });

  assert.deepEqual([records, err.split("\n")[0]], [[], "error: Cannot write it"]);
});

Deno.test("explainEnd() says that it stopped at the first failure, and that failure no second time", async () => {
  assert.deepEqual(
    await ended(new StoppedAtFailure(), { outputFormat: "json", onFailure: "stop" }),
    {
      ...{
        status: 1,
        records: [],
        err: "stopped at the first failure: nothing further was begun\n",
      },
    },
  );
  const { status, records } = await ended(DISK, { outputFormat: "json", onFailure: "stop" });
  assert.deepEqual([status, records], [1, ["impossible DISK"]]);
});

Deno.test("explainEnd() gives 130 when it was interrupted, with what else there is to be said", async () => {
  const interrupted = AbortSignal.abort(new Error("SIGINT"));

  const plain = await ended(interrupted.reason, {}, interrupted);
  assert.deepEqual([plain.status, plain.records], [130, []]);
  assert.match(plain.err, /^interrupted: what was begun is complete or undone/);
  assert.match(
    (await ended(DISK, {}, interrupted)).err,
    /^error: Cannot write it\n.*\ninterrupted: /s,
  );
});

Deno.test("explainEnd() waits for the signal where git was ended by the same Ctrl-C", async () => {
  const controller = new AbortController();
  const ending = ended(new UserError("GIT_FAILED", "Cannot go on"), {}, controller.signal);
  queueMicrotask(() => controller.abort());

  assert.equal((await ending).status, 130);
});
