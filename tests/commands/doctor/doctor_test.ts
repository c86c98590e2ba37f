import assert from "node:assert/strict";
import { join } from "node:path";
import { namesIn } from "../../../src/fs/if_present.ts";
import { DLSLURM } from "../../support/sandbox.ts";
import type { Outcome } from "../../support/sandbox.ts";
import { testIfAvailable } from "../../support/requirements.ts";
import { runOnReadOnlyDisk } from "../../support/small_disk.ts";
import { CallLog, MISBEHAVIOUR, quote, wrapProgram } from "../../support/wrapped_programs.ts";
import { EngineWorld, saidBy } from "../../engine/engine_world.ts";

/** What dlslurm and the scripts of the sites call beside Slurm. */
const TOOLS = ["git", "git-annex", "cat", "df", "date", "sleep"];
const ALL = ["sbatch", "sacct", "squeue", "scontrol"];

/** What a site's commands do; without `config` it is one where all is well. */
interface Site {
  /** Settings that differ from those of a usual site. */
  readonly config?: Readonly<Record<string, string>>;
  /** By how many seconds the controller's clock is ahead. */
  readonly aheadS?: number;
  /** Scripts in place of those that answer well. */
  readonly scripts?: Readonly<Record<string, string>>;
  /** What is not there, of Slurm's commands and other programs. */
  readonly missing?: readonly string[];
}

/** Puts a site's commands on PATH, and of other programs only what is needed. */
async function install(world: EngineWorld, site: Site = {}): Promise<void> {
  const { sandbox } = world;
  const { config = {}, aheadS = 0, scripts = {}, missing = [] } = site;
  const settings = {
    AccountingStorageEnforce: "none",
    AccountingStorageType: "accounting_storage/slurmdbd",
    ClusterName: "mini",
    JobAcctGatherType: "jobacct_gather/cgroup",
    MaxArraySize: "1001",
    MinJobAge: "300 sec",
    ["SLURM_VERSION"]: "24.11.5",
    ...config,
  };
  const text = Object.entries(settings).map(([name, value]) => `${name} = ${value}`).join("\n");
  const all: Readonly<Record<string, string>> = {
    sbatch: `echo "slurm ${settings["SLURM_VERSION"]}"`,
    sacct: "exit 0",
    squeue: "exit 0",
    scontrol: `echo "Configuration data as of $(date -u -d '${aheadS} seconds' +%Y-%m-%dT%H:%M:%S)"
printf '%s\\n' ${quote(text)} "Slurmctld(primary) at localhost is UP"`,
    ...scripts,
  };
  for (const name of ALL) {
    if (missing.includes(name)) await Deno.remove(join(sandbox.programs, name));
    else await wrapProgram(sandbox, name, all[name]!);
  }
  const tools = join(sandbox.root, "tools");
  await Deno.mkdir(tools);
  for (const name of TOOLS.filter((tool) => !missing.includes(tool))) await linkTool(world, name);
  sandbox.env["PATH"] = `${sandbox.programs}:${tools}`;
}

/** Puts a program of this machine on the site's PATH, if there is one. */
async function linkTool({ sandbox }: EngineWorld, name: string): Promise<void> {
  const { stdout } = await new Deno.Command("/bin/sh", { args: ["-c", `command -v ${name}`] })
    .output();
  const path = new TextDecoder().decode(stdout).trim();
  if (path !== "") await Deno.symlink(path, join(sandbox.root, "tools", name));
}

/** `verdict check: message` of each finding that is not ok. */
function troublesOf({ stdout }: Outcome): string[] {
  return stdout.split("\n").slice(0, -1).map((line) => JSON.parse(line))
    .filter((record) => record.finding !== "ok")
    // The scripts of these tests; where they lie is told elsewhere.
    .filter((record) => !/^wrapper scripts come before/.test(record.message))
    .map((record) => `${record.finding} ${record.check}: ${record.message}`);
}

