import assert from "node:assert/strict";
import { judgeNode } from "../../../../src/commands/doctor/checks/node.ts";
import { NOW_S, verdictsOf } from "../site.ts";

const ANSWER = { host: "n1", now: `${NOW_S}`, dataset: "seen", git: "started", dlslurm: "started" };

const of = (answer: Readonly<Record<string, string>> | undefined) =>
  judgeNode({
    ...{ kind: "ended", code: 0, beganS: NOW_S, endedS: NOW_S + 5 },
    answer: answer === undefined
      ? undefined
      : Object.entries(answer).map(([name, value]) => `${name}=${value}\n`).join(""),
  }, "/home/me/bin/dlslurm");

Deno.test("judgeNode() all is seen → ok; nothing was written → problem", () => {
  assert.deepEqual(verdictsOf(of(ANSWER)), ["ok node"]);
  for (const answer of [undefined, {}]) assert.deepEqual(verdictsOf(of(answer)), ["problem node"]);
});

Deno.test("judgeNode() what cannot be started is named", () => {
  const { git: _git, ...withoutGit } = ANSWER;
  const { dlslurm: _dlslurm, ...withoutProgram } = ANSWER;

  assert.equal(of(withoutGit)[0]!.message, "node n1 cannot start git");
  assert.equal(of(withoutProgram)[0]!.message, "node n1 cannot start /home/me/bin/dlslurm");
});

Deno.test("judgeNode() a clock of its own is a note", () => {
  const at = (seconds: number) => of({ ...ANSWER, now: `${NOW_S + seconds}` })[0]!;

  assert.equal(at(35).verdict, "ok");
  assert.equal(at(-30).verdict, "ok");
  assert.match(at(65).message, /^the clock of node n1 is 60 s ahead of/);
  assert.match(at(-60).message, /^the clock of node n1 is 60 s behind/);
});

Deno.test("judgeNode() no job, or one that is late", () => {
  const [refused] = judgeNode({ kind: "refused", detail: "no account" }, "dlslurm");
  const [late] = judgeNode({ kind: "late", seconds: 120, detail: "" }, "dlslurm");

  assert.equal(refused!.verdict, "problem");
  assert.match(refused!.hint!, /--submit -- -p short/);
  assert.equal(late!.verdict, "note");
  assert.match(late!.message, /within 120 s, and was cancelled/);
});
