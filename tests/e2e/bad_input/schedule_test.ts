import assert from "node:assert/strict";
import { join } from "node:path";
import { assertRefused } from "../../support/refusal.ts";
import type { Refusal } from "../../support/refusal.ts";
import { World } from "../../support/world.ts";

const NOTHING_SUBMITTED = /No job was submitted/;
const SBATCH = ["sbatch", "submit_gold.slurm"];

interface UsageCase extends Refusal {
  readonly situation: string;
  readonly args: readonly string[];
}

/** Everything that is refused before Slurm is reached. */
const CASES: readonly UsageCase[] = [
  {
    situation: "without -o",
    args: SBATCH,
    code: 1,
    says: [/Cannot schedule: no output was given/, NOTHING_SUBMITTED, /hint: .*-o /],
  },
  {
    situation: "without a command",
    args: ["-o", "out"],
    code: 2,
    says: [/no command was given/, NOTHING_SUBMITTED, /hint: dlslurm schedule -o/],
  },
  {
    situation: "with an empty command",
    args: ["-o", "out", "--", " "],
    code: 2,
    says: [/no command was given/, NOTHING_SUBMITTED],
  },
  {
    situation: "with -o above the dataset",
    args: ["-o", "../out", ...SBATCH],
    code: 1,
    says: [/output "\.\.\/out"/, /outside the dataset/, NOTHING_SUBMITTED],
  },
  {
    situation: "with -o /etc",
    args: ["-o", "/etc", ...SBATCH],
    code: 1,
    says: [/output "\/etc"/, /outside the dataset/, NOTHING_SUBMITTED],
  },
  {
    situation: "with -o .git",
    args: ["-o", ".git", ...SBATCH],
    code: 1,
    says: [/output "\.git"/, /\.git/, NOTHING_SUBMITTED],
  },
  {
    situation: "with -o inside .git, written otherwise",
    args: ["-o", "models/../.git//refs", ...SBATCH],
    code: 1,
    says: [/output "models\/\.\.\/\.git\/\/refs"/, NOTHING_SUBMITTED],
  },
  {
    situation: "with a glob as -o",
    args: ["-o", "models/*", ...SBATCH],
    code: 1,
    says: [/output "models\/\*"/, /glob|pattern/, NOTHING_SUBMITTED],
  },
  {
    situation: "with an empty -o",
    args: ["-o", "", ...SBATCH],
    code: 1,
    says: [/output ""/, /empty/, NOTHING_SUBMITTED],
  },
  {
    situation: "with a good and a bad -o",
    args: ["-o", "good", "-o", "../bad", ...SBATCH],
    code: 1,
    says: [/"\.\.\/bad"/, NOTHING_SUBMITTED],
  },
  {
    situation: "with an input that is missing",
    args: ["-i", "data/raw.nc", "-o", "out", ...SBATCH],
    code: 1,
    says: [/input "data\/raw\.nc" is not there/, NOTHING_SUBMITTED],
  },
  {
    situation: "with -o that is only the list of no inputs",
    args: ["-o", "{inputs}", ...SBATCH],
    code: 1,
    says: [/no output was given/, NOTHING_SUBMITTED],
  },
  {
    situation: "with an empty -i",
    args: ["-i", "", "-o", "out", ...SBATCH],
    code: 1,
    says: [/input "" is empty/, NOTHING_SUBMITTED],
  },
  {
    situation: "with an input glob that matches nothing",
    args: ["-i", "data/*.nc", "-o", "out", ...SBATCH],
    code: 1,
    says: [/input "data\/\*\.nc" matches no file/, NOTHING_SUBMITTED],
  },
  {
    situation: "with a placeholder that does not exist",
    args: ["-o", "out", "sbatch", "submit_gold.slurm", "{input}"],
    code: 1,
    says: [/"\{input\}"/, NOTHING_SUBMITTED, /hint: .*\{inputs\}/],
  },
  {
    situation: "with an option that does not exist",
    args: ["--outputs", "out", ...SBATCH],
    code: 2,
    says: [/unknown option '--outputs'/],
  },
];

