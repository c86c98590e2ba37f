import assert from "node:assert/strict";
import {
  judgeFileSystem,
  probeFileSystem,
} from "../../../../src/commands/doctor/checks/file_system.ts";
import { namesIn } from "../../../../src/fs/if_present.ts";
import { UserError } from "../../../../src/errors.ts";
import { Sandbox } from "../../../support/sandbox.ts";
import { verdictsOf } from "../site.ts";

const GOOD = { hasCase: true, newFileMs: 1, clockAheadMs: 0 };

Deno.test("probeFileSystem() a local disk can do all of it, and nothing is left there", async () => {
  await using sandbox = await Sandbox.create();
  const before = (await namesIn(sandbox.root)).length;

  const { newFileMs, clockAheadMs, ...found } = await probeFileSystem(
    sandbox.root,
    () => new Date(),
  );

  assert.deepEqual(found, { hasCase: true });
  assert.ok(newFileMs > 0);
  assert.equal(clockAheadMs, 0);
  assert.equal((await namesIn(sandbox.root)).length, before);
});

Deno.test("probeFileSystem() a clock that is behind the file system's", async () => {
  await using sandbox = await Sandbox.create();
  const shifted = (ms: number) => () => new Date(Date.now() + ms);

  const ahead = await probeFileSystem(sandbox.root, shifted(-3_600_000));
  const behind = await probeFileSystem(sandbox.root, shifted(3_600_000));

  assert.equal(Math.round(ahead.clockAheadMs / 600_000), 6);
  assert.equal(Math.round(behind.clockAheadMs / 600_000), -6);
});

Deno.test("probeFileSystem() a place that is not there → why", async () => {
  const { refusal } = await probeFileSystem("/no such folder", () => new Date());
  assert.match(refusal!.message, /No such file/);
});

Deno.test("judgeFileSystem() each lack by itself", () => {
  const of = (changes: Partial<Parameters<typeof judgeFileSystem>[0]>, isWithoutLocks = false) =>
    verdictsOf(judgeFileSystem({ ...GOOD, ...changes }, isWithoutLocks));
  const clock = "ok file-system-clock";

  assert.deepEqual(of({}), ["ok file-system", clock]);
  assert.deepEqual(of({ posixLocks: "no" }), ["problem file-system", clock]);
  assert.deepEqual(of({ posixLocks: "no" }, true), ["ok file-system", clock]);
  assert.deepEqual(of({ rename: "no" }), ["problem file-system", clock]);
  for (const lack of ["hardLinks", "symbolicLinks", "flock"]) {
    assert.deepEqual(of({ [lack]: "EPERM" }), ["note file-system", clock], lack);
  }
  assert.deepEqual(of({ hasCase: false }), ["note file-system", clock]);
  assert.deepEqual(of({ newFileMs: 51 }), ["note file-system", clock]);
});

Deno.test("judgeFileSystem() clocks, and a place that cannot be written to", () => {
  const clock = (clockAheadMs: number) =>
    verdictsOf(judgeFileSystem({ ...GOOD, clockAheadMs }, false))[1];
  const refusal = new UserError("DISK", "Cannot make the folder: Read-only file system");

  assert.equal(clock(2_000), "ok file-system-clock");
  assert.equal(clock(-2_001), "note file-system-clock");
  assert.equal(clock(60_001), "problem file-system-clock");
  assert.deepEqual(verdictsOf(judgeFileSystem({ ...GOOD, refusal }, false)), [
    "problem file-system",
  ]);
});