const SITES: readonly {
  readonly name: string;
  readonly site: Site;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly before?: (world: EngineWorld) => Promise<unknown>;
  readonly found: readonly RegExp[];
  readonly code: number;
}[] = [
  { name: "all is well", site: {}, found: [], code: 0 },
  {
    name: "accounting is off",
    site: {
      config: { AccountingStorageType: "accounting_storage/none" },
      scripts: { sacct: MISBEHAVIOUR.fail("Slurm accounting storage is disabled") },
    },
    found: [/^problem accounting: accounting is off$/],
    code: 1,
  },
  {
    name: "sacct gives no answer",
    site: { scripts: { sacct: MISBEHAVIOUR.hang() } },
    args: ["-c", "dlslurm.slurm.timeout=2"],
    found: [/^problem slurm-answers: .*sacct gave no answer within 2 s/],
    code: 1,
  },
  {
    name: "Slurm 20.11",
    site: {
      config: { ["SLURM_VERSION"]: "20.11.9" },
      scripts: {
        sacct: `case "$*" in *SubmitLine*) ${
          MISBEHAVIOUR.fail('sacct: error: Invalid field requested: "SubmitLine"')
        } ;; esac`,
      },
    },
    found: [/^note accounting: .*20\.11\.9 keeps no command lines \(SubmitLine\)/],
    code: 0,
  },
  {
    name: "a federation, and another cluster chosen",
    site: { config: { FederationParameters: "fed_display" } },
    env: { SBATCH_CLUSTERS: "big" },
    found: [/^note clusters: SBATCH_CLUSTERS is set: big/, /^note clusters: mini belongs to a fed/],
    code: 0,
  },
  {
    name: "tiny arrays",
    site: { config: { MaxArraySize: "5" } },
    found: [/^note max-array-size: an array has 4 tasks at most/],
    code: 0,
  },
  {
    name: "a wrong clock",
    site: { aheadS: -700 },
    found: [/^problem controller-clock: .* 70\d s behind/],
    code: 1,
  },
  {
    name: "no git-annex, in a dataset that uses it",
    site: { missing: ["git-annex"] },
    before: (world) => world.git("config", "annex.uuid", "3b2a1c5e-0000-4000-8000-000000000000"),
    found: [/^problem git-annex: the dataset uses git-annex/],
    code: 1,
  },
  {
    name: "no scontrol",
    site: { missing: ["scontrol"] },
    found: [/^problem slurm-commands: scontrol is not on PATH/],
    code: 1,
  },
  {
    name: "no Slurm at all",
    site: { missing: ALL },
    found: [/^problem slurm-commands: sbatch, sacct, squeue and scontrol are not on PATH/],
    code: 1,
  },
];

for (const { name, site, args = [], env = {}, before, found, code } of SITES) {
  Deno.test(`e2e: doctor where ${name}`, async () => {
    await using world = await EngineWorld.create();
    await before?.(world);
    await install(world, site);
    const options = { cwd: world.root, env };

    const outcome = await world.sandbox.dlslurm([...args, "-f", "json", "doctor"], options);

    const troubles = troublesOf(outcome).filter((trouble) => !isOfThisMachine(trouble));
    assert.equal(troubles.length, found.length, `${troubles.join("\n")}\n${outcome.stderr}`);
    for (const [at, pattern] of found.entries()) assert.match(troubles[at]!, pattern);
    assert.equal(outcome.code, code);
  });
}

/** Whatever machine the tests run on. */
function isOfThisMachine(trouble: string): boolean {
  return /^note (disk-space|process-limits|file-system):/.test(trouble);
}

Deno.test("e2e: doctor where nothing at all is on PATH → what is missing, and no bug", async () => {
  await using world = await EngineWorld.create();
  await install(world, { missing: [...ALL, ...TOOLS] });

  const outcome = await world.dlslurm("-f", "json", "doctor");

  const troubles = troublesOf(outcome).map((trouble) => trouble.split(":", 1)[0]);
  assert.equal(outcome.code, 1, outcome.stderr);
  assert.deepEqual(troubles, [
    ...["problem slurm-commands", "problem git", "note git-annex", "problem dataset"],
  ]);
});

Deno.test("e2e: doctor → each of Slurm's commands is called once, and nothing is left behind", async () => {
  await using world = await EngineWorld.create();
  await install(world);
  const log = await CallLog.watch(world.sandbox, ALL);
  const files = async () =>
    (await world.sandbox.require(["/usr/bin/find", world.root, "-mindepth", "1"])).split("\n")
      .sort();
  const before = await files();

  await world.must("doctor");

  assert.deepEqual((await log.read()).map(({ program }) => program).sort(), [...ALL].sort());
  assert.deepEqual(await files(), before);
});

Deno.test("e2e: doctor → a table, the summary, and the exit status of what it shows", async () => {
  await using world = await EngineWorld.create();
  await install(world, { config: { AccountingStorageType: "accounting_storage/none" } });

  const { code, stdout } = await world.dlslurm("doctor");

  assert.equal(code, 1);
  assert.match(
    stdout,
    /^problem {2}accounting +accounting is off\n +Slurm forgets a job 300 s[\s\S]*?\n +-> run dlslurm/m,
  );
  assert.match(stdout, /\naction summary:\n {2}slurm-doctor \(impossible: 1, ok: \d+\)\n$/);
  assert.doesNotMatch(stdout, /slurm-doctor\(/);
});

Deno.test("e2e: doctor outside of a dataset → the machine alone; one that is named and is none", async () => {
  await using world = await EngineWorld.create();
  await install(world);
  world.root = world.sandbox.home;

  const outside = await world.must("-f", "json", "doctor");
  const named = await world.dlslurm("-f", "json", "doctor", "-d", "nowhere");

  assert.match(
    troublesOf(outside).at(-1)!,
    /^note dataset: the current directory is not in a dataset/,
  );
  assert.ok(!outside.stdout.includes('"job-store"'));
  assert.match(troublesOf(named).at(-1)!, /^problem dataset: .*there is no folder/);
  assert.equal(named.code, 1);
});

Deno.test("e2e: doctor → what waits in the store, hooks, and who commits", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("a");
  await wrapProgram(world.sandbox, "sbatch", "exit 0");
  await world.dlslurm("schedule", "-o", "b", "sbatch", "job.sh");
  await world.write(".git/hooks/pre-commit", "#!/bin/sh\n");
  await Deno.chmod(join(world.root, ".git/hooks/pre-commit"), 0o755);
  await Deno.remove(join(world.sandbox.home, ".gitconfig"));
  await world.git("config", "user.useConfigOnly", "true");
  await install(world);

  const troubles = troublesOf(await world.dlslurm("-f", "json", "doctor"))
    .filter((trouble) => !isOfThisMachine(trouble));

  assert.equal(troubles.length, 3, troubles.join("\n"));
  assert.match(troubles[0]!, /^problem identity: /);
  assert.match(troubles[1]!, /^note hooks: hooks are run: pre-commit/);
  assert.match(troubles[2]!, /^note job-store: of 1 submission it is not settled/);
});

