import assert from "node:assert/strict";
import { Command } from "commander";
import { addGlobalOptions } from "../../src/cli/global_options.ts";
import { standaloneCommands } from "../../src/cli/standalone_commands.ts";
import type { Standalone } from "../../src/cli/standalone_commands.ts";

/** What is to be done for a command line. */
async function asked(...words: readonly string[]): Promise<Standalone | undefined> {
  let found: Standalone | undefined;
  const silent = { writeErr: () => {} };
  const program = addGlobalOptions(new Command("dlslurm"), false).exitOverride()
    .enablePositionalOptions();
  const commands = standaloneCommands(program, (each) => Promise.resolve(void (found = each)));
  for (const command of commands) {
    program.addCommand(command.exitOverride().configureOutput(silent));
  }
  await program.parseAsync([...words], { from: "user" });
  return found;
}

Deno.test("standaloneCommands() hands the words of fake-slurm and fixtures on, options and all", async () => {
  assert.deepEqual(await asked("fake-slurm", "env", "--help", "-x"), {
    ...{ kind: "forwarded", command: "fake-slurm", words: ["env", "--help", "-x"], folders: [] },
  });
  assert.equal((await asked("fixtures") as { command: string }).command, "fixtures");
});

Deno.test("standaloneCommands() refuses options before a command that reports no results, but -C", async () => {
  const forwarded = await asked("-C", "a", "-C", "b", "fixtures");
  assert.deepEqual((forwarded as { folders: readonly string[] }).folders, ["a", "b"]);
  await assert.rejects(asked("-f", "json", "fixtures"), {
    code: "USAGE",
    message: /--output-format/,
  });
});

Deno.test("standaloneCommands() tells help of one command, of all, and the manual page apart", async () => {
  assert.deepEqual(await asked("help"), { kind: "help", topic: undefined });
  assert.deepEqual(await asked("help", "finish"), { kind: "help", topic: "finish" });
  assert.deepEqual(await asked("help", "--man"), { kind: "man page" });
});

Deno.test("standaloneCommands() completes for the shells that it knows", async () => {
  assert.deepEqual(await asked("completion", "zsh"), { kind: "completion", shell: "zsh" });
  await assert.rejects(asked("completion", "tcsh"), /tcsh/);
});
