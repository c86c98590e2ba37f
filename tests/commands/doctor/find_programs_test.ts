import assert from "node:assert/strict";
import { join } from "node:path";
import { findPrograms } from "../../../src/commands/doctor/find_programs.ts";
import { readNamedCommands } from "../../../src/slurm/named_commands.ts";
import { Sandbox } from "../../support/sandbox.ts";
import { TestFolder } from "../../support/test_folder.ts";

Deno.test("findPrograms() the first that may be executed, and whether it is a script", async () => {
  await using sandbox = await Sandbox.create();
  const [first, second] = [join(sandbox.root, "first"), join(sandbox.root, "second")];
  const write = async (path: string, text: string, mode: number) => {
    await Deno.writeTextFile(path, text);
    await Deno.chmod(path, mode);
  };
  for (const folder of [first, second]) await Deno.mkdir(folder);
  await write(join(first, "sbatch"), "#!/bin/sh\n", 0o644);
  await write(join(second, "sbatch"), "#!/bin/sh\n", 0o755);
  await write(join(second, "sacct"), "\x7fELF", 0o755);
  await Deno.mkdir(join(first, "sacct"));

  const found = await findPrograms(["sbatch", "sacct", "squeue"], {
    path: `${first}::${second}`,
    commands: new Map(),
    cwd: "/",
  });

  assert.deepEqual(found, [
    { name: "sbatch", path: join(second, "sbatch"), isScript: true },
    { name: "sacct", path: join(second, "sacct"), isScript: false },
    { name: "squeue", path: undefined, isScript: false },
  ]);
});

Deno.test("findPrograms() of a command that stands for a program: where its first word leads", async () => {
  await using folder = await TestFolder.create();
  await Deno.writeTextFile(folder.at("ssh"), "#!/bin/sh\n", { mode: 0o755 });
  const settings: Record<string, string> = {
    "dlslurm.slurm.sacct": "ssh login1 sacct",
    "dlslurm.slurm.squeue": "./ssh login1 squeue",
    "dlslurm.slurm.scontrol": "/no/such/wrapper scontrol",
  };

  const found = await findPrograms(["sacct", "squeue", "scontrol"], {
    path: folder.root,
    commands: readNamedCommands({ get: (name) => settings[name] }),
    cwd: folder.root,
  });

  assert.deepEqual(found, [
    { name: "sacct", path: folder.at("ssh"), isScript: false, command: "ssh login1 sacct" },
    { name: "squeue", path: folder.at("ssh"), isScript: false, command: "./ssh login1 squeue" },
    { name: "scontrol", path: undefined, isScript: false, command: "/no/such/wrapper scontrol" },
  ]);
});
