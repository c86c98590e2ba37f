import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { assertSays } from "../../support/refusal.ts";
import { storeFile } from "../../support/snapshots.ts";
import type { TestDataset } from "../../support/datasets.ts";
import { World } from "../../support/world.ts";

const DAMAGES: readonly {
  readonly situation: string;
  readonly damage: (file: string) => void | Promise<void>;
  readonly says: readonly RegExp[];
}[] = [
  {
    situation: "truncated",
    damage: async (file) => await Deno.truncate(file, 5000),
    says: [/Cannot read the store ".*jobs\.sqlite"/, /hint: keep a copy/],
  },
  {
    situation: "no database",
    damage: async (file) => await Deno.writeTextFile(file, "This was a file of mine once.\n"),
    says: [/Cannot read the store/, /not a database/, /Nothing was changed/, /hint: keep a copy/],
  },
  {
    situation: "overwritten behind its first page",
    damage: async (file) => {
      const bytes = await Deno.readFile(file);
      await Deno.writeFile(file, bytes.fill(0x7f, 4096));
    },
    says: [/Cannot read the store/, /hint: keep a copy/],
  },
  {
    situation: "of a newer version",
    damage: (file) => {
      using database = new DatabaseSync(file);
      database.exec("PRAGMA user_version = 4711");
    },
    says: [/schema version 4711/, /Nothing was changed/, /hint: use the newer dlslurm/],
  },
  {
    situation: "a folder",
    damage: async (file) => {
      await Deno.remove(file);
      await Deno.mkdir(file);
    },
    says: [/store ".*jobs\.sqlite"/],
  },
];

const COMMANDS = [
  ["schedule", "-o", "other", "sbatch", "submit_gold.slurm"],
  ["finish"],
  ["list"],
];

for (const { situation, damage, says } of DAMAGES) {
  Deno.test(`e2e: any command with a store that is ${situation} → refused, left as it is`, async (test) => {
    await using world = await World.createWithCompletedJob();
    const { dataset, slurm } = world;
    await damage(storeFile(dataset));
    const before = await stateWithStore(dataset);
    const submitted = await slurm.submittedJobs();
    for (const args of COMMANDS) {
      await test.step(args[0]!, async () => {
        assertSays(await dataset.dlslurm(args), { code: 1, says });

        assert.deepEqual(await stateWithStore(dataset), before);
        assert.deepEqual(await slurm.submittedJobs(), submitted);
      });
    }
  });
}

Deno.test("e2e: schedule with an empty file as store → refused; what the hint says begins a new one", async () => {
  await using world = await World.create();
  const file = storeFile(world.dataset);
  await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
  await Deno.writeTextFile(file, "");

  const args = ["schedule", "-o", "out", "sbatch", "submit_gold.slurm"];
  const refused = await world.dataset.dlslurm(args);
  assertSays(refused, { code: 1, says: [/it is empty, .*Nothing was changed/] });
  const [, command] = /: (rm -f .*) begins a new store/.exec(refused.stderr)!;
  assert((await new Deno.Command("sh", { args: ["-c", command!] }).output()).success);

  await world.dataset.schedule("-o", "out", "sbatch", "submit_gold.slurm");
});

async function stateWithStore(dataset: TestDataset) {
  const file = storeFile(dataset);
  return {
    store: (await Deno.stat(file)).isFile ? (await Deno.readFile(file)).toHex() : "a folder",
    refs: await dataset.git("for-each-ref"),
    status: await dataset.git("status", "--porcelain", "--untracked-files=all"),
  };
}