/** Runs the job at once, as sbatch --wait ends with the status of the job. */
const RUN_AT_ONCE = `case "$*" in *--version) echo "slurm 24.11.5"; exit ;; esac
echo "$*" >"\${0%/*}/../sbatch arguments"
echo 7
exec sh`;

Deno.test("e2e: doctor --submit → what a job sees on its node, and nothing is left behind", async () => {
  await using world = await EngineWorld.create();
  await install(world, { scripts: { sbatch: RUN_AT_ONCE } });
  for (const tool of ["uname", "sh"]) await linkTool(world, tool);

  const outcome = await world.must("-f", "json", "doctor", "--submit", "--", "-p", "short");

  const node = outcome.stdout.split("\n").find((line) => line.includes('"check": "node"'))!;
  assert.match(node, /"finding": "ok".*sees the dataset, writes to it, and starts dlslurm and git/);
  const file = join(world.sandbox.root, "sbatch arguments");
  assert.match(await Deno.readTextFile(file), /^--wait .* -p short$/m);
  assert.deepEqual(
    (await namesIn(join(world.root, ".git"))).filter((name) => /doctor/.test(name)),
    [],
  );
});

Deno.test("e2e: doctor --submit → refused, blind, late: what follows, and the late job is cancelled", async () => {
  const cases = [
    [MISBEHAVIOUR.fail("sbatch: error: invalid account"), /^problem node: sbatch took no job/],
    ["cat >/dev/null; echo 7; exit 2", /^problem node: .*exit status 2, and could not write/],
    ["exec sleep 600", /^note node: .*did not end within 2 s, and was cancelled/],
  ] as const;
  for (const [script, found] of cases) {
    await using world = await EngineWorld.create();
    const sbatch = `case "$*" in *--version) echo "slurm 24.11.5"; exit ;; esac\n${script}`;
    await install(world, { scripts: { sbatch } });
    await wrapProgram(world.sandbox, "scancel", `echo "$*" >"\${0%/*}/../cancelled"`);

    const outcome = await world.dlslurm(
      ...["-c", "dlslurm.slurm.timeout=2", "-f", "json", "doctor", "--submit"],
    );

    const troubles = troublesOf(outcome).filter((trouble) => / node:/.test(trouble));
    assert.equal(troubles.length, 1, saidBy(outcome));
    assert.match(troubles[0]!, found);
    const wasCancelled = (await namesIn(world.sandbox.root)).includes("cancelled");
    assert.equal(wasCancelled, /cancelled/.test(troubles[0]!));
  }
});

Deno.test("e2e: doctor with options for sbatch and nothing to submit → wrong usage", async () => {
  await using world = await EngineWorld.create();
  const outcome = await world.dlslurm("doctor", "--", "-p", "short");

  assert.equal(outcome.code, 2);
  assert.match(outcome.stderr, /hint: dlslurm doctor --submit -- -p short/);
});

testIfAvailable(["root", "mount"], "e2e: doctor where the store is read-only", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("a");
  const argv = [...DLSLURM, "-f", "json", "doctor"] as const;

  const outcome = await runOnReadOnlyDisk(world.sandbox, world.root, [...argv]);

  assert.equal(outcome.code, 1, saidBy(outcome));
  const troubles = troublesOf(outcome).join("\n");
  assert.match(troubles, /^problem file-system: .*Read-only file system/m);
  assert.doesNotMatch(troubles, /problem job-store/);
});

Deno.test("e2e: doctor where the store is damaged", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("a");
  await world.write(".git/dlslurm/jobs.sqlite", "nonsense that is no database\n");
  await install(world);

  const outcome = await world.dlslurm("-f", "json", "doctor");

  assert.match(troublesOf(outcome).at(-1)!, /^problem job-store: .*not a database/);
});
