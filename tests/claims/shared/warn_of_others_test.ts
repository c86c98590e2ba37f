import assert from "node:assert/strict";
import type { OtherClone } from "../../../src/claims/shared/look_at_others.ts";
import type { SharedJob } from "../../../src/claims/shared/shared_claims.ts";
import { warnOfOthers } from "../../../src/claims/shared/warn_of_others.ts";
import type { Dataset } from "../../../src/datalad/dataset.ts";
import { testSession } from "../../support/test_session.ts";

const MAIN = "refs/heads/main";
const NOW_MS = testSession().now().getTime();
const HOUR_MS = 3_600_000;

function cloneOf(...jobs: Partial<SharedJob>[]): OtherClone {
  return {
    ...{ id: "5e1f", host: "login1", root: "/home/eve/data" },
    jobs: jobs.map((job) => ({
      ...{ jobId: "7", cluster: null, user: "eve", submittedAtMs: NOW_MS - HOUR_MS },
      ...{ branch: MAIN, altDir: null, claims: ["out"] },
      ...job,
    })),
  };
}

function warningsOf(
  outputs: readonly string[],
  clone: OtherClone,
  branch: string | null = MAIN,
): readonly string[] {
  const session = testSession();
  const dataset = { root: "/data", branch } as Dataset;
  warnOfOthers(dataset, outputs, { clones: [clone], remote: "lab" }, session);
  return session.warnings;
}

Deno.test("warnOfOthers() names path, job, who, where and since when", () => {
  assert.deepEqual(warningsOf(["out/a", "else"], cloneOf({ cluster: "big" })), [
    'another clone also writes "out/a": job 7 on big of eve, in "/home/eve/data" on login1, has ' +
    'claimed "out" since 2027-01-15 07:00 UTC (60 min ago)',
  ]);
  assert.deepEqual(warningsOf(["else"], cloneOf({})), []);
});

Deno.test("warnOfOthers() says of what is older than a week how it goes", () => {
  const old = warningsOf(["out"], cloneOf({ submittedAtMs: NOW_MS - 7 * 24 * HOUR_MS }))[0]!;
  assert.match(
    old,
    /\(7 days ago\)\. If that clone is gone: git push lab :refs\/dlslurm\/claims\/5e1f$/,
  );
  const younger = cloneOf({ submittedAtMs: NOW_MS - 7 * 24 * HOUR_MS + 1 });
  assert.match(warningsOf(["out"], younger)[0]!, /\(6 days ago\)$/);
  const ahead = cloneOf({ submittedAtMs: NOW_MS + HOUR_MS });
  assert.match(warningsOf(["out"], ahead)[0]!, /\(just now\)$/);
});

Deno.test("warnOfOthers() compares what is to be committed to the same branch, or to any", () => {
  const branches = [MAIN, "refs/heads/x", null];
  const isWarned = (own: string | null, branch: string | null) =>
    warningsOf(["out"], cloneOf({ branch }), own).length === 1;
  assert.deepEqual(branches.map((own) => branches.map((their) => isWarned(own, their))), [
    [true, false, true],
    [false, true, true],
    [true, true, true],
  ]);
});

Deno.test("warnOfOthers() counts what is too much to be named", () => {
  const many = Array.from({ length: 8 }, (_, at) => ({ jobId: String(at), claims: [`o${at}`] }));
  const warnings = warningsOf(many.flatMap(({ claims }) => claims), cloneOf(...many));
  assert.equal(warnings.length, 6);
  assert.match(warnings[5]!, /^so do 3 more jobs of other clones/);
  const paths = Array.from({ length: 9 }, (_, at) => `out/${at}`);
  assert.match(warningsOf(paths, cloneOf({}))[0]!, /"out\/0", "out\/1", "out\/2".*6 more/);
});

Deno.test("warnOfOthers() gives programs a record for each path", () => {
  const session = testSession({ isForPrograms: true });
  const dataset = { root: "/data", branch: MAIN } as Dataset;
  const clones = [cloneOf({ altDir: "/scratch" })];

  warnOfOthers(dataset, ["out/a", "out/b", "x"], { clones, remote: "lab" }, session);

  assert.deepEqual(session.results.map(({ path, status }) => [path, status]), [
    ["/data/out/a", "ok"],
    ["/data/out/b", "ok"],
  ]);
  assert.deepEqual((session.results[0] as unknown as { sharedClaim: unknown }).sharedClaim, {
    ...{ claim: "out", remote: "lab", clone: "5e1f", host: "login1", root: "/home/eve/data" },
    ...{ slurm_job_id: "7", cluster: null, submitted_by: "eve", branch: MAIN },
    ...{ submitted_at: "2027-01-15T07:00:00.000Z", alt_dir: "/scratch" },
  });
});
