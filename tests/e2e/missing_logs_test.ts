/** A job's log is committed with it, or it is said that it is not. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { MISBEHAVIOUR, wrapProgram } from "../support/wrapped_programs.ts";
import { World } from "../support/world.ts";

Deno.test("e2e: finish in a dataset that was moved since → the logs are committed, those of tasks, too", async () => {
  await using world = await World.create();
  const { dataset, sandbox, slurm } = world;
  await Deno.mkdir(join(dataset.root, "logs"));
  const plain = await dataset.schedule("-o", "a", "sbatch", "--wrap", "echo 1 >a");
  const array = await dataset.schedule(
    ...["-o", "b", "sbatch", "--array=0-1", "-o", "logs/%A_%a.log", "--wrap", "echo 1 >b"],
  );
  await slurm.waitUntilAccounted(plain, array);
  const root = join(sandbox.root, "moved");
  await Deno.rename(dataset.root, root);

  const finish = await sandbox.dlslurm(["finish"], { cwd: root });

  assert.equal(finish.code, 0, finish.stderr);
  assert.doesNotMatch(finish.stderr, /left out/);
  const tree = await sandbox.require(["git", "ls-files"], { cwd: root });
  for (const log of [`slurm-${plain}.out`, `logs/${array}_0.log`, `logs/${array}_1.log`]) {
    assert.ok(tree.split("\n").includes(log), `${log} in ${tree}`);
  }
});

Deno.test("e2e: schedule of a job whose log folder is not there → a warning at once; finish and list say why it failed", async () => {
  await using world = await World.create();
  const { dataset, slurm } = world;

  const scheduled = await dataset.dlslurm(
    ["schedule", "-o", "out", "sbatch", "-o", "logs/%j.log", "--wrap", "echo 1 >out"],
  );
  const [jobId] = await slurm.submittedJobs();
  await slurm.waitUntilEnded(jobId!);
  const list = await dataset.dlslurm(["list"]);
  const finish = await dataset.dlslurm(["finish"]);
  const records = await dataset.dlslurm(["list", "--json"]);

  const folder = join(dataset.root, "logs");
  assert.equal(scheduled.code, 0, scheduled.stderr);
  assert.match(scheduled.stderr, /warning: the folder "logs" for the logs of job \d+ is not there/);
  assert.ok(scheduled.stderr.includes(`mkdir -p '${folder}'`));
  assert.match(list.stdout, /FAILED .* 0:53 /);
  for (const said of [list.stderr, finish.stderr, JSON.parse(records.stdout).hint]) {
    assert.match(said, /exit code 0:53 of job \d+: Slurm could not open the job's log/);
    assert.match(said, /there is no folder "logs": mkdir -p/);
  }
});

Deno.test("e2e: the command that makes a log's folder makes that folder, whatever its name", async () => {
  await using world = await World.create();
  const { dataset, sandbox } = world;
  const name = 'logs of $(touch evil) `touch evil` "it\'s"';
  const { stderr } = await dataset.dlslurm(
    ["schedule", "-o", "out", "sbatch", "-o", `${name}/%j.log`, "--wrap", "echo 1 >out"],
  );
  const making = /: (mkdir -p .*)$/m.exec(stderr)![1]!;

  await sandbox.require(["sh", "-c", making], { cwd: sandbox.root });

  assert.ok((await Deno.stat(join(dataset.root, name))).isDirectory);
  await assert.rejects(Deno.stat(join(sandbox.root, "evil")), { name: "NotFound" });
});

Deno.test("e2e: schedule with a log folder that is there, or that Slurm makes → no warning", async () => {
  for (const version of ["22.05", "24.11"]) {
    await using world = await World.create();
    const { dataset, sandbox, slurm } = world;
    sandbox.env["DLSLURM_FAKE_SLURM_VERSION"] = version;
    const folder = version === "22.05" ? "there" : "made";
    if (version === "22.05") await Deno.mkdir(join(dataset.root, folder));

    const scheduled = await dataset.dlslurm(
      ["schedule", "-o", "out", "sbatch", "-o", `${folder}/%j.log`, "--wrap", "echo 1 >out"],
    );
    const [jobId] = await slurm.submittedJobs();
    await slurm.waitUntilEnded(jobId!);

    assert.equal(scheduled.code, 0, scheduled.stderr);
    assert.doesNotMatch(scheduled.stderr, /folder/);
    assert.equal((await dataset.dlslurm(["finish"])).code, 0);
    assert.ok((await dataset.tree()).includes(`${folder}/${jobId}.log`));
  }
});

interface Forgotten {
  readonly name: string;
  readonly command: readonly string[];
  readonly script?: string;
  readonly log: (jobId: string) => string;
}

const FORGOTTEN: readonly Forgotten[] = [
  { name: "by default", command: ["job.sh"], log: (jobId) => `slurm-${jobId}.out` },
  {
    name: "as the command says",
    command: ["-ologs/%j", "job.sh"],
    log: (jobId) => `logs/${jobId}`,
  },
  {
    name: "as the script says",
    command: ["job.sh"],
    script: '#SBATCH -e "logs/%x of %j.err" # errors\n#SBATCH --output=logs/%x.out\n',
    log: () => "logs/job.sh.out",
  },
  {
    name: "as the command says whatever the script says",
    command: ["-J", "run", "-o", "logs/%x.%A", "job.sh"],
    script: "#SBATCH -o logs/other\n#SBATCH -J other\n",
    log: (jobId) => `logs/run.${jobId}`,
  },
  {
    name: "in another folder",
    command: ["-D", "logs", "--wrap", "echo 1 >../out"],
    log: (jobId) => `logs/slurm-${jobId}.out`,
  },
];

for (const { name, command, script = "", log } of FORGOTTEN) {
  Deno.test(`e2e: finish of a job that scontrol never told of, with a log ${name} → it is committed`, async () => {
    await using world = await World.create();
    const { dataset, sandbox, slurm } = world;
    await dataset.write("job.sh", `#!/bin/sh\n${script}echo 1 >out\necho done\n`);
    await Deno.mkdir(join(dataset.root, "logs"));
    await wrapProgram(sandbox, "scontrol", MISBEHAVIOUR.fail("Invalid job id specified"));
    const jobId = await dataset.schedule("-o", "out", "sbatch", ...command);
    await slurm.waitUntilEnded(jobId);

    const finish = await dataset.dlslurm(["finish"]);

    assert.equal(finish.code, 0, finish.stderr);
    assert.ok((await dataset.tree()).includes(log(jobId)), (await dataset.tree()).join(" "));
    assert.doesNotMatch(finish.stderr, /left out/);
  });
}

Deno.test("e2e: finish of an array that scontrol never told of → its tasks and their logs are known", async () => {
  await using world = await World.create();
  const { dataset, sandbox, slurm } = world;
  await wrapProgram(sandbox, "scontrol", MISBEHAVIOUR.fail("Invalid job id specified"));
  const jobId = await dataset.schedule(
    "-o",
    "out",
    "sbatch",
    "--array=1-2",
    "--wrap",
    "echo 1 >out",
  );
  await slurm.waitUntilAccounted(jobId);

  const finish = await dataset.dlslurm(["finish"]);

  assert.equal(finish.code, 0, finish.stdout + finish.stderr);
  const tree = await dataset.tree();
  assert.ok([1, 2].every((task) => tree.includes(`slurm-${jobId}_${task}.out`)), tree.join(" "));
});

for (
  const { name, command, script } of [
    { name: "that a wrapper submitted", command: ["./submit.sh", "job.sh"], script: "" },
    {
      name: "with placeholders in its options",
      command: ["sbatch", "-o", "{pwd}/x", "job.sh"],
      script: "",
    },
  ]
) {
  Deno.test(`e2e: finish of a job that scontrol never told of, ${name} → committed, its log is said to be left out`, async () => {
    await using world = await World.create();
    const { dataset, sandbox, slurm } = world;
    await dataset.write("job.sh", `#!/bin/sh\n${script}echo 1 >out\n`);
    await dataset.write("submit.sh", '#!/bin/sh\nsbatch -o elsewhere "$@"\n');
    await Deno.chmod(join(dataset.root, "submit.sh"), 0o755);
    await wrapProgram(sandbox, "scontrol", MISBEHAVIOUR.fail("Invalid job id specified"));
    const jobId = await dataset.schedule("-o", "out", ...command);
    await slurm.waitUntilEnded(jobId);

    const finish = await dataset.dlslurm(["finish"]);

    assert.equal(finish.code, 0, finish.stderr);
    assert.match(
      finish.stderr,
      new RegExp(`warning: the log of job ${jobId} is left out: Slurm has forgotten where`),
    );
  });
}

Deno.test("e2e: finish of a job whose script was changed since → a log without its number is not taken for its own", async () => {
  await using world = await World.create();
  const { dataset, sandbox, slurm } = world;
  await dataset.write("job.sh", "#!/bin/sh\n#SBATCH -o mine.log\necho 1 >out\n");
  await wrapProgram(sandbox, "scontrol", MISBEHAVIOUR.fail("Invalid job id specified"));
  const jobId = await dataset.schedule("-o", "out", "sbatch", "job.sh");
  await slurm.waitUntilEnded(jobId);
  await dataset.write("job.sh", "#!/bin/sh\n#SBATCH -o other.log\necho 1 >out\n");
  await dataset.write("other.log", "of something else\n");

  const finish = await dataset.dlslurm(["finish"]);

  assert.equal(finish.code, 0, finish.stderr);
  assert.match(finish.stderr, /the log of job \d+ is left out/);
  assert.ok(!(await dataset.tree()).includes("other.log"));
});

Deno.test("e2e: finish of a job whose log is gone → committed, that it is gone is said", async () => {
  await using world = await World.createWithCompletedJob();
  const { dataset, jobId } = world;
  await Deno.remove(join(dataset.root, `slurm-${jobId}.out`));

  const finish = await dataset.dlslurm(["finish"]);

  assert.equal(finish.code, 0, finish.stderr);
  assert.match(finish.stderr, new RegExp(`left out: there is nothing at "slurm-${jobId}\\.out"`));
});