Deno.test("e2e: schedule with bad arguments → refused, nothing is submitted", async (test) => {
  await using world = await World.create();
  for (const { situation, args, ...refusal } of CASES) {
    await test.step(situation, async () => {
      const outcome = await assertRefused(
        world.dataset,
        world.slurm,
        ["schedule", ...args],
        refusal,
      );

      assert.equal(outcome.stdout, "");
    });
  }
});

Deno.test("e2e: schedule with -o behind a link out of the dataset → refused", async () => {
  await using world = await World.create();
  await Deno.symlink(world.sandbox.home, join(world.dataset.root, "elsewhere"));

  await assertRefused(
    world.dataset,
    world.slurm,
    ["schedule", "-o", "elsewhere/out", ...SBATCH],
    { code: 1, says: [/output "elsewhere\/out"/, /outside the dataset/, NOTHING_SUBMITTED] },
  );
});

Deno.test("e2e: schedule with -o that is itself a link out of the dataset → refused", async () => {
  await using world = await World.create();
  await Deno.symlink(world.sandbox.home, join(world.dataset.root, "elsewhere"));

  await assertRefused(
    world.dataset,
    world.slurm,
    ["schedule", "-o", "elsewhere", ...SBATCH],
    { code: 1, says: [/output "elsewhere"/, NOTHING_SUBMITTED] },
  );
});

const COMMANDS: readonly [string, ...string[]][] = [
  ["schedule", "-o", "out", ...SBATCH],
  ["finish"],
];

const PLACES: readonly (Refusal & { name: string; make: (world: World) => Promise<string> })[] = [
  {
    name: "outside of any repository",
    code: 1,
    says: [/is not inside a Git worktree/, /hint: .*cd into the dataset/],
    make: (world) => Promise.resolve(world.sandbox.home),
  },
  {
    name: "in a bare repository",
    code: 1,
    says: [/the repository is bare/, /hint: clone it/],
    make: async (world) => {
      const path = join(world.sandbox.root, "bare.git");
      await world.sandbox.require(["git", "clone", "--quiet", "--bare", world.dataset.root, path]);
      return path;
    },
  },
  {
    name: "inside a .git folder",
    code: 1,
    says: [/is not inside a Git worktree/],
    make: (world) => Promise.resolve(join(world.dataset.root, ".git")),
  },
  {
    name: "in a repository without a commit",
    code: 1,
    says: [/has no commit yet/, /hint: .*git commit/],
    make: async (world) => {
      const path = join(world.sandbox.root, "empty");
      await world.sandbox.require(["git", "init", "--quiet", path]);
      return path;
    },
  },
  {
    name: "with -d that is not there",
    code: 1,
    says: [/nowhere/],
    make: (world) => Promise.resolve(world.dataset.root),
  },
];

Deno.test("e2e: schedule and finish where there is no dataset → refused", async (test) => {
  await using world = await World.create();
  for (const { name, make, ...refusal } of PLACES) {
    const cwd = await make(world);
    const named = name.startsWith("with -d") ? ["-d", "nowhere"] : [];
    for (const [verb, ...rest] of COMMANDS) {
      await test.step(`${verb} ${name}`, async () => {
        const { dataset, slurm } = world;
        await assertRefused(dataset, slurm, [verb, ...named, ...rest], refusal, { cwd });
      });
    }
  }
});

Deno.test("e2e: schedule with a job script that sbatch refuses → its words are shown", async () => {
  await using world = await World.create();

  await assertRefused(
    world.dataset,
    world.slurm,
    ["schedule", "-o", "out", "sbatch", "no-such-file.slurm"],
    {
      code: 1,
      says: [
        /^sbatch: error: Unable to open file no-such-file\.slurm$/m,
        /exit status 1/,
        NOTHING_SUBMITTED,
      ],
    },
  );
});
