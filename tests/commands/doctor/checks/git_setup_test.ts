import assert from "node:assert/strict";
import { checkGitVersion, judgeSharing } from "../../../../src/commands/doctor/checks/git_setup.ts";
import { verdictsOf } from "../site.ts";

Deno.test("checkGitVersion() older than 2.25 → problem", () => {
  for (
    const [text, verdict] of [
      ["git version 2.25.0\n", "ok git"],
      ["git version 2.39.5 (Apple Git-154)\n", "ok git"],
      ["git version 3.0.0\n", "ok git"],
      ["git version 2.24.4\n", "problem git"],
      ["git version 1.8.3.1\n", "problem git"],
      ["nonsense\n", "note git"],
    ] as const
  ) {
    assert.deepEqual(verdictsOf(checkGitVersion(text)), [verdict], text);
  }
});

Deno.test("judgeSharing() another user's repository that is not shared → a note", () => {
  const of = (owner: number, isShared: boolean) =>
    verdictsOf(judgeSharing({ owner, uid: 1000, isShared }));

  assert.deepEqual(of(1000, false), ["ok shared-repository"]);
  assert.deepEqual(of(1001, true), ["ok shared-repository"]);
  assert.deepEqual(of(1001, false), ["note shared-repository"]);
});
