import assert from "node:assert/strict";
import { DenoRunner } from "../../src/process/deno_runner.ts";
import {
  identifySelf,
  livenessOf,
  parseIdentity,
  uidIn,
} from "../../src/process/process_identity.ts";
import type { Liveness, ProcessIdentity } from "../../src/process/process_identity.ts";
import type { Answer } from "../support/fake_runner.ts";
import { fakeRunner } from "../support/fake_runner.ts";
import { TEST_PROCESS } from "../support/test_session.ts";

const OTHER: ProcessIdentity = { ...TEST_PROCESS, pid: 777, startTicks: 99 };

function stat(pid: number, state: string, startTicks: number, name = "deno"): string {
  // proc(5): state is the 3rd field, starttime the 22nd.
  return `${pid} (${name}) ${state} ${Array(18).fill("0").join(" ")} ${startTicks} 0 0`;
}

interface Case {
  readonly name: string;
  readonly identity?: Partial<ProcessIdentity>;
  readonly own?: Partial<ProcessIdentity>;
  /** What a look at the kernel tells; absent: nobody may look. */
  readonly said?: Partial<Answer>;
  readonly liveness: Liveness;
}

const CASES: readonly Case[] = [
  { name: "one that runs", said: { stdout: stat(777, "S", 99) }, liveness: "alive" },
  {
    name: "one whose name looks like more of the line",
    said: { stdout: stat(777, "S", 99, "a) Z 1 2 3 (b") },
    liveness: "alive",
  },
  {
    name: "another one with its number",
    said: { stdout: stat(777, "S", 100) },
    liveness: "dead",
  },
  { name: "a zombie", said: { stdout: stat(777, "Z", 99) }, liveness: "dead" },
  {
    name: "one that is gone",
    said: { code: 3, stderr: "sh: 1: kill: No such process\n" },
    liveness: "dead",
  },
  {
    name: "another user's that is hidden",
    said: { code: 3, stderr: "sh: 1: kill: Operation not permitted\n" },
    liveness: "unknown",
  },
  { name: "this process's own number", identity: { pid: 4242 }, liveness: "dead" },
  { name: "one of another machine", identity: { boot: "x", machine: "y" }, liveness: "unknown" },
  { name: "one from before this machine was booted", identity: { boot: "x" }, liveness: "dead" },
  {
    name: "one of a copied machine that has another name",
    identity: { boot: "x", host: "other" },
    liveness: "unknown",
  },
  {
    name: "one of a machine without an ID, before it was booted",
    identity: { boot: "x", machine: "" },
    own: { machine: "" },
    liveness: "unknown",
  },
  {
    name: "one of another container",
    identity: { pidNamespace: "pid:[2]" },
    liveness: "unknown",
  },
  {
    name: "one whose container nobody knows, nor ours",
    identity: { pidNamespace: "" },
    own: { pidNamespace: "" },
    liveness: "unknown",
  },
  { name: "one of an unknown boot", identity: { boot: "" }, liveness: "unknown" },
  { name: "one when our own boot is unknown", own: { boot: "" }, liveness: "unknown" },
];

for (const { name, identity, own, said, liveness } of CASES) {
  Deno.test(`livenessOf() has ${name} for ${liveness}`, async () => {
    using runner = fakeRunner(...(said === undefined ? [] : [{ to: ["/bin/sh"], ...said }]));

    const found = await livenessOf(
      { ...OTHER, ...identity },
      { ...TEST_PROCESS, ...own },
      runner,
    );

    assert.equal(found, liveness);
  });
}

Deno.test("livenessOf() cannot tell of a process that nobody noted", async () => {
  using runner = fakeRunner();

  assert.equal(await livenessOf(undefined, TEST_PROCESS, runner), "unknown");
});

Deno.test("identifySelf() and livenessOf() tell a child that runs from the same one later", async () => {
  const runner = new DenoRunner();
  const self = await identifySelf(runner);
  const child = new Deno.Command("/bin/sleep", { args: ["600"] }).spawn();
  // Its start is not ours: a process of this number that began with us is not there.
  const identity = { ...self, pid: child.pid };
  assert.equal(self.pid, Deno.pid);
  assert.equal(await livenessOf(identity, self, runner), "dead");
  const line = await Deno.readTextFile(`/proc/${child.pid}/stat`);
  const startTicks = Number(line.slice(line.lastIndexOf(")") + 2).split(" ")[19]);

  assert.equal(await livenessOf({ ...identity, startTicks }, self, runner), "alive");
  child.kill("SIGKILL");
  await child.status;

  assert.equal(await livenessOf({ ...identity, startTicks }, self, runner), "dead");
});

Deno.test("identifySelf() claims to know nothing where /proc is that of another container", async () => {
  const stdout = `0123\nabcd\npid:[1]\n${stat(Deno.pid + 1, "S", 17)}\n`;
  using runner = fakeRunner({ to: ["/bin/sh"], stdout });

  const identity = await identifySelf(runner);

  assert.deepEqual([identity.pidNamespace, identity.startTicks], ["", 0]);
  assert.equal(identity.boot, "abcd");
});

Deno.test("identifySelf() bears a system that tells nothing", async () => {
  using runner = fakeRunner({ to: ["/bin/sh"], code: 2 });

  const { machine, boot, pidNamespace } = await identifySelf(runner);

  assert.deepEqual([machine, boot, pidNamespace], ["", "", ""]);
});

Deno.test("parseIdentity() reads what was written as JSON, and nothing else", () => {
  assert.deepEqual(parseIdentity(JSON.stringify(TEST_PROCESS)), TEST_PROCESS);
  for (const text of ["", "{}", "null", "x", "[]", JSON.stringify({ ...OTHER, pid: "777" })]) {
    assert.equal(parseIdentity(text), undefined, text);
  }
});

Deno.test("uidIn() of what names no user ID is not known", () => {
  for (const text of ["", "{}", "null", '{"uid":1}', JSON.stringify(TEST_PROCESS)]) {
    assert.equal(uidIn(text), undefined, text);
  }
  for (const uid of ["1", -1, 1.5, null]) {
    assert.equal(uidIn(JSON.stringify({ ...TEST_PROCESS, uid })), undefined);
  }
});
