import assert from "node:assert/strict";
import type { GlobalSettings } from "../../src/cli/global_options.ts";
import { ResultReporter, StoppedAtFailure } from "../../src/cli/result_reporter.ts";
import type { ResultRecord } from "../../src/session/result_record.ts";

function record(action: string, status: ResultRecord["status"], type?: ResultRecord["type"]) {
  return { action, status, ...(type === undefined ? {} : { type }) };
}

const RESULTS = [
  record("add", "ok", "file"),
  record("save", "ok", "dataset"),
  record("save", "notneeded", "dataset"),
  // About a job: that is of the dataset.
  record("slurm-finish", "impossible"),
  record("slurm-finish", "error"),
];

/** Reports results and gives what was shown, and what was counted. */
function report(settings: Partial<GlobalSettings>, results: readonly ResultRecord[] = RESULTS) {
  const shown: string[] = [];
  const counted: string[] = [];
  const renderer = {
    show: ({ action, status }: ResultRecord) => void shown.push(`${action}:${status}`),
    finish: (counts: ReadonlyMap<string, ReadonlyMap<string, number>>) => {
      for (const [action, statuses] of counts) {
        for (const [status, count] of statuses) counted.push(`${count} ${action}:${status}`);
      }
    },
  };
  const reporter = new ResultReporter(renderer, {
    ...{ outputFormat: "tailored", onFailure: "continue", reportStatus: undefined },
    ...{ reportTypes: [], folders: [], overrides: [] },
    ...settings,
  });
  let isStopped = false;
  try {
    for (const result of results) reporter.report(result);
  } catch (error) {
    assert(error instanceof StoppedAtFailure);
    isStopped = true;
  }
  reporter.finish();
  return { shown, counted, isStopped, hasFailed: reporter.hasFailed };
}

const CHOICES: readonly [settings: Partial<GlobalSettings>, shown: readonly number[]][] = [
  [{}, [0, 1, 2, 3, 4]],
  [{ reportStatus: "failure" }, [3, 4]],
  [{ reportStatus: "success" }, [0, 1, 2]],
  [{ reportStatus: "notneeded" }, [2]],
  [{ reportStatus: "error" }, [4]],
  [{ reportTypes: ["file"] }, [0]],
  [{ reportTypes: ["dataset"] }, [1, 2, 3, 4]],
  [{ reportTypes: ["file", "dataset"], reportStatus: "ok" }, [0, 1]],
  [{ reportTypes: ["file"], reportStatus: "failure" }, []],
];

for (const [settings, numbers] of CHOICES) {
  Deno.test(`ResultReporter shows what ${JSON.stringify(settings)} asks for, and counts all`, () => {
    const { shown, counted, hasFailed } = report(settings);

    const asked = numbers.map((at) => `${RESULTS[at]!.action}:${RESULTS[at]!.status}`);
    assert.deepEqual(shown, asked);
    assert.deepEqual([counted.length, hasFailed], [5, true]);
  });
}

Deno.test("ResultReporter counts results of one kind together", () => {
  const { counted } = report({}, [...RESULTS.slice(0, 2), RESULTS[0]!]);

  assert.deepEqual(counted, ["2 add:ok", "1 save:ok"]);
});

Deno.test("ResultReporter has failed if any result was impossible or an error, unless that is ignored", () => {
  for (const at of [3, 4]) {
    assert(report({}, [RESULTS[at]!, RESULTS[0]!]).hasFailed);
    assert(!report({ onFailure: "ignore" }, [RESULTS[at]!]).hasFailed);
  }
  assert(!report({}, RESULTS.slice(0, 3)).hasFailed);
  assert(!report({}, []).hasFailed);
});

Deno.test("ResultReporter stops behind the first failure, which is shown, where that is wanted", () => {
  const { shown, isStopped } = report({ onFailure: "stop" });

  assert.deepEqual([shown.length, isStopped], [4, true]);
  assert.equal(report({ onFailure: "stop" }, RESULTS.slice(0, 3)).isStopped, false);
  const hidden = report({ onFailure: "stop", reportStatus: "ok" });
  assert.deepEqual([hidden.shown.length, hidden.isStopped], [2, true]);
});
