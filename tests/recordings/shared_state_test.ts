import assert from "node:assert/strict";
import { join } from "node:path";
import { type AnsweredCall, CallChannel, sendCall } from "../../src/recordings/call_channel.ts";
import { ReplayPlaces } from "../../src/recordings/replay_places.ts";
import { ReplayState } from "../../src/recordings/replay_state.ts";
import { DenoRunner } from "../../src/process/deno_runner.ts";
import { Sandbox } from "../support/sandbox.ts";

function callOf(number: number): AnsweredCall {
  // More than a pipe takes at once: writers have to wait in the middle.
  const stdout = btoa(String(number).repeat(100_000));
  return { argv: ["sacct", String(number)], startedMs: number, code: 0, stdout, stderr: "" };
}

Deno.test("CallChannel keeps large calls of concurrent senders whole, and refuses late ones", async () => {
  await using sandbox = await Sandbox.create();
  const channel = await CallChannel.create(sandbox.root, new DenoRunner());
  const received: AnsweredCall[] = [];
  const all = channel.receiveAll((call) => received.push(call));
  const calls = [1, 2, 3, 4, 5, 6, 7, 8].map(callOf);

  const sent = await Promise.all(calls.map((call) => sendCall(sandbox.root, call)));
  await channel.close(all);

  assert.ok(sent.every((isSent) => isSent));
  assert.equal(await all, 0, "none was cut off");
  assert.deepEqual(received.sort((a, b) => a.startedMs - b.startedMs), calls);
  assert.equal(await sendCall(sandbox.root, calls[0]!), false);
});

Deno.test("ReplayState.take() gives what only looks again, and what acts once", async () => {
  await using sandbox = await Sandbox.create();
  const state = new ReplayState(join(sandbox.root, "tmp"));
  const settings = { directory: "", work: [], home: "", user: "", host: "" };
  await state.start({ ...settings, movesTimes: false });
  const empty = { atMs: 0, exitCode: 0, stdout: "", stderr: "" };
  const calls = ["sbatch", "sacct", "sacct"].map((program, index) => ({
    folder: `000${index + 1}-${program}`,
    argv: [program],
    ...empty,
  }));
  const take = async (program: string) => (await state.take(calls, [program]))?.folder;

  assert.deepEqual(
    [await take("sacct"), await take("sacct"), await take("sacct")],
    ["0002-sacct", "0003-sacct", "0003-sacct"],
  );
  assert.deepEqual([await take("sbatch"), await take("sbatch")], ["0001-sbatch", undefined]);
});

Deno.test("ReplayPlaces takes the longest of places inside one another", () => {
  const places = new ReplayPlaces({
    directory: "",
    work: ["/home/bob/data set"],
    home: "/home/bob",
    user: "bob",
    host: "x1",
    movesTimes: true,
  }, { user: "user1", host: "node1", home: "/home/user1", work: "/home/user1/work" });

  assert.equal(places.toRecorded("/home/bob/data set/a"), "/home/user1/work/a");
  assert.equal(
    places.toHere("/home/user1/work/a /home/user1/b"),
    "/home/bob/data set/a /home/bob/b",
  );
});
