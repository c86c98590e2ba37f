import assert from "node:assert/strict";
import { join } from "node:path";
import { DenoRunner } from "../../src/process/deno_runner.ts";
import { ProgramNotFoundError, ProgramTimeoutError, textOf } from "../../src/process/runner.ts";

const runner = new DenoRunner();

async function withFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "runner " });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("DenoRunner gives status and both streams; failure is a result", async () => {
  const result = await runner.run(["sh", "-c", "echo out; echo err >&2; exit 3"]);

  assert.equal(result.code, 3);
  assert.equal(result.signal, null);
  assert.equal(textOf(result.stdout), "out\n");
  assert.equal(result.stderr, "err\n");
});

Deno.test("DenoRunner gives bytes that are no text as they are", async () => {
  const { stdout } = await runner.run(["printf", "\\377\\0\\376"]);

  assert.deepEqual([...stdout], [0xff, 0, 0xfe]);
});

Deno.test("DenoRunner names the signal that ended a program", async () => {
  const { code, signal } = await runner.run(["sh", "-c", "kill -9 $$"]);

  assert.equal(code, 137);
  assert.equal(signal, "SIGKILL");
});

Deno.test("DenoRunner passes arguments on untouched", async () => {
  const words = ["", " a b ", "$HOME", "*", "'\"", "\n", "é😀", "-n"];

  const { stdout } = await runner.run(["printf", "%s\\0", ...words]);

  assert.deepEqual(textOf(stdout).split("\0").slice(0, -1), words);
});

Deno.test("DenoRunner says which program is missing", async () => {
  await assert.rejects(runner.run(["no-such-program-here", "x"]), (error) => {
    assert(error instanceof ProgramNotFoundError);
    assert.equal(error.program, "no-such-program-here");
    return true;
  });
});

Deno.test("DenoRunner does not blame the program for a working directory that is gone", async () => {
  await assert.rejects(
    runner.run(["true"], { cwd: "/no/such/folder" }),
    (error) => !(error instanceof ProgramNotFoundError),
  );
});

Deno.test("DenoRunner takes a program that must not be executed for missing", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "program");
    await Deno.writeTextFile(path, "#!/bin/sh\n");

    await assert.rejects(runner.run([path]), ProgramNotFoundError);
  });
});

Deno.test("DenoRunner sets and takes away variables, and leaves the others", async () => {
  Deno.env.set("RUNNER_TEST_KEPT", "kept");
  Deno.env.set("RUNNER_TEST_TAKEN", "taken");
  try {
    const { stdout } = await runner.run(["env"], {
      env: { RUNNER_TEST_TAKEN: undefined, RUNNER_TEST_SET: "a=b\nc", RUNNER_TEST_EMPTY: "" },
    });

    const lines = textOf(stdout).split("\n").filter((line) => /^(RUNNER_TEST|c$)/.test(line));
    assert.deepEqual(lines.sort(), [
      "RUNNER_TEST_EMPTY=",
      "RUNNER_TEST_KEPT=kept",
      "RUNNER_TEST_SET=a=b",
      "c",
    ]);
    assert.equal(Deno.env.get("RUNNER_TEST_TAKEN"), "taken");
  } finally {
    Deno.env.delete("RUNNER_TEST_KEPT");
    Deno.env.delete("RUNNER_TEST_TAKEN");
  }
});

Deno.test("DenoRunner gives a program nothing to read unless told", async () => {
  assert.equal((await runner.run(["cat"])).stdout.length, 0);
});

Deno.test("DenoRunner feeds more than a pipe holds, both ways", async () => {
  const input = crypto.getRandomValues(new Uint8Array(60_000));
  const large = new Uint8Array(input.length * 50);
  for (let copy = 0; copy < 50; copy++) large.set(input, copy * input.length);

  const { stdout } = await runner.run(["cat"], { stdin: large });

  assert.deepEqual(stdout, large);
});

Deno.test("DenoRunner bears a program that does not read all of its input", async () => {
  const stdin = new Uint8Array(5_000_000);

  assert.equal((await runner.run(["true"], { stdin })).code, 0);
  assert.equal((await runner.run(["head", "-c", "1"], { stdin })).stdout.length, 1);
});

Deno.test("DenoRunner hands on standard output piece by piece", async () => {
  let seen = 0;

  const { stdout } = await runner.run(["sh", "-c", "yes | head -c 300000"], {
    onStdout: (piece) => seen += piece.length,
  });

  assert.equal(seen, 300_000);
  assert.equal(stdout.length, 0);
});

Deno.test("DenoRunner stops a program that does not end in time", async () => {
  await assert.rejects(runner.run(["sleep", "60"], { timeoutMs: 50 }), (error) => {
    assert(error instanceof ProgramTimeoutError);
    assert.match(error.message, /"sleep": it did not end within 0.05 s/);
    return true;
  });
});

for (const timeoutMs of [2 ** 31, 1e20, Infinity]) {
  Deno.test(`DenoRunner waits for a program where ${timeoutMs} ms are more than a timer holds`, async () => {
    const { code } = await runner.run(["sh", "-c", "sleep 0.2; exit 3"], { timeoutMs });

    assert.equal(code, 3);
  });
}

// A program that writes `late` after some seconds shows that it was waited for. A site's sacct is often
// a shell script around the real one.
for (
  const [name, script] of [
    ["that ignores SIGTERM", 'trap "" TERM; sleep 30; touch late'],
    ["whose own child holds the pipes", "(sleep 30; touch late) & wait"],
  ] as const
) {
  Deno.test(`DenoRunner does not wait beyond the limit for a program ${name}`, async () => {
    await withFolder(async (cwd) => {
      await assert.rejects(
        runner.run(["sh", "-c", script], { cwd, timeoutMs: 50 }),
        ProgramTimeoutError,
      );

      await assert.rejects(Deno.stat(join(cwd, "late")), Deno.errors.NotFound);
    });
  });
}

Deno.test("DenoRunner stops a program when it is told to", async () => {
  const controller = new AbortController();
  const reason = new Error("stopped by SIGINT");

  const running = runner.run(["sh", "-c", "echo started; exec sleep 60"], {
    signal: controller.signal,
    onStdout: () => controller.abort(reason),
  });

  await assert.rejects(running, reason);
});

Deno.test("DenoRunner starts nothing once it was told to stop", async () => {
  await withFolder(async (cwd) => {
    const signal = AbortSignal.abort(new Error("no"));

    await assert.rejects(runner.run(["touch", "started"], { cwd, signal }), /no/);

    await assert.rejects(Deno.stat(join(cwd, "started")), Deno.errors.NotFound);
  });
});
